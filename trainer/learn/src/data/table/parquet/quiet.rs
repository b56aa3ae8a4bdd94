//! The Parquet reader panics at some damaged files: that is an error of the file, not of the program.

use std::{
    cell::Cell,
    panic::{self, AssertUnwindSafe},
    sync::Once,
};

thread_local! {
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `read`; none when it panics, of which nothing is printed. Panics elsewhere are reported as ever.
pub(super) fn catch<T>(read: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IS_QUIET.get() {
                report(info);
            }
        }));
    });
    let before = IS_QUIET.replace(true);
    // What `read` borrows is thrown away with its error.
    let result = panic::catch_unwind(AssertUnwindSafe(read));
    IS_QUIET.set(before);
    result.ok()
}
