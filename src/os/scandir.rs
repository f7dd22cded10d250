//! The entries of a folder, fetched in batches: one hop for each.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::{self, FileType, Metadata};
use std::future::{Future, poll_fn};
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::Stat;
use crate::budget;
use crate::call::{Call, Request, one};
use crate::error::{Error, Result};
use crate::executor::Chosen;
use crate::sys::{self, Listing};

/// Entries per hop. Reading so many takes a fraction of a millisecond, and a hop about
/// a tenth of that time; they take some 100 KiB of memory.
const BATCH: usize = 1024;

/// The folder that entries were found in, shared by all of them.
pub(super) struct Parent {
    pub(super) path: Arc<Path>,
    /// The executor of the scan or walk, on which `stat` of its entries runs.
    pub(super) executor: Chosen,
}

/// What a listing tells about an entry.
#[derive(Clone)]
pub(super) struct Found {
    name: OsString,
    /// The type of the entry itself; `None` if the entry vanished before its type was
    /// known.
    kind: Option<FileType>,
    /// For a link: the type of its target, if the target exists.
    target: Option<FileType>,
    #[cfg_attr(not(unix), expect(dead_code, reason = "only Unix lists it"))]
    inode: u64,
    /// Fetched only with `with_stat`.
    metadata: Option<Box<Metadata>>,
}

impl Found {
    pub(super) fn new(name: OsString, entry: &fs::DirEntry, with_stat: bool) -> Self {
        let metadata = with_stat
            .then(|| sys::retry(|| entry.metadata()).ok())
            .flatten();
        let kind = match &metadata {
            Some(metadata) => Some(metadata.file_type()),
            None => sys::retry(|| entry.file_type()).ok(),
        };
        // For a link alone the listing does not answer `is_dir`: look at its target.
        let target = kind
            .filter(FileType::is_symlink)
            .and_then(|_| sys::retry(|| fs::metadata(entry.path())).ok())
            .map(|metadata| metadata.file_type());
        Self {
            name,
            kind,
            target,
            inode: sys::inode(entry),
            metadata: metadata.map(Box::new),
        }
    }
}

/// Refuses the path of an entry that stands for another one: see [`sys::is_literal`].
pub(super) fn check_literal(path: &Path) -> io::Result<()> {
    if sys::is_literal(path) {
        return Ok(());
    }
    let error = "the system would take the name for another one, without the dots or spaces \
                 at its end";
    Err(io::Error::new(io::ErrorKind::InvalidInput, error))
}

/// An entry of a folder, from [`scandir`] or [`walk`](crate::os::walk).
///
/// All methods but [`stat`](Self::stat) answer from memory, with what was true when the
/// folder was read.
#[derive(Clone)]
pub struct DirEntry {
    parent: Arc<Parent>,
    found: Found,
}

impl DirEntry {
    pub(super) fn new(parent: &Arc<Parent>, found: Found) -> Self {
        Self {
            parent: parent.clone(),
            found,
        }
    }

    /// Returns the name, without the folder.
    #[must_use]
    pub fn name(&self) -> &OsStr {
        &self.found.name
    }

    /// Returns the name, as [`std::fs::DirEntry::file_name`].
    #[must_use]
    pub fn file_name(&self) -> OsString {
        self.found.name.clone()
    }

