//! Copying one file.

use std::fmt;
use std::fs::{File, FileTimes, Metadata};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use super::keywords::keywords;
use crate::call::{Call, Request};
use crate::delegate::Caller;
use crate::sys::{self, Copier, Dir, FileId};

/// The bytes that are copied between two checks whether the call was dropped: some
/// milliseconds of work.
const CHUNK: u64 = 4 * 1024 * 1024;

/// The caller's function for progress: bytes done, and bytes in all.
type OnProgress = Box<dyn FnMut(u64, u64) + Send>;

/// The pending call of [`copyfile`].
///
/// Keywords: `permissions` (`true`), `times` (`false`), `follow_symlinks`
/// (`true`), `on_progress` (none), `executor` (the default one).
pub type Copyfile = Call<u64, CopyfileKeywords>;

/// The keywords of [`Copyfile`].
pub struct CopyfileKeywords {
    follow_symlinks: bool,
    keep: Keep,
    on_progress: Option<OnProgress>,
    caller: Caller,
}

/// What a copy keeps besides the content.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keep {
    pub(super) permissions: bool,
    pub(super) times: bool,
}

impl Copyfile {
    /// Calls `tell(done, total)`, in bytes, on the executor's thread: after each piece
    /// of 4 MiB or less, and at the end. `total` is the size of the source when it was
    /// opened, or `done` if that is more (none by default).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    ///
    /// static DONE: AtomicU64 = AtomicU64::new(0);
    /// std::fs::write(&path, [7; 1000]).unwrap();
    /// let copy = aiofiles::os::copyfile(&path, dir.path().join("copy"));
    /// copy.on_progress(|done, total| DONE.store(100 * done / total, Relaxed)).await?;
    /// assert_eq!(DONE.load(Relaxed), 100);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn on_progress(self, tell: impl FnMut(u64, u64) + Send + 'static) -> Self {
        self.set(|keywords| keywords.on_progress = Some(Box::new(tell)))
    }

    keywords! { follow_symlinks = "true", permissions, times = "false" }
}

impl fmt::Debug for CopyfileKeywords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopyfileKeywords")
            .field("follow_symlinks", &self.follow_symlinks)
            .field("keep", &self.keep)
            .finish_non_exhaustive()
    }
}

/// Copies the content of the file `src` to `dst`, replaces what is in `dst`, and
/// returns the number of bytes.
///
/// The kernel copies where it can (`copy_file_range`, which shares the blocks on file
/// systems that are able to; `sendfile`); otherwise the bytes go through a buffer.
/// On Linux, holes stay holes. Also at the crate root, as `copy`. Keywords:
/// `permissions` (`true`: as [`std::fs::copy`], unlike Python's `shutil.copyfile`),
/// `times` (`false`), `follow_symlinks` (`true`; with `false` a link is copied as a
/// link), `on_progress` (none).
///
/// # Cancel safety
///
/// Dropped before its job begins, it does nothing; dropped later, the copy stops after
/// the current piece, as if it had failed.
///
/// # Errors
///
/// `NotFound`; `IsADirectory`; `InvalidInput` if both paths are the same file (by
/// links too) or one is a FIFO or a socket; the errors of reading and writing. The
/// error names both paths. If the copy made `dst`, `dst` is removed again; if `dst`
/// existed before, its old content may be lost.
///
/// # Examples
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::write(root.join("a"), "12345").await?;
/// let bytes = aiofiles::os::copyfile(root.join("a"), root.join("b"))
///     .permissions(false)
///     .on_progress(|done, total| println!("{done} of {total} bytes"))
///     .await?;
/// assert_eq!(bytes, 5);
/// assert_eq!(aiofiles::read(root.join("b")).await?, b"12345");
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "copy")]
pub fn copyfile(src: impl AsRef<Path>, dst: impl AsRef<Path>) -> Copyfile {
    Call::watched(|caller| {
        let keywords = CopyfileKeywords {
            follow_symlinks: true,
            keep: Keep {
                permissions: true,
                times: false,
            },
            on_progress: None,
            caller,
        };
        Request::two("copyfile", src, dst, keywords, |src, dst, mut keywords| {
            let mut on_progress = keywords.on_progress.take();
            let caller = keywords.caller;
            let mut progress = |done, total| {
                if let Some(tell) = &mut on_progress {
                    tell(done, total);
                }
                go_on(&caller)
            };
            copy_file(
                src,
                dst,
                keywords.follow_symlinks,
                keywords.keep,
                &mut progress,
            )
        })
    })
}

