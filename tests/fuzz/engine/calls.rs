//! libFuzzer's main loop around [`fedchain_fuzz::calls`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fedchain_fuzz::calls(data);
});