    /// Returns the path: the one given to `scandir`, joined with the name.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.parent.path.join(&self.found.name)
    }

    /// Returns the number of the inode. Unix only.
    #[cfg(unix)]
    #[must_use]
    pub fn inode(&self) -> u64 {
        self.found.inode
    }

    /// Says whether it is a folder or a link to one. Python's
    /// `is_dir(follow_symlinks=False)` is `file_type().is_some_and(|t| t.is_dir())`.
    #[must_use]
    pub fn is_dir(&self) -> bool {
        self.resolved().is_some_and(|kind| kind.is_dir())
    }

    /// Says whether it is a regular file or a link to one.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.resolved().is_some_and(|kind| kind.is_file())
    }

    /// Says whether it is a symbolic link, even one that points to nothing.
    #[must_use]
    pub fn is_symlink(&self) -> bool {
        self.found.kind.is_some_and(|kind| kind.is_symlink())
    }

    /// Returns the type of the entry itself: links are not followed. `None` only for an
    /// entry that vanished, on a file system whose listings have no types.
    #[must_use]
    pub fn file_type(&self) -> Option<FileType> {
        self.found.kind
    }

    /// Returns what `.with_stat(true)` fetched: the metadata of the entry itself, links
    /// not followed. `None` without `with_stat`, and where the system refused (the entry
    /// vanished, the folder may not be searched): [`stat`](Self::stat) tells the error.
    #[must_use]
    pub fn metadata(&self) -> Option<&Metadata> {
        self.found.metadata.as_deref()
    }

    /// Returns the metadata as it is now, in a hop on the executor of the scan.
    ///
    /// The entry does not keep the answer, unlike Python's. Keywords: `follow_symlinks`
    /// (`true`). For the metadata of all entries, `.with_stat(true)` needs no extra hop.
    ///
    /// # Cancel safety
    ///
    /// Dropping it changes nothing.
    ///
    /// # Errors
    ///
    /// As [`os::stat`](crate::os::stat).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, "text").unwrap();
    /// let mut entries = aiofiles::os::scandir(dir.path()).await?;
    /// let entry = entries.next_entry().await?.unwrap();
    /// assert_eq!(entry.stat().await?.len(), 4);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn stat(&self) -> Stat {
        super::stat(self.path()).on(Some(self.parent.executor.clone()))
    }

    fn resolved(&self) -> Option<FileType> {
        if self.is_symlink() {
            self.found.target
        } else {
            self.found.kind
        }
    }
}

impl fmt::Debug for DirEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DirEntry").field(&self.found.name).finish()
    }
}

/// The result of one hop.
struct Batch {
    found: Vec<Found>,
    /// The error that ended the listing, after `found`.
    error: Option<io::Error>,
    /// The open folder, unless its end was reached.
    rest: Option<Listing>,
}

fn read_batch(mut rest: Listing, with_stat: bool) -> Batch {
    let mut batch = Batch {
        found: Vec::new(),
        error: None,
        rest: None,
    };
    while batch.found.len() < BATCH {
        match rest.next() {
            None => return batch,
            Some(Ok((name, entry))) => batch.found.push(Found::new(name, &entry, with_stat)),
            Some(Err(error)) => {
                batch.error = Some(error);
                return batch;
            }
        }
    }
    batch.rest = Some(rest);
    batch
}

/// The pending call of [`scandir`].
///
/// Keywords: `with_stat` (`false`), `executor` (the default one). The stream keeps the
/// executor: it reads on there, and `stat` of its entries runs there.
pub type Scanning = Call<ScanDir, ScandirKeywords>;

/// The keywords of [`Scanning`].
#[derive(Debug, Default)]
pub struct ScandirKeywords {
    with_stat: bool,
    /// Where the call runs; `None` until the call has chosen, at its first poll.
    executor: Option<Chosen>,
}

impl Scanning {
    /// Fetches the metadata of every entry in the hop that finds it (`false`), for
    /// [`DirEntry::metadata`]. For a link it is the metadata of the link itself. An
    /// entry whose metadata the system refuses is still listed, without metadata.
    pub fn with_stat(self, yes: bool) -> Self {
        self.set(|keywords| keywords.with_stat = yes)
    }
}

/// The entries of a folder: a [`Stream`] of `Result<DirEntry>`, in no particular order.
///
/// It makes the next hop when the entries of the last one are used up. An error comes
/// once; after it, and after the end, the stream gives `None` for ever. Dropping the
/// stream closes the folder.
#[must_use = "a stream does nothing unless it is read"]
pub struct ScanDir {
    parent: Arc<Parent>,
    with_stat: bool,
    /// The entries of the last batch that were not delivered yet.
    found: std::vec::IntoIter<Found>,
    /// The error to deliver after them.
    error: Option<Error>,
    state: State,
}

enum State {
    /// There may be more to read.
    Open(Listing),
    /// A job has the folder and reads the next batch.
    Reading(Call<Batch>),
    /// The end was reached, an error came, or the caller closed the folder.
    Closed,
}

