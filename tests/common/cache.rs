//! Whether the page cache can be asked at all.

use std::path::Path;

/// Whether it can be asked for what is in the file at `path`, which is not empty;
/// says so if not.
#[cfg(target_os = "linux")]
pub(crate) fn cache_answers(path: &Path) -> bool {
    let file = std::fs::File::open(path).unwrap();
    let mut buf = [0; 16];
    let mut bufs = [std::io::IoSliceMut::new(&mut buf)];
    let flags = rustix::io::ReadWriteFlags::NOWAIT;
    let answer = rustix::io::preadv2(&file, &mut bufs, 0, flags);
    if let Err(error) = answer {
        eprintln!("skipped: no page-cache reads here: {error}");
    }
    answer.is_ok()
}

/// Not on this platform.
#[cfg(not(target_os = "linux"))]
pub(crate) fn cache_answers(_: &Path) -> bool {
    eprintln!("skipped: no page-cache reads here");
    false
}
