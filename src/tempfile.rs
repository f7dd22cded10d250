//! Temporary files and folders that are removed when they are closed or dropped.
//!
//! | function | gives | on disk |
//! |---|---|---|
//! | [`temporary_file`] | a [`BinaryFile`](crate::BinaryFile) or [`TextFile`](crate::TextFile) | without a name, where the system can (O_TMPFILE) |
//! | [`named_temporary_file`] | a [`NamedTemporaryFile`], which derefs to one of these | under its [`name`](NamedTemporaryFile::name), until it is closed, kept or persisted |
//! | [`spooled_temporary_file`] | a [`SpooledTemporaryFile`], which derefs to one over [`Spool`] | not at all, until it is larger than `max_size` |
//! | [`temporary_directory`] | a [`TemporaryDirectory`] | with all that is put into it |
//! | [`atomic_file`] | an [`AtomicFile`], which derefs to one of the first | without a name, where the system can, until it takes the place of another |
//!
//! They are Python's `aiofiles.tempfile`, with its keywords as methods. The files
//! are the same as those of [`open`](crate::open()), of bytes unless `.text()` is
//! said, and open for both directions (`w+b`) unless a mode is given.
//!
//! # What can go wrong
//!
//! - A removal on drop has nobody to tell of its error. `close` and `cleanup` tell.
//! - Nothing is removed if the process is killed, or by `std::process::exit`.
//! - Other processes may remove what stands in a temporary folder for long: a name
//!   may be gone, or be somebody else's by then. A file without a name is safe.
//! - A name is `prefix`, eight random characters (`[A-Za-z0-9]`; Python's are
//!   `[a-z0-9_]`) and `suffix`. It is created anew (O_EXCL), with mode 0600 unless
//!   `.permissions(..)` says otherwise (0700 for a folder), less the umask.
//! - Without `.dir(..)`, the folder is the first that a file can be made in and
//!   written to, as in Python: of the variables TMPDIR, TEMP and TMP, of
//!   [`std::env::temp_dir`], `/tmp`, `/var/tmp` and `/usr/tmp`, and of the working
//!   folder. A variable that is empty does not count. It is tried out once, and again
//!   when one of the variables changes or nothing can be made in it any more.
//! - All names are absolute: a relative `dir` is resolved, by name only (`a/../b` is
//!   `b`), when the file is made. A path separator in `prefix` or `suffix` counts as one:
//!   the folder it names has to exist.

use std::ffi::OsStr;
use std::fmt;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use self::make::Request;
use self::place::Place;
use crate::codec::{Encoding, ErrorPolicy, Newline};
use crate::error::{Error, Result};
use crate::executor::{Chosen, Executor};
use crate::lazy::{Begin, Lazy};
use crate::open::{Any, Binary, Kind, Raw, Settings, Text, TextKind, keywords};

mod atomic;
mod directory;
mod entry;
mod make;
mod named;
mod place;
mod remove;
mod spool;
mod spooled;
mod traits;

pub use self::atomic::{AtomicFile, CreateAtomic, atomic_file};
pub use self::directory::{CreateDirectory, TemporaryDirectory, temporary_directory};
pub use self::make::{Make, OnDisk};
pub use self::named::{NamedTemporaryFile, Persist};
pub use self::spool::Spool;
pub use self::spooled::SpooledTemporaryFile;

/// A file without a name: what [`temporary_file`] makes.
#[derive(Debug)]
pub struct Anonymous(());

/// A file with a name: what [`named_temporary_file`] makes.
#[derive(Debug)]
pub struct Named {
    delete: bool,
    delete_on_close: bool,
}

/// A file in memory: what [`spooled_temporary_file`] makes.
#[derive(Debug)]
pub struct Spooled {
    max_size: u64,
}

/// Makes a file that has no name and is gone once it is closed. Python:
/// `aiofiles.tempfile.TemporaryFile`.
///
/// Of bytes, mode `w+b`, unless said otherwise. On Linux it never has a name
/// (O_TMPFILE), where the file system can do that; elsewhere it has one for a
/// moment. Nobody else can open it: mode 0600, no link.
///
/// # Cancel safety
///
/// Dropped midway, the file is gone.
///
/// # Errors
///
/// `InvalidInput` for a bad mode or keyword, before anything is created; those of
/// open(2), with the folder as their path.
///
/// # Examples
///
/// ```
/// use std::io::SeekFrom;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut file = aiofiles::tempfile::temporary_file().await?;
/// file.write(b"scratch").await?;
/// file.seek(SeekFrom::Start(0)).await?;
/// assert_eq!(file.read().await?, b"scratch");
///
/// let count = aiofiles::tempfile::temporary_file().text().encoding("utf-16").with(
///     async |file| file.write("caf\u{e9}").await,
/// );
/// assert_eq!(count.await?, 4);
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias("TemporaryFile", "tempfile"))]
pub fn temporary_file() -> Temporary<Anonymous> {
    Temporary::new(Anonymous(()))
}

