//! How much memory a very long read reserves.

use crate::file::buf::Buf;
use crate::file::stream::SharedStream;
use crate::raw_io::RawIo;

/// Reserves room in `read` for all bytes that the file has behind `pos`, if it says how
/// many. To be used for a large buffer, which would otherwise be moved again and again.
pub(super) fn expect<R: RawIo>(stream: &SharedStream<R>, read: &mut Buf, pos: Option<u64>) {
    let metadata = stream.file().and_then(|file| file.metadata().ok());
    if let (Some(metadata), Some(pos)) = (metadata, pos) {
        read.expect(metadata.len().saturating_sub(pos));
    }
}

/// Returns how much room a read of `asked` bytes needs: as much as the file says it has
/// behind `pos`, and one byte more to see the end, but not more than `asked`. (There may be
/// neither memory for `asked` bytes nor so many bytes.) `None` if the file does not tell
/// its size, or tells a wrong one.
pub(super) fn of_rest<R: RawIo>(
    stream: &SharedStream<R>,
    read: &mut Buf,
    pos: Option<u64>,
    asked: usize,
) -> Option<usize> {
    let size = stream.file()?.metadata().ok()?.len();
    let rest = usize::try_from(size.saturating_sub(pos.unwrap_or(0))).unwrap_or(0);
    let room = Some(rest.saturating_add(1).min(asked)).filter(|_| rest > 0)?;
    // Some file systems tell a size far beyond the end. That does not matter if the room
    // can be reserved, as pages that are never filled cost no memory.
    let last = || stream.with(|raw| raw.read_at(&mut [0], size - 1));
    let lies = read.try_space(room).is_err() && last().is_ok_and(|n| n == 0);
    Some(room).filter(|_| !lies)
}
