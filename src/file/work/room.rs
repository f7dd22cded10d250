//! How much a read of very much makes room for.

use crate::file::buf::Buf;
use crate::file::stream::SharedStream;
use crate::raw_io::RawIo;

/// Reserves room in `read` for all bytes that the file has behind `pos`, if it says how many.
/// For a large buffer that would have to be moved otherwise.
pub(super) fn expect<R: RawIo>(stream: &SharedStream<R>, read: &mut Buf, pos: Option<u64>) {
    let metadata = stream.file().and_then(|file| file.metadata().ok());
    if let (Some(metadata), Some(pos)) = (metadata, pos) {
        read.expect(metadata.len().saturating_sub(pos));
    }
}

/// As much as the file says it has behind `pos`, and a byte more to see the end, but no
/// more than was asked for: memory for that may not be there, nor the bytes. `None`
/// where it does not say, or what it says is not so.
pub(super) fn of_rest<R: RawIo>(
    stream: &SharedStream<R>,
    read: &mut Buf,
    pos: Option<u64>,
    asked: usize,
) -> Option<usize> {
    let size = stream.file()?.metadata().ok()?.len();
    let rest = usize::try_from(size.saturating_sub(pos.unwrap_or(0))).unwrap_or(0);
    let room = Some(rest.saturating_add(1).min(asked)).filter(|_| rest > 0)?;
    // Some file systems tell a size far beyond the end. Where the memory is there, it does
    // not matter: what is not filled takes none.
    let last = || stream.with(|raw| raw.read_at(&mut [0], size - 1));
    let lies = read.try_space(room).is_err() && last().is_ok_and(|n| n == 0);
    Some(room).filter(|_| !lies)
}
