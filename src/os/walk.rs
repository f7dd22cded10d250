//! All folders of a tree, a hop a folder.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::future::{Future, poll_fn};
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::found::{Batch, Folder};
use super::scandir::{DirEntry, Parent};
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
    /// Its sub-folders, also links to folders, which are entered only with
    /// `followlinks`.
    pub dirs: Vec<DirEntry>,
    /// All else in it, also links to nothing.
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

/// The folders on the way to one, to know a loop by.
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
    /// Empty unless links are followed.
    above: Option<Arc<Above>>,
    /// The path given, of which a link is always followed.
    is_root: bool,
}

/// A folder that was read.
struct Listing {
    entry: WalkEntry,
    /// For the folders in it.
    above: Option<Arc<Above>>,
}

/// What is to be done, the next last.
enum Step {
    Enter(Visit),
    /// Bottom-up: hand it out after all that is below it.
    HandOut(WalkEntry),
}

/// Told of the folders that could not be read.
type OnError = Box<dyn FnMut(Error) + Send>;

/// Says which sub-folders stay.
type KeepDir = Box<dyn FnMut(&DirEntry) -> bool + Send>;

/// What one hop brings; `None` for a link back to a folder above.
type Read = Option<(Batch, Option<Arc<Above>>)>;

/// The folders of a tree, from [`walk`]: a [`Stream`] of `Result<WalkEntry>`.
///
/// Set what it shall do before the first folder is asked for. To choose where it
/// goes, take sub-folders away from what [`next_dir`](Self::next_dir) lends, or
/// give a rule to [`filter_dirs`](Self::filter_dirs). It is fused, and dropping
/// it closes everything.
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
    /// Handed out last, and entered when the next one is asked for.
    current: Option<Listing>,
}

impl Walk {
    /// Gives a folder before those in it (`true`), or after all of them.
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

    /// Enters links to folders (`false`), but for those back to a folder they
    /// lie in, which would never end (in Python it does not).
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

    /// Gives errors to `handle` instead of the stream, and goes on.
    ///
    /// Without it they come from the stream, each in the place of the folder
    /// that could not be read. Python ignores them unless it has an `onerror`:
    /// that is `.onerror(drop)` here.
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

    /// Leaves out the sub-folders for which `keep` is false: they are neither
    /// listed nor entered.
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
    /// Top-down, the walk goes where `dirs` says when the next folder is asked
    /// for: what is taken out is not entered, and what is reordered is entered
    /// in that order. That is what Python does by changing `dirnames` in place.
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
                    (Ok(Some((batch, above))), _) => {
                        let entry = self.entry(path, batch)?;
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

    /// Plans to enter the sub-folders of what was handed out.
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

    fn entry(&mut self, path: Arc<Path>, batch: Batch) -> Result<WalkEntry> {
        let executor = self.chosen(&path)?.clone();
        let dirpath = path.to_path_buf();
        let parent = Arc::new(Parent { path, executor });
        let entries = DirEntry::all(parent, batch);
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
        // It was a folder when it was found; what it is now is not followed.
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let mut batch = Batch::default();
    Folder::open(&visit.path, with_stat)?.read(&visit.path, usize::MAX, &mut batch)?;
    Ok(Some((batch, above)))
}

impl Stream for Walk {
    type Item = Result<WalkEntry>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_dir(cx).map_ok(|listing| {
            if self.topdown {
                // What is handed out is the caller's, so this is its last chance.
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

/// Walks a tree: a [`Stream`] of its folders, each with what is in it, a hop a
/// folder.
///
/// As Python's `os.walk`, which its aiofiles lacks, with two differences:
/// errors are not ignored unless told so ([`Walk::onerror`]), and links that
/// lead back are not followed for ever. Memory is for one folder and the paths
/// yet to enter; bottom-up, also for the folders above. Keywords: `topdown`
/// (`true`), `followlinks` (`false`), `onerror`, `filter_dirs`, `with_stat`.
///
/// # Cancel safety
///
/// Dropping the stream, or a wait for its next folder, loses nothing but that.
///
/// # Errors
///
/// What [`listdir`](crate::os::listdir) of a folder says, in its place; the
/// walk goes on with the next. `NotADirectory` for a folder that was replaced
/// since it was found.
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