/// Fails, and so stops the job, once its call was dropped.
pub(super) fn go_on(caller: &Caller) -> io::Result<()> {
    if caller.is_gone() {
        // Nobody sees this error: it only ends the job.
        return Err(io::Error::other("the call was dropped"));
    }
    Ok(())
}

/// Is called with the bytes done and the bytes in all; its error stops the copy.
pub(super) type Progress<'a> = &'a mut dyn FnMut(u64, u64) -> io::Result<()>;

pub(super) fn copy_file(
    src: &Path,
    dst: &Path,
    follow: bool,
    keep: Keep,
    progress: Progress<'_>,
) -> io::Result<u64> {
    let here = Dir::default();
    if !follow && sys::stat(&here, src, false)?.is_symlink() {
        copy_link(src, dst, keep.times)?;
        return Ok(0);
    }
    // Check the kind before the open: opening a FIFO would release whoever waits at
    // its other end.
    check_kind(&sys::stat(&here, src, true)?)?;
    check_destination(dst)?;
    let input = sys::retry(|| sys::open_source(src))?;
    let metadata = sys::retry(|| input.metadata())?;
    check_kind(&metadata)?;
    let mode = if keep.permissions {
        sys::mode(&metadata)
    } else {
        sys::DEFAULT_MODE
    };
    // `& 0o777`: the destination gets set-user-ID and the like only after the content.
    let (output, made) = open_destination(dst, mode & 0o777)?;
    // The caller's progress function may panic. Half a copy must not stay then either,
    // so the panic is caught here and goes on below, after the removal.
    let copied = catch_unwind(AssertUnwindSafe(|| {
        fill(
            &input,
            &metadata,
            &output,
            (src, dst),
            made.is_some(),
            keep,
            progress,
        )
    }));
    // Close before the removal: not every system removes an open file.
    let closed = sys::close(output);
    let copied = copied.map(|copied| copied.and_then(|copied| closed.map(|()| copied)));
    if let Some(made) = made.filter(|_| !matches!(copied, Ok(Ok(_)))) {
        // The error to report is that of the copy, not that of this removal.
        drop(sys::retry(|| std::fs::remove_file(&made)));
    }
    copied.unwrap_or_else(|panic| resume_unwind(panic))
}

/// How many links are followed to a destination that does not exist; as many as Linux
/// follows.
const LINKS: usize = 40;

/// Opens the destination, or makes it if it is missing. The path is given only for a
/// file that was made; where `dst` is a link to nothing, it is the path of the target.
fn open_destination(dst: &Path, mode: u32) -> io::Result<(File, Option<PathBuf>)> {
    let mut path = dst.to_path_buf();
    for _ in 0..LINKS {
        match sys::retry(|| sys::create_destination(&path, mode)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|file| (file, Some(path))),
        }
        match sys::retry(|| sys::open_destination(dst)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            opened => return opened.map(|file| (file, None)),
        }
        // The path exists but opens to nothing: it is a link that leads to nothing, or
        // it was removed between the two calls.
        if let Ok(target) = sys::readlink(&Dir::default(), &path) {
            path = path.parent().unwrap_or(Path::new("")).join(target);
        }
    }
    Err(sys::link_loop())
}

/// Makes `dst` a link with the same target as the link `src`; with `times`, it gets
/// the times of `src` too.
pub(super) fn copy_link(src: &Path, dst: &Path, times: bool) -> io::Result<()> {
    let here = Dir::default();
    let link = sys::stat(&here, src, false)?;
    let target = sys::readlink(&here, src)?;
    sys::symlink(&target, &here, dst, sys::links_to_folder(&link))?;
    if !times {
        return Ok(());
    }
    let times = (link.accessed()?, link.modified()?);
    match sys::utime(&here, dst, Some(times), false) {
        // As in Python: not every system can set the times of a link.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        done => done,
    }
}

