//! How much a read of very much makes room for.

use crate::file::buf::Buf;
use crate::file::held::Held;
use crate::raw_io::RawIo;

/// Has room in `read`, which is long and about to be moved, for all that the file has behind
/// `pos`. Returns the size of the file.
pub(super) fn expect<R: RawIo>(held: &Held<R>, read: &mut Buf, pos: Option<u64>) -> Option<u64> {
    let size = held.file()?.metadata().ok()?.len();
    read.expect(size.saturating_sub(pos?));
    Some(size)
}

/// As much as the file says it has behind `pos`, and a byte more to see the end, but no
/// more than was asked for: memory for that may not be there, nor the bytes. `None`
/// where it does not say, or what it says is not so.
pub(super) fn of_rest<R: RawIo>(
    held: &Held<R>,
    read: &mut Buf,
    pos: Option<u64>,
    asked: usize,
) -> Option<usize> {
    let size = held.file()?.metadata().ok()?.len();
    let rest = usize::try_from(size.saturating_sub(pos.unwrap_or(0))).unwrap_or(0);
    let room = Some(rest.saturating_add(1).min(asked)).filter(|_| rest > 0)?;
    // Some file systems tell a size far beyond the end. Where the memory is there, it does
    // not matter: what is not filled takes none.
    let last = || held.with(|raw| raw.read_at(&mut [0], size - 1));
    let lies = read.try_space(room).is_err() && last().is_ok_and(|n| n == 0);
    Some(room).filter(|_| !lies)
}
