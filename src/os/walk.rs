//! All folders of a tree: one hop for each.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::future::{Future, poll_fn};
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::scandir::{DirEntry, Found, Parent, check_literal};
use crate::budget;
use crate::call::{Call, one};
use crate::error::{Error, Result};
use crate::executor::{Chosen, Executor};
use crate::lazy::Exclusive;
use crate::sys::{self, FileId};

/// One folder of a [`walk`], Python's `(dirpath, dirnames, filenames)`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WalkEntry {
    /// The folder: the path given to `walk`, joined with the names on the way.
    pub dirpath: PathBuf,
    /// Its sub-folders and its links to folders. The walk enters links only with
    /// `followlinks`.
    pub dirs: Vec<DirEntry>,
    /// All other entries, links to nothing included.
    pub files: Vec<DirEntry>,
}

impl WalkEntry {
    /// Returns the names of the sub-folders.
    pub fn dirnames(&self) -> impl Iterator<Item = &OsStr> {
        self.dirs.iter().map(DirEntry::name)
    }

    /// Returns the names of the files.
    pub fn filenames(&self) -> impl Iterator<Item = &OsStr> {
        self.files.iter().map(DirEntry::name)
    }
}

/// A folder on the way from the root, linked to the one it lies in: to recognise a loop.
struct Above {
    id: FileId,
    above: Option<Arc<Above>>,
}

impl Above {
    fn has(mut link: Option<&Arc<Self>>, id: &FileId) -> bool {
        while let Some(folder) = link {
            if folder.id == *id {
                return true;
            }
            link = folder.above.as_ref();
        }
        false
    }
}

/// A folder to read.
struct Visit {
    path: Arc<Path>,
    /// The folders it lies in; `None` unless links are followed.
    above: Option<Arc<Above>>,
    /// Whether it is the path given by the user, which may always be a link.
    is_root: bool,
}

/// A folder that was read.
struct Listing {
    entry: WalkEntry,
    /// This folder and those it lies in, for the folders in it.
    above: Option<Arc<Above>>,
}

/// A step of the plan. The plan is a stack: the next step is the last one.
enum Step {
    Enter(Visit),
    /// Bottom-up only: hand the folder out, after everything below it.
    HandOut(WalkEntry),
}

/// The caller's function for the errors of folders that could not be read.
type OnError = Box<dyn FnMut(Error) + Send>;

/// The caller's function that says which sub-folders stay.
type KeepDir = Box<dyn FnMut(&DirEntry) -> bool + Send>;

/// The result of one hop; `None` for a link back to a folder that it lies in.
type Read = Option<(Vec<Found>, Option<Arc<Above>>)>;

/// The folders of a tree, from [`walk`]: a [`Stream`] of `Result<WalkEntry>`.
///
/// Call its keyword methods before you ask for the first folder. To choose which folders
/// it enters, remove sub-folders from the entry that [`next_dir`](Self::next_dir) lends,
/// or give a rule to [`filter_dirs`](Self::filter_dirs). After the end it gives `None`
/// for ever.
#[must_use = "a stream does nothing unless it is read"]
pub struct Walk {
    topdown: bool,
    followlinks: bool,
    with_stat: bool,
    onerror: Option<Exclusive<OnError>>,
    keep: Option<Exclusive<KeepDir>>,
    executor: Option<Chosen>,
    steps: Vec<Step>,
    reading: Option<(Call<Read>, Arc<Path>)>,
    /// The folder that `next_dir` lent last. The walk enters its sub-folders when the next
    /// folder is asked for, since the caller may change them until then.
    current: Option<Listing>,
}