/// Makes a file with a name, which is removed when the file is closed or dropped.
/// Python: `aiofiles.tempfile.NamedTemporaryFile`.
///
/// Of bytes, mode `w+b`, unless said otherwise.
///
/// # Cancel safety
///
/// Dropped midway, the file is removed.
///
/// # Errors
///
/// As [`temporary_file`].
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut file = aiofiles::tempfile::named_temporary_file().suffix(".txt").text().await?;
/// file.write("for another program\n").await?;
/// file.flush().await?;
/// assert_eq!(std::fs::read(file.name()).unwrap(), b"for another program\n");
///
/// let name = file.name().to_owned();
/// file.close().await?;
/// assert!(!name.exists());
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias("NamedTemporaryFile", "NamedTempFile", "mkstemp"))]
pub fn named_temporary_file() -> Temporary<Named> {
    Temporary::new(Named {
        delete: true,
        delete_on_close: true,
    })
}

/// Makes a file that is in memory until it is larger than
/// [`max_size`](Temporary::max_size). Python:
/// `aiofiles.tempfile.SpooledTemporaryFile`.
///
/// Of bytes, mode `w+b`, unless said otherwise. In memory no operation leaves the
/// task; past the limit the contents go to a [`temporary_file`], in a job. This
/// call itself touches nothing.
///
/// # Cancel safety
///
/// Dropped midway, nothing has happened.
///
/// # Errors
///
/// `InvalidInput` for a bad mode or keyword; [`NoRuntime`](Error::NoRuntime)
/// where there is no executor for later.
///
/// # Examples
///
/// ```
/// use std::io::SeekFrom;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut file = aiofiles::tempfile::spooled_temporary_file().max_size(4).await?;
/// file.write(b"1234").await?;
/// assert!(!file.rolled());
/// file.write(b"5").await?;
/// assert!(file.rolled());
/// file.seek(SeekFrom::Start(0)).await?;
/// assert_eq!(file.read().await?, b"12345");
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[doc(alias("SpooledTemporaryFile", "SpooledTempFile"))]
pub fn spooled_temporary_file() -> Temporary<Spooled> {
    Temporary::new(Spooled { max_size: 0 })
}

/// A pending temporary file: `.await` makes it.
#[must_use = "a call does nothing unless you `.await` it"]
pub struct Temporary<W: Make, K: Kind = Binary>(Lazy<'static, TemporaryArgs<W, K>>);

/// What is to be made.
struct TemporaryArgs<W, K> {
    place: Place,
    settings: Settings,
    what: W,
    kind: K,
    /// The mode unless one is given; `b` only where it is not a matter of course.
    default_mode: &'static str,
}

impl<W: Make, K: Kind> Temporary<W, K> {
    /// Changes a keyword; does nothing to a call that has begun.
    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        Self(self.0.set(|args| change(&mut args.settings)))
    }

    fn set_place(self, change: impl FnOnce(&mut Place)) -> Self {
        Self(self.0.set(|args| change(&mut args.place)))
    }

    fn set_what(self, change: impl FnOnce(&mut W)) -> Self {
        Self(self.0.set(|args| change(&mut args.what)))
    }
}

keywords!([W: Make, K: Kind] Temporary<W, K>);

/// Writes the keyword methods about where a file or folder stands.
macro_rules! place_keywords {
    ([$($generics:tt)*] $Self:ty) => {
        impl<$($generics)*> $Self {
            /// Sets the folder it is made in (see the [module](crate::tempfile)).
            pub fn dir(self, dir: impl AsRef<Path>) -> Self {
                let dir = dir.as_ref().to_owned();
                self.set_place(|place| place.dir = Some(dir))
            }

            /// Sets what its name begins with (`tmp`).
            pub fn prefix(self, prefix: impl AsRef<OsStr>) -> Self {
                let prefix = prefix.as_ref().to_owned();
                self.set_place(|place| place.prefix = Some(prefix))
            }

            /// Sets what its name ends with (nothing). A dot is not put before it.
            pub fn suffix(self, suffix: impl AsRef<OsStr>) -> Self {
                let suffix = suffix.as_ref().to_owned();
                self.set_place(|place| place.suffix = Some(suffix))
            }
        }
    };
}
use place_keywords;

place_keywords!([W: Make, K: Kind] Temporary<W, K>);

impl<W: Make> Temporary<W> {
    fn new(what: W) -> Self {
        Self(Lazy::new(TemporaryArgs {
            place: Place::default(),
            settings: Settings::default(),
            what,
            kind: Binary::default(),
            default_mode: "w+",
        }))
    }
}

