//! Whose turn it is: requests that make the runtime work take turns, and leave a core to the rest of the
//! node.

use parking_lot::{Condvar, Mutex};
use std::{num::NonZeroUsize, sync::Arc, thread::available_parallelism};

/// Requests that wait for their turn, at most.
const WAITING_MAX: usize = 128;

/// Turns of a few requests at once.
#[derive(Clone, Default)]
pub struct Turns(Arc<Shared>);

#[derive(Default)]
struct Shared {
    counts: Mutex<Counts>,
    done: Condvar,
}

#[derive(Default)]
struct Counts {
    working: usize,
    waiting: usize,
}

impl Turns {
    /// Works when it is its turn, on a thread that may wait; none when too many wait already.
    pub fn take<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        let at_once = cores.saturating_sub(1).max(1);
        let Shared { counts, done } = &*self.0;
        let mut now = counts.lock();
        if now.working >= at_once {
            if now.waiting >= WAITING_MAX {
                return None;
            }
            now.waiting = now.waiting.saturating_add(1);
            done.wait_while(&mut now, |now| now.working >= at_once);
            now.waiting = now.waiting.saturating_sub(1);
        }
        now.working = now.working.saturating_add(1);
        drop(now);
        let _turn = Turn(&self.0);
        Some(work())
    }
}

/// A turn: it ends as it drops, also in a panic.
struct Turn<'a>(&'a Shared);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut now = self.0.counts.lock();
        now.working = now.working.saturating_sub(1);
        drop(now);
        self.0.done.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::{
            Barrier,
            atomic::{AtomicUsize, Ordering},
        },
        thread,
        time::Duration,
    };

    #[test]
    fn requests_take_turns_and_those_beyond_the_queue_are_refused() {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        let at_once = cores.saturating_sub(1).max(1);
        let (turns, barrier) = (Turns::default(), Barrier::new(2 * WAITING_MAX));
        let (working, most, refused) = <(AtomicUsize, AtomicUsize, AtomicUsize)>::default();
        thread::scope(|scope| {
            for _ in 0..2 * WAITING_MAX {
                scope.spawn(|| {
                    barrier.wait();
                    let done = turns.take(|| {
                        let now = working.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(now, Ordering::SeqCst);
                        thread::sleep(Duration::from_millis(5));
                        working.fetch_sub(1, Ordering::SeqCst);
                    });
                    if done.is_none() {
                        refused.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(most.into_inner() <= at_once);
        assert!(refused.into_inner() > 0);
        assert_eq!(turns.take(|| 7), Some(7));
    }

    #[test]
    fn a_turn_ends_in_a_panic() {
        let turns = Turns::default();
        for _ in 0..20 {
            let turns = turns.clone();
            let panicked = thread::spawn(move || turns.take(|| panic!("on purpose"))).join();
            assert!(panicked.is_err());
        }
        assert_eq!(turns.take(|| 7), Some(7));
    }
}
