//! What an opener learns.

#![cfg(unix)] // The flags of open(2).
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use aiofiles::open;
use common::{Dir, run};

#[test]
fn opener_learns_what_the_mode_asks_for() {
    use rustix::fs::OFlags;
    let dir = Dir::new();
    let bits = |flags: OFlags| flags.bits() as i32;
    // CPython's `flags` of an opener, less O_CLOEXEC.
    let cases = [
        ("r", OFlags::RDONLY),
        ("r+", OFlags::RDWR),
        ("w", OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC),
        ("w+", OFlags::RDWR | OFlags::CREATE | OFlags::TRUNC),
        ("x", OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL),
        ("x+", OFlags::RDWR | OFlags::CREATE | OFlags::EXCL),
        ("a", OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND),
        ("a+", OFlags::RDWR | OFlags::CREATE | OFlags::APPEND),
    ];
    for (mode, flags) in cases {
        let path = dir.join(mode);
        if mode.starts_with('r') {
            std::fs::write(&path, "").unwrap();
        }
        let (tell, told) = std::sync::mpsc::channel();
        let opened = open(&path).mode(mode).opener_with(move |path, asked| {
            tell.send(asked.clone()).unwrap();
            asked.options().open(path)
        });
        run(opened).unwrap();
        let asked = told.recv().unwrap();
        assert_eq!(asked.flags(), bits(flags | OFlags::CLOEXEC), "{mode}");
        let of = |flag| flags.contains(flag);
        assert_eq!(asked.append(), of(OFlags::APPEND), "{mode}");
        assert_eq!(asked.truncate(), of(OFlags::TRUNC), "{mode}");
        assert_eq!(asked.create(), of(OFlags::CREATE), "{mode}");
        assert_eq!(asked.create_new(), of(OFlags::EXCL), "{mode}");
        assert_eq!(asked.read(), !of(OFlags::WRONLY), "{mode}");
        assert_eq!(asked.write(), mode != "r", "{mode}");
    }
    let (tell, told) = std::sync::mpsc::channel();
    let opened = open(dir.join("r+")).mode("r+").create(true);
    let opened = opened
        .custom_flags(bits(OFlags::SYNC))
        .opener_with(move |path, asked| {
            tell.send(asked.flags()).unwrap();
            asked.options().open(path)
        });
    run(opened).unwrap();
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::SYNC | OFlags::CLOEXEC;
    assert_eq!(told.recv().unwrap(), bits(flags));
}