/// Refuses a destination that cannot take content, without opening it.
fn check_destination(dst: &Path) -> io::Result<()> {
    match sys::stat(&Dir::default(), dst, true) {
        Ok(metadata) => check_kind(&metadata),
        // The name asks for a folder, as it ends with a separator: a failed look at it
        // is the error; opening it would report that it is a folder.
        Err(error) if sys::names_folder(dst) => Err(error),
        // The open makes the file, or fails with a better error.
        Err(_) => Ok(()),
    }
}

/// Refuses what has no content to copy.
fn check_kind(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if sys::is_stream(metadata) {
        let error = "a FIFO or a socket cannot be copied";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, error));
    }
    Ok(())
}

/// Fills an open destination.
fn fill(
    input: &File,
    metadata: &Metadata,
    output: &File,
    (src, dst): (&Path, &Path),
    is_new: bool,
    keep: Keep,
    progress: Progress<'_>,
) -> io::Result<u64> {
    let old = sys::retry(|| output.metadata())?;
    check_kind(&old)?;
    if !is_new && FileId::of_open(input, src)? == FileId::of_open(output, dst)? {
        let error = "source and destination are the same file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, error));
    }
    let mode = sys::mode(metadata);
    // Set the permissions before the old content goes: only the owner may set them, while
    // others may write. A call that fails here has lost nothing.
    if keep.permissions && old.is_file() && sys::mode(&old) != mode & 0o777 {
        sys::set_mode(output, mode & 0o777)?;
    }
    if !is_new && old.is_file() {
        sys::retry(|| output.set_len(0))?;
    }
    let copied = copy_content(input, metadata.len(), output, old.is_file(), progress)?;
    if keep.permissions && old.is_file() && mode & !0o777 != 0 {
        sys::set_mode(output, mode)?;
    }
    if keep.times {
        let times = FileTimes::new()
            .set_accessed(metadata.accessed()?)
            .set_modified(metadata.modified()?);
        sys::retry(|| output.set_times(times))?;
    }
    Ok(copied)
}

/// Copies up to the end of the input, which may have moved: `size` is the size that the
/// input had when it was opened.
fn copy_content(
    input: &File,
    size: u64,
    output: &File,
    into_file: bool,
    progress: Progress<'_>,
) -> io::Result<u64> {
    if !into_file {
        // A device has no positions to write at: it takes bytes in order.
        let (mut from, mut to) = (input, output);
        let copied = io::copy(&mut from, &mut to)?;
        progress(copied, copied.max(size))?;
        return Ok(copied);
    }
    let mut copier = Copier::default();
    let mut done = 0;
    while done < size {
        let Some((start, end)) = sys::next_data(input, done, size)? else {
            // The rest of the input is a hole.
            sys::retry(|| output.set_len(size))?;
            done = size;
            progress(done, size)?;
            break;
        };
        done = start;
        while done < end {
            let len = CHUNK.min(end - done);
            let n = copy_piece(&mut copier, input, output, done, len)?;
            if n == 0 {
                // The input was truncated during the copy.
                progress(done, done)?;
                return Ok(done);
            }
            done += n;
            progress(done, size.max(done))?;
        }
    }
    // Copy what was appended during the copy. For a file that reports the size 0 while it
    // has content (as in /proc) this loop copies everything.
    loop {
        match copy_piece(&mut copier, input, output, done, CHUNK)? {
            0 => break,
            n => done += n,
        }
        progress(done, size.max(done))?;
    }
    if size == 0 && done == 0 {
        progress(0, 0)?;
    }
    Ok(done)
}

/// Copies `len` bytes at `offset`, fewer only at the end of the input.
fn copy_piece(
    copier: &mut Copier,
    input: &File,
    output: &File,
    offset: u64,
    len: u64,
) -> io::Result<u64> {
    let mut done = 0;
    while done < len {
        let rest = usize::try_from(len - done).expect("a piece of a chunk");
        match copier.copy(input, output, offset + done, rest)? {
            0 => break,
            n => done += n as u64,
        }
    }
    Ok(done)
}