impl<W: Make, K: Kind> Temporary<W, K> {
    /// Makes a text file; its mode is `w+` unless given.
    pub fn text(self) -> Temporary<W, Text> {
        self.kind(Text::default(), "w+")
    }

    /// Makes a buffered file of bytes; the default.
    pub fn binary(self) -> Temporary<W, Binary> {
        self.kind(Binary::default(), "w+")
    }

    /// Sets the mode of the file (0o600: for its user only), less the umask, as that
    /// of [`open`](crate::Open::permissions). Of a spooled file, once it is on disk.
    /// Means nothing on Windows.
    pub fn permissions(self, mode: u32) -> Self {
        self.set_place(|place| place.permissions = Some(mode))
    }

    fn kind<L: Kind>(self, kind: L, default_mode: &'static str) -> Temporary<W, L> {
        Temporary(self.0.map(|args| TemporaryArgs {
            place: args.place,
            settings: args.settings,
            what: args.what,
            kind,
            default_mode,
        }))
    }
}

impl<W: OnDisk, K: Kind> Temporary<W, K> {
    /// Makes an unbuffered file of bytes. Python: `buffering=0`.
    pub fn raw(self) -> Temporary<W, Raw> {
        self.kind(Raw::default(), "w+")
    }

    /// Leaves the kind to the mode string (`w+b`) and to `.buffering(0)`.
    pub fn any(self) -> Temporary<W, Any> {
        self.kind(Any::default(), "w+b")
    }
}

impl<K: Kind> Temporary<Named, K> {
    /// Sets whether the file is removed at all (`true`).
    pub fn delete(self, yes: bool) -> Self {
        self.set_what(|what| what.delete = yes)
    }

    /// Sets whether the file is removed as soon as it is closed (`true`), or only
    /// when it is dropped or its scope ends. Means nothing with `.delete(false)`.
    pub fn delete_on_close(self, yes: bool) -> Self {
        self.set_what(|what| what.delete_on_close = yes)
    }
}

impl<K: Kind> Temporary<Spooled, K> {
    /// Sets how many bytes stay in memory (0: any number). More than that, after
    /// encoding, and the file goes to disk.
    pub fn max_size(self, bytes: u64) -> Self {
        self.set_what(|what| what.max_size = bytes)
    }
}

impl<W: Make, K: Kind> Temporary<W, K> {
    /// Makes the file, runs `body` with it, closes it whatever happens (a named
    /// one is removed, unless `.delete(false)`), and gives back what `body`
    /// returns. Its error wins over that of the close. Python: `async with`.
    ///
    /// # Cancel safety
    ///
    /// Dropped midway, the file is dropped, which removes it.
    ///
    /// # Errors
    ///
    /// Those of the call itself, of `body`, and of `close`.
    pub async fn with<T, F>(self, body: F) -> Result<T>
    where
        F: AsyncFnOnce(&mut W::Output<K>) -> Result<T>,
    {
        self.try_with(body).await
    }

    /// As [`with`](Self::with), for a body with an error type of its own.
    ///
    /// # Errors
    ///
    /// Those of `with`, as `E`.
    pub async fn try_with<T, E, F>(self, body: F) -> Result<T, E>
    where
        E: From<Error>,
        F: AsyncFnOnce(&mut W::Output<K>) -> Result<T, E>,
    {
        let mut file = self.await?;
        let result = body(&mut file).await;
        let finished = W::finish::<K>(&mut file).await;
        let value = result?;
        finished?;
        Ok(value)
    }
}

impl<W: Make, K: Kind> Begin for TemporaryArgs<W, K> {
    type Output = W::Output<K>;

    async fn begin(self) -> Result<W::Output<K>> {
        let Self {
            place,
            mut settings,
            what,
            kind,
            default_mode,
        } = self;
        settings.mode.get_or_insert_with(|| default_mode.to_owned());
        let plan = kind
            .plan(&mut settings)
            .map_err(|error| error.in_call(place::OP, place.dir.as_deref()))?;
        place.check(place::OP)?;
        let executor = match settings.executor {
            Some(executor) => executor,
            None => Chosen::current(place::OP, place.dir.as_deref())?,
        };
        W::make::<K>(Request {
            place,
            what,
            plan,
            executor,
            nowait: settings.nowait,
        })
        .await
    }
}

impl<W: Make, K: Kind> Future for Temporary<W, K> {
    type Output = Result<W::Output<K>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<W: Make, K: Kind> fmt::Debug for Temporary<W, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Temporary");
        self.0.inspect(|args| {
            debug.field("place", &args.place);
            debug.field("mode", &args.settings.mode);
        });
        debug.finish_non_exhaustive()
    }
}
