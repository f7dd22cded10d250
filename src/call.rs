//! [`Call`]: the type of all pending calls that belong to no file. A call is paths,
//! keywords, and a function that blocks.

use std::fmt;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::delegate::{Blocking, Caller, Hop};
use crate::error::{Error, Result};
use crate::executor::{Chosen, Executor};

/// A pending call: `.await` runs it. `T` is its result, `K` are its keywords.
///
/// It does nothing before its first poll. Its keywords are methods that you call before
/// the `.await`. The page of its alias lists them with their defaults
/// ([`os::Stat`](crate::os::Stat), [`os::Makedirs`](crate::os::Makedirs) …); the keyword
/// [`executor`](Call::executor) is there for every call.
///
/// A call is a normal future. It is `Send`, `Sync`, `Unpin` and `'static`, so it can be
/// stored, named, joined and raced.
///
/// # Cancel safety
///
/// If a call is dropped before its job begins, it does nothing. If it is dropped later,
/// the blocking call still runs to its end, and its result is dropped. (`copyfile`,
/// `copytree` and `rmtree` stop early instead.)
///
/// # Examples
///
/// A function can take any call:
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("file");
/// use aiofiles::{Call, ThreadPoolExecutor, os};
///
/// fn on_pool<T, K>(call: Call<T, K>, pool: &ThreadPoolExecutor) -> Call<T, K> {
///     call.executor(pool.clone())
/// }
///
/// let pool = ThreadPoolExecutor::new(1);
/// on_pool(os::mkdir(&path), &pool).await?;
/// let metadata = on_pool(os::stat(&path).follow_symlinks(false), &pool).await?;
/// assert!(metadata.is_dir());
/// # pool.shutdown().await;
/// # assert_eq!(pool.stats().done, 2);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[must_use = "a call does nothing unless you `.await` it"]
pub struct Call<T, K = ()>(Hop<Request<T, K>, T>);

impl<T, K> Call<T, K> {
    pub(crate) fn new(request: Request<T, K>) -> Self {
        Self(Hop::new(request))
    }

    /// A call whose job can learn that the call was dropped, and stop early.
    pub(crate) fn watched(build: impl FnOnce(Caller) -> Request<T, K>) -> Self {
        Self(Hop::watched(build))
    }

    /// Runs on `executor` instead of the default one.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// use aiofiles::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new(1);
    /// std::fs::write(&path, "text").unwrap();
    /// let metadata = aiofiles::os::stat(&path).executor(pool.clone()).await?;
    /// assert_eq!(metadata.len(), 4);
    /// pool.shutdown().await;
    /// assert_eq!(pool.stats().done, 1);
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn executor(self, executor: impl Executor) -> Self {
        self.on(Some(Chosen::new(executor)))
    }

    /// Runs on `executor`, if there is one.
    pub(crate) fn on(self, executor: Option<Chosen>) -> Self {
        Self(self.0.on(executor))
    }

    /// Changes a keyword; does nothing to a call that has begun.
    pub(crate) fn set(mut self, change: impl FnOnce(&mut K)) -> Self {
        if let Some(request) = self.0.args() {
            change(&mut request.keywords);
        }
        self
    }

    /// Gives the operation another name, for jobs and errors.
    pub(crate) fn named(mut self, op: &'static str) -> Self {
        if let Some(request) = self.0.args() {
            request.op = op;
        }
        self
    }
}

impl<T: Send + 'static, K: Send + 'static> Future for Call<T, K> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<T, K> fmt::Debug for Call<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Call").field(&self.0).finish()
    }
}

/// The function of a [`Call`], with its arguments.
pub(crate) struct Request<T, K> {
    /// The function's name, for jobs and errors.
    op: &'static str,
    paths: Paths,
    keywords: K,
    run: Run<T, K>,
    /// A function that may do the same without blocking, if there is one.
    inline: Option<Inline<T, K>>,
    /// Tells the keywords which executor the call uses, if they need to know.
    settle: Option<fn(&mut K, &Chosen)>,
}

type Run<T, K> = Box<dyn FnOnce(&Paths, K) -> io::Result<T> + Send>;

type Inline<T, K> = Box<dyn Fn(&Path, &K) -> Option<io::Result<T>> + Send>;

/// The paths of a call. Its errors name them.
enum Paths {
    None,
    One(Arc<Path>),
    Two(Arc<Path>, Arc<Path>),
}

impl Paths {
    /// The first path with a NUL byte, which no system call takes. Python: `ValueError`.
    fn with_nul(&self) -> Option<&Path> {
        let (first, second) = match self {
            Self::None => (None, None),
            Self::One(path) => (Some(path), None),
            Self::Two(src, dst) => (Some(src), Some(dst)),
        };
        let paths = [first, second].into_iter().flatten();
        paths.map(|path| &**path).find(|path| has_nul(path))
    }

    fn first(&self) -> Option<&Arc<Path>> {
        match self {
            Self::None => None,
            Self::One(path) | Self::Two(path, _) => Some(path),
        }
    }

