//! Text costs what its characters cost, whatever is asked of it.

// Those that tell the processor time of a thread.
#![cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_vendor = "apple"
))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use futures::executor::block_on;

/// The processor time of this thread that `f` takes, the least of three.
fn cpu(mut f: impl FnMut()) -> std::time::Duration {
    let now = || {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        std::time::Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
    };
    let mut once = || {
        let before = now();
        f();
        now() - before
    };
    (0..3).map(|_| once()).min().unwrap()
}

/// A call that is made of a text of these bytes, and its name.
type Call = (&'static str, fn(&[u8]));

#[test]
fn a_text_is_looked_through_once_however_little_is_asked_of_a_long_line() {
    let calls: [Call; 3] = [
        ("readlines().hint(1)", |bytes| {
            let mut reader = block_on(aiofiles::text::reader(bytes)).unwrap();
            block_on(reader.readlines().hint(1)).unwrap();
        }),
        ("readline().size(huge)", |bytes| {
            let mut reader = block_on(aiofiles::text::reader(bytes)).unwrap();
            block_on(reader.readline().size(usize::MAX)).unwrap();
        }),
        ("read().size(all)", |bytes| {
            let mut reader = block_on(aiofiles::text::reader(bytes)).unwrap();
            block_on(reader.read().size(bytes.len())).unwrap();
        }),
    ];
    let long = vec![b'x'; 4 << 20];
    for (name, call) in calls {
        let short = cpu(|| call(&long[..1 << 20]));
        let long = cpu(|| call(&long));
        // Four times as much; by the square it would be sixteen times.
        assert!(long < 9 * short, "{name}: {short:?}, then {long:?}");
    }
}
