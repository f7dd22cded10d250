//! Copying from one descriptor to another in the kernel.
#![cfg(unix)]

use std::os::fd::AsFd;

use crate::call::{Call, none};
use crate::sys;

/// The pending call of [`sendfile`].
///
/// Keyword: `executor` (the default one).
pub type Sendfile = Call<usize>;

/// Copies up to `count` bytes from `input` to `output` in the kernel, and
/// returns how many bytes that were: fewer than `count` at the end of `input` or if
/// `output` takes no more, 0 past the end.
///
/// With an `offset`, in bytes, it reads from there and does not move the position of
/// `input`; with `None` it reads at the position and moves it. Both descriptors are
/// duplicated before this function returns, so the call borrows nothing. Linux only;
/// `Unsupported` on other Unixes.
///
/// # Cancel safety
///
/// Dropped before its job begins, it does nothing; dropped later, the bytes are still
/// sent, and their number is lost.
///
/// # Errors
///
/// `InvalidInput` if `output` is in append mode or `input` is a pipe; otherwise those of
/// sendfile(2).
///
/// # Examples
///
/// ```
/// # if cfg!(target_os = "linux") {
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// std::fs::write(root.join("in"), "0123456789")?;
/// let input = std::fs::File::open(root.join("in"))?;
/// let output = std::fs::File::create(root.join("out"))?;
/// assert_eq!(aiofiles::os::sendfile(&output, &input, Some(6), 100).await?, 4);
/// assert_eq!(std::fs::read(root.join("out"))?, b"6789");
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap(); }
/// ```
pub fn sendfile(
    output: impl AsFd,
    input: impl AsFd,
    offset: Option<u64>,
    count: usize,
) -> Sendfile {
    let (output, input) = (sys::Handle::new(output), sys::Handle::new(input));
    none("sendfile", (), move |()| {
        sys::sendfile(output.get()?, input.get()?, offset, count)
    })
}