impl Walk {
    /// Gives each folder before the folders in it (`true`); with `false`, after them.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// use futures::TryStreamExt;
    ///
    /// std::fs::create_dir_all(dir.path().join("a/b")).unwrap();
    /// let folders: Vec<_> = aiofiles::os::walk(dir.path()).topdown(false).try_collect().await?;
    /// assert!(folders[0].dirpath.ends_with("a/b"), "the deepest first");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn topdown(mut self, yes: bool) -> Self {
        self.topdown = yes;
        self
    }

    /// Enters links to folders (`false`). A link to a folder that the link lies in is
    /// never entered, since that would not end; in Python it does not end.
    pub fn followlinks(mut self, yes: bool) -> Self {
        self.followlinks = yes;
        self
    }

    /// Fetches the metadata of every entry in the hop that finds it (`false`),
    /// for [`DirEntry::metadata`].
    pub fn with_stat(mut self, yes: bool) -> Self {
        self.with_stat = yes;
        self
    }

    /// Gives errors to `handle` instead of the stream, and goes on (none).
    ///
    /// Without it the stream gives each error in the place of the folder that could not
    /// be read. Python ignores errors unless there is an `onerror`; here,
    /// `.onerror(drop)` ignores them.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// use futures::TryStreamExt;
    ///
    /// let missing = dir.path().join("missing");
    /// let found: Vec<_> = aiofiles::os::walk(&missing).onerror(drop).try_collect().await?;
    /// assert!(found.is_empty());
    /// let error = aiofiles::os::walk(&missing).try_collect::<Vec<_>>().await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn onerror(mut self, handle: impl FnMut(Error) + Send + 'static) -> Self {
        self.onerror = Some(Exclusive::new(Box::new(handle)));
        self
    }

    /// Leaves out the sub-folders for which `keep` returns false: they are neither listed
    /// nor entered (none).
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// use futures::TryStreamExt;
    ///
    /// std::fs::create_dir_all(dir.path().join("src/deep")).unwrap();
    /// std::fs::create_dir_all(dir.path().join(".git/objects")).unwrap();
    /// let walk = aiofiles::os::walk(dir.path());
    /// let walk = walk.filter_dirs(|folder| !folder.name().as_encoded_bytes().starts_with(b"."));
    /// let folders: Vec<_> = walk.try_collect().await?;
    /// assert_eq!(folders.len(), 3, "the root, src and src/deep");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn filter_dirs(mut self, keep: impl FnMut(&DirEntry) -> bool + Send + 'static) -> Self {
        self.keep = Some(Exclusive::new(Box::new(keep)));
        self
    }

    /// Runs on `executor` instead of the default one.
    pub fn executor(mut self, executor: impl Executor) -> Self {
        self.executor = Some(Chosen::new(executor));
        self
    }

    /// Lends the next folder; `None` at the end.
    ///
    /// Top-down, the walk enters the folders that are in `dirs` when the next folder is
    /// asked for, in the order of `dirs`: a folder that you remove is not entered. In
    /// Python one changes `dirnames` in place for that.
    ///
    /// # Cancel safety
    ///
    /// Dropping it loses no folder.
    ///
    /// # Errors
    ///
    /// As [`walk`].
    ///
    /// # Examples
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let root = dir.path().to_path_buf();
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// aiofiles::os::makedirs(root.join("src/deep")).await?;
    /// aiofiles::os::makedirs(root.join("target/deep")).await?;
    ///
    /// let mut count = 0;
    /// let mut walk = aiofiles::os::walk(&root);
    /// while let Some(folder) = walk.next_dir().await {
    ///     folder?.dirs.retain(|dir| dir.name() != "target");
    ///     count += 1;
    /// }
    /// assert_eq!(count, 3, "the root, src, src/deep");
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub async fn next_dir(&mut self) -> Option<Result<&mut WalkEntry>> {
        match poll_fn(|cx| self.poll_dir(cx)).await? {
            Ok(listing) => Some(Ok(&mut self.current.insert(listing).entry)),
            Err(error) => Some(Err(error)),
        }
    }

    fn poll_dir(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Listing>>> {
        ready!(budget::poll_turn(cx));
        if let Some(listing) = self.current.take().filter(|_| self.topdown) {
            self.descend(&listing);
        }
        loop {
            if let Some((call, path)) = &mut self.reading {
                let Poll::Ready(read) = Pin::new(call).poll(cx) else {
                    return Poll::Pending;
                };
                let path = path.clone();
                self.reading = None;
                match (read, &mut self.onerror) {
                    (Ok(None), _) => {}
                    (Ok(Some((found, above))), _) => {
                        let entry = self.entry(path, found)?;
                        let listing = Listing { entry, above };
                        if self.topdown {
                            return Poll::Ready(Some(Ok(listing)));
                        }
                        let index = self.steps.len();
                        self.descend(&listing);
                        self.steps.insert(index, Step::HandOut(listing.entry));
                    }
                    (Err(error), Some(handle)) => handle.get_mut()(error),
                    (Err(error), None) => return Poll::Ready(Some(Err(error))),
                }
            }
            match self.steps.pop() {
                None => return Poll::Ready(None),
                Some(Step::HandOut(entry)) => {
                    let above = None;
                    return Poll::Ready(Some(Ok(Listing { entry, above })));
                }
                Some(Step::Enter(visit)) => {
                    let executor = self.chosen(&visit.path)?.clone();
                    let (followlinks, with_stat) = (self.followlinks, self.with_stat);
                    let path = visit.path.clone();
                    let call = one("walk", &*path, (), move |_, ()| {
                        read(&visit, followlinks, with_stat)
                    });
                    self.reading = Some((call.on(Some(executor)), path));
                }
            }
        }
    }

    /// Plans to enter the sub-folders of a folder.
    fn descend(&mut self, listing: &Listing) {
        let followlinks = self.followlinks;
        let dirs = listing.entry.dirs.iter().rev();
        let entered = dirs.filter(|dir| followlinks || !dir.is_symlink());
        self.steps.extend(entered.map(|dir| {
            Step::Enter(Visit {
                path: dir.path().into(),
                above: listing.above.clone(),
                is_root: false,
            })
        }));
    }

    fn entry(&mut self, path: Arc<Path>, found: Vec<Found>) -> Result<WalkEntry> {
        let executor = self.chosen(&path)?.clone();
        let dirpath = path.to_path_buf();
        let parent = Arc::new(Parent { path, executor });
        let entries = found.into_iter().map(|found| DirEntry::new(&parent, found));
        let (mut dirs, files): (Vec<_>, Vec<_>) = entries.partition(DirEntry::is_dir);
        if let Some(keep) = &mut self.keep {
            dirs.retain(keep.get_mut());
        }
        Ok(WalkEntry {
            dirpath,
            dirs,
            files,
        })
    }

    /// Settles on an executor, at the first poll.
    fn chosen(&mut self, path: &Path) -> Result<&Chosen> {
        if self.executor.is_none() {
            self.executor = Some(Chosen::current("walk", Some(path))?);
        }
        Ok(self.executor.as_ref().expect("chosen just above"))
    }
}

