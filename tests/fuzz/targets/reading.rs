#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aiofiles_fuzz::reading(data));