    /// Adds operation and paths to an error of the system; this is the only place that does
    /// so. If `source` contains an error of this crate, that is returned unchanged, since
    /// its path is more exact.
    fn error(&self, op: &'static str, source: io::Error) -> Error {
        let source = match source.downcast::<Error>() {
            Ok(inner) => return inner,
            Err(source) => source,
        };
        if let Some(path) = self.with_nul() {
            return Error::InvalidArgument {
                op,
                path: Some(path.to_path_buf()),
                reason: "the path has a NUL byte in it".to_owned(),
            };
        }
        if source.kind() == io::ErrorKind::Unsupported && source.raw_os_error().is_none() {
            return Error::Unsupported {
                op,
                path: self.first().map(|path| path.to_path_buf()),
                reason: "this platform does not have it",
            };
        }
        match self {
            Self::Two(src, dst) => Error::OsPair {
                op,
                src: src.to_path_buf(),
                dst: dst.to_path_buf(),
                source,
            },
            Self::None | Self::One(_) => Error::os(op, self.first().map(|path| &**path), source),
        }
    }
}

impl<T: Send + 'static, K: Send + 'static> Blocking for Request<T, K> {
    type Output = T;

    fn op(&self) -> &'static str {
        self.op
    }

    fn path(&self) -> Option<&Arc<Path>> {
        self.paths.first()
    }

    fn settle(&mut self, executor: &Chosen) {
        if let Some(settle) = self.settle {
            settle(&mut self.keywords, executor);
        }
    }

    fn run_nowait(&mut self, allowed: bool) -> Option<Result<T>> {
        let path = self.paths.first().filter(|_| allowed)?;
        let result = self.inline.as_ref()?(path, &self.keywords)?;
        Some(result.map_err(|source| self.paths.error(self.op, source)))
    }

    fn run(self) -> Result<T> {
        (self.run)(&self.paths, self.keywords).map_err(|source| self.paths.error(self.op, source))
    }
}

impl<T, K> Request<T, K> {
    /// Makes a request about no path.
    pub(crate) fn none(
        op: &'static str,
        keywords: K,
        run: impl FnOnce(K) -> io::Result<T> + Send + 'static,
    ) -> Self {
        Self {
            op,
            paths: Paths::None,
            keywords,
            run: Box::new(|_, keywords| run(keywords)),
            inline: None,
            settle: None,
        }
    }

    /// Makes a request about one path.
    pub(crate) fn one(
        op: &'static str,
        path: impl AsRef<Path>,
        keywords: K,
        run: impl FnOnce(&Path, K) -> io::Result<T> + Send + 'static,
    ) -> Self {
        Self {
            op,
            paths: Paths::One(path.as_ref().into()),
            keywords,
            // Most closures capture nothing, and a box of one without a size allocates
            // nothing.
            run: Box::new(|paths, keywords| match paths {
                Paths::One(path) => run(path, keywords),
                Paths::None | Paths::Two(..) => unreachable!("made with one path"),
            }),
            inline: None,
            settle: None,
        }
    }

    /// Calls `settle` once the call has chosen its executor.
    pub(crate) fn settling(mut self, settle: fn(&mut K, &Chosen)) -> Self {
        self.settle = Some(settle);
        self
    }

    /// Makes a request about two paths.
    pub(crate) fn two(
        op: &'static str,
        src: impl AsRef<Path>,
        dst: impl AsRef<Path>,
        keywords: K,
        run: impl FnOnce(&Path, &Path, K) -> io::Result<T> + Send + 'static,
    ) -> Self {
        Self {
            op,
            paths: Paths::Two(src.as_ref().into(), dst.as_ref().into()),
            keywords,
            run: Box::new(|paths, keywords| match paths {
                Paths::Two(src, dst) => run(src, dst, keywords),
                Paths::None | Paths::One(_) => unreachable!("made with two paths"),
            }),
            inline: None,
            settle: None,
        }
    }
}

/// Whether a path has a NUL byte, which no system call takes.
pub(crate) fn has_nul(path: &Path) -> bool {
    memchr::memchr(0, path.as_os_str().as_encoded_bytes()).is_some()
}

/// A pending call about no path.
pub(crate) fn none<T, K>(
    op: &'static str,
    keywords: K,
    run: impl FnOnce(K) -> io::Result<T> + Send + 'static,
) -> Call<T, K> {
    Call::new(Request::none(op, keywords, run))
}

/// A pending call about one path.
pub(crate) fn one<T, K>(
    op: &'static str,
    path: impl AsRef<Path>,
    keywords: K,
    run: impl FnOnce(&Path, K) -> io::Result<T> + Send + 'static,
) -> Call<T, K> {
    Call::new(Request::one(op, path, keywords, run))
}

/// A pending call about one path that may not need to block: `inline` answers, or returns
/// `None` and leaves it to `run`.
pub(crate) fn one_inline<T, K>(
    op: &'static str,
    path: impl AsRef<Path>,
    keywords: K,
    inline: impl Fn(&Path, &K) -> Option<io::Result<T>> + Send + 'static,
    run: impl FnOnce(&Path, K) -> io::Result<T> + Send + 'static,
) -> Call<T, K> {
    let mut request = Request::one(op, path, keywords, run);
    request.inline = Some(Box::new(inline));
    Call::new(request)
}

/// A pending call about two paths.
pub(crate) fn two<T, K>(
    op: &'static str,
    src: impl AsRef<Path>,
    dst: impl AsRef<Path>,
    keywords: K,
    run: impl FnOnce(&Path, &Path, K) -> io::Result<T> + Send + 'static,
) -> Call<T, K> {
    Call::new(Request::two(op, src, dst, keywords, run))
}