impl ScanDir {
    /// Returns the next entry; `None` at the end. The same as the stream's
    /// `next`, for those without `StreamExt`.
    ///
    /// # Cancel safety
    ///
    /// Dropping it loses no entry.
    ///
    /// # Errors
    ///
    /// Those of reading the folder; after one, the next call gives `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, "text").unwrap();
    /// let mut entries = aiofiles::os::scandir(dir.path()).with_stat(true).await?;
    /// let mut bytes = 0;
    /// while let Some(entry) = entries.next_entry().await? {
    ///     bytes += entry.metadata().map_or(0, |metadata| metadata.len());
    /// }
    /// assert_eq!(bytes, 4);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub async fn next_entry(&mut self) -> Result<Option<DirEntry>> {
        poll_fn(|cx| self.poll_entry(cx)).await.transpose()
    }

    /// Closes the folder before its end; afterwards there are no more entries. It never
    /// blocks.
    pub fn close(&mut self) {
        self.found = Vec::new().into_iter();
        self.error = None;
        self.state = State::Closed;
    }

    fn take(&mut self, batch: Batch) {
        self.found = batch.found.into_iter();
        self.error = batch
            .error
            .map(|error| Error::os("scandir", Some(&self.parent.path), error));
        self.state = batch.rest.map_or(State::Closed, State::Open);
    }

    fn poll_entry(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<DirEntry>>> {
        ready!(budget::poll_turn(cx));
        loop {
            if let Some(found) = self.found.next() {
                return Poll::Ready(Some(Ok(DirEntry::new(&self.parent, found))));
            }
            if let Some(error) = self.error.take() {
                return Poll::Ready(Some(Err(error)));
            }
            match std::mem::replace(&mut self.state, State::Closed) {
                State::Closed => return Poll::Ready(None),
                State::Open(rest) => {
                    let with_stat = self.with_stat;
                    let call = one("scandir", &*self.parent.path, (), move |_, ()| {
                        Ok(read_batch(rest, with_stat))
                    });
                    self.state = State::Reading(call.on(Some(self.parent.executor.clone())));
                }
                State::Reading(mut call) => match Pin::new(&mut call).poll(cx) {
                    Poll::Ready(Ok(batch)) => self.take(batch),
                    Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error))),
                    Poll::Pending => {
                        self.state = State::Reading(call);
                        return Poll::Pending;
                    }
                },
            }
        }
    }
}

impl Stream for ScanDir {
    type Item = Result<DirEntry>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_entry(cx)
    }
}

impl fmt::Debug for ScanDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ScanDir").field(&self.parent.path).finish()
    }
}

/// Opens a folder and gives its entries as a [`Stream`]; one hop fetches 1024 of them.
///
/// The first hop opens the folder and fetches the first entries. The type of each entry,
/// for a link also that of its target, is fetched in the same hop. Python's `scandir`
/// blocks its event loop while it fetches the entries. Keywords: `with_stat` (`false`).
///
/// # Cancel safety
///
/// Dropping it closes the folder.
///
/// # Errors
///
/// `NotFound`; `NotADirectory`; `PermissionDenied`. An error in the middle of
/// the folder comes from the stream, once, and ends it. One of them is `Interrupted`: a
/// signal ended a listing, and the folder was changed so that nobody can tell where to go
/// on.
///
/// # Examples
///
/// ```
/// use futures::TryStreamExt;
///
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::write(root.join("f"), "12345").await?;
/// let mut entries = aiofiles::os::scandir(&root).with_stat(true).await?;
/// while let Some(entry) = entries.try_next().await? {
///     assert!(entry.is_file());
///     assert_eq!(entry.path(), root.join("f"));
///     assert_eq!(entry.metadata().map(|m| m.len()), Some(5));
/// }
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "read_dir")]
pub fn scandir(path: impl AsRef<Path>) -> Scanning {
    let request = Request::one("scandir", path, ScandirKeywords::default(), scan);
    Call::new(request.settling(|keywords, executor| {
        keywords.executor = Some(executor.clone());
    }))
}

fn scan(path: &Path, keywords: ScandirKeywords) -> io::Result<ScanDir> {
    let ScandirKeywords {
        with_stat,
        executor,
    } = keywords;
    let parent = Parent {
        path: path.into(),
        executor: executor.expect("a call is told its executor before it runs"),
    };
    let folder = Listing::open(path)?;
    let mut scan = ScanDir {
        parent: Arc::new(parent),
        with_stat,
        found: Vec::new().into_iter(),
        error: None,
        state: State::Closed,
    };
    scan.take(read_batch(folder, with_stat));
    Ok(scan)
}
