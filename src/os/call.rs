//! The one shape of all calls here: paths, keywords, and a function that blocks.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::delegate::{Blocking, Call};
use crate::error::{Error, Result};

/// A function of [`os`](crate::os) or [`ospath`](crate::ospath) with its
/// arguments: what a [`Call`] of theirs runs. `T` is what it gives, `K` its
/// keywords.
pub struct Os<T, K = ()> {
    /// The function's name, for jobs and errors.
    op: &'static str,
    paths: Paths,
    keywords: K,
    run: Run<T, K>,
    /// How to do it without blocking, if that can be.
    inline: Option<Inline<T, K>>,
}

type Run<T, K> = Box<dyn FnOnce(&Paths, K) -> io::Result<T> + Send>;

type Inline<T, K> = Box<dyn Fn(&Path, &K) -> Option<io::Result<T>> + Send>;

/// What a call is about, and what its errors name.
enum Paths {
    None,
    One(Arc<Path>),
    Two(Arc<Path>, Arc<Path>),
}

impl Paths {
    /// The path that no system call takes. Python: `ValueError`.
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

    /// The one place where the system's errors get their names. An error of
    /// this crate inside of `source` names its own, more exactly.
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

impl<T: Send + 'static, K: Send + 'static> Blocking for Os<T, K> {
    type Output = T;

    fn op(&self) -> &'static str {
        self.op
    }

    fn path(&self) -> Option<&Arc<Path>> {
        self.paths.first()
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

impl<T, K> fmt::Debug for Os<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Os")
            .field("op", &self.op)
            .field("path", &self.paths.first())
            .finish_non_exhaustive()
    }
}

impl<T, K> Os<T, K> {
    pub(crate) fn keywords(&mut self) -> &mut K {
        &mut self.keywords
    }

    pub(super) fn rename(&mut self, op: &'static str) {
        self.op = op;
    }

    /// About no path.
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
        }
    }

    /// About one path.
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
            // No allocation: a closure that captures nothing has no size.
            run: Box::new(|paths, keywords| match paths {
                Paths::One(path) => run(path, keywords),
                Paths::None | Paths::Two(..) => unreachable!("made with one path"),
            }),
            inline: None,
        }
    }

    /// About two paths.
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
        }
    }
}

/// Whether a path is one that no system call takes.
pub(crate) fn has_nul(path: &Path) -> bool {
    memchr::memchr(0, path.as_os_str().as_encoded_bytes()).is_some()
}

/// A pending call about no path.
pub(crate) fn none<T: Send + 'static, K: Send + 'static>(
    op: &'static str,
    keywords: K,
    run: impl FnOnce(K) -> io::Result<T> + Send + 'static,
) -> Call<Os<T, K>> {
    Call::new(Os::none(op, keywords, run))
}

/// A pending call about one path.
pub(crate) fn one<T: Send + 'static, K: Send + 'static>(
    op: &'static str,
    path: impl AsRef<Path>,
    keywords: K,
    run: impl FnOnce(&Path, K) -> io::Result<T> + Send + 'static,
) -> Call<Os<T, K>> {
    Call::new(Os::one(op, path, keywords, run))
}

/// A pending call about one path that may not need to block: `inline` answers, or
/// leaves it to `run`.
pub(crate) fn one_inline<T: Send + 'static, K: Send + 'static>(
    op: &'static str,
    path: impl AsRef<Path>,
    keywords: K,
    inline: impl Fn(&Path, &K) -> Option<io::Result<T>> + Send + 'static,
    run: impl FnOnce(&Path, K) -> io::Result<T> + Send + 'static,
) -> Call<Os<T, K>> {
    let mut os = Os::one(op, path, keywords, run);
    os.inline = Some(Box::new(inline));
    Call::new(os)
}

/// A pending call about two paths.
pub(crate) fn two<T: Send + 'static, K: Send + 'static>(
    op: &'static str,
    src: impl AsRef<Path>,
    dst: impl AsRef<Path>,
    keywords: K,
    run: impl FnOnce(&Path, &Path, K) -> io::Result<T> + Send + 'static,
) -> Call<Os<T, K>> {
    Call::new(Os::two(op, src, dst, keywords, run))
}

/// Changes a keyword of a call that has not begun.
pub(super) fn set<T: Send + 'static, K: Send + 'static>(
    mut call: Call<Os<T, K>>,
    change: impl FnOnce(&mut K),
) -> Call<Os<T, K>> {
    if let Some(os) = call.args() {
        change(os.keywords());
    }
    call
}