/// Reads a folder.
fn read(visit: &Visit, followlinks: bool, with_stat: bool) -> io::Result<Read> {
    if !visit.is_root {
        check_literal(&visit.path)?;
    }
    let mut above = None;
    if followlinks {
        let id = FileId::at(&visit.path)?;
        if Above::has(visit.above.as_ref(), &id) {
            return Ok(None);
        }
        above = Some(Arc::new(Above {
            id,
            above: visit.above.clone(),
        }));
    } else if !visit.is_root && !sys::retry(|| fs::symlink_metadata(&visit.path))?.is_dir() {
        // It was a folder when it was found and something else has taken its place: a
        // link, perhaps, which must not be followed.
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let found = sys::list(&visit.path, |entry| {
        Ok(Found::new(entry.file_name(), entry, with_stat))
    })?;
    Ok(Some((found, above)))
}

impl Stream for Walk {
    type Item = Result<WalkEntry>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_dir(cx).map_ok(|listing| {
            if self.topdown {
                // Plan now: the entry goes to the caller, and this loses sight of it.
                self.descend(&listing);
            }
            listing.entry
        })
    }
}

impl fmt::Debug for Walk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Walk")
            .field("topdown", &self.topdown)
            .field("followlinks", &self.followlinks)
            .finish_non_exhaustive()
    }
}

/// Walks a tree: gives a [`Stream`] of its folders, each with its entries. Each folder
/// takes one hop.
///
/// As Python's `os.walk` (Python's aiofiles has none), with two differences: errors are
/// not ignored unless you say so ([`Walk::onerror`]), and a link to a folder that it lies
/// in is not followed for ever. The stream holds one folder and the paths that it has
/// yet to enter; bottom-up, also the folders above. Keywords: `topdown` (`true`),
/// `followlinks` (`false`), `onerror` (none), `filter_dirs` (none), `with_stat`
/// (`false`), `executor` (the default one).
///
/// # Cancel safety
///
/// Dropping a wait for the next folder loses no folder; dropping the stream ends the
/// walk.
///
/// # Errors
///
/// Those of [`listdir`](crate::os::listdir) for a folder, in the place of that folder;
/// the walk goes on with the next one. `NotADirectory` for a folder that was replaced
/// after it was found. On Windows `InvalidInput` for a folder whose name ends with dots or
/// spaces, which the system takes for another one; below a root that begins with `\\?\`
/// they are walked too.
///
/// # Examples
///
/// ```
/// use futures::TryStreamExt;
///
/// # let dir = tempfile::tempdir().unwrap();
/// # let root = dir.path().to_path_buf();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// aiofiles::os::makedirs(root.join("a/b")).await?;
/// aiofiles::write(root.join("a/b/f"), "12345").await?;
///
/// let mut walk = aiofiles::os::walk(&root).with_stat(true);
/// let mut bytes = 0;
/// while let Some(folder) = walk.try_next().await? {
///     bytes += folder.files.iter().filter_map(|f| f.metadata()).map(|m| m.len()).sum::<u64>();
/// }
/// assert_eq!(bytes, 5);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias = "WalkDir")]
pub fn walk(path: impl AsRef<Path>) -> Walk {
    let root = Visit {
        path: path.as_ref().into(),
        above: None,
        is_root: true,
    };
    Walk {
        topdown: true,
        followlinks: false,
        with_stat: false,
        onerror: None,
        keep: None,
        executor: None,
        steps: vec![Step::Enter(root)],
        reading: None,
        current: None,
    }
}
