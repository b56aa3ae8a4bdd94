//! libFuzzer's main loop around [`fedchain_fuzz::receipts`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fedchain_fuzz::receipts(data));
