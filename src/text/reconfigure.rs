//! Changing the settings of an open text file or stream.

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::TextSettings;
use crate::codec::{Encoding, ErrorPolicy, Newline};
use crate::error::{Error, Result};
use crate::lazy::{Begin, Lazy};

/// A pending [`reconfigure`](crate::TextFile::reconfigure). The keyword methods say what
/// changes, and `.await` makes the changes. What no keyword names stays. (Only: a new
/// encoding sets the error policy to `strict`, unless you give one too.)
///
/// # Errors
///
/// Those of a flush; `Unsupported` for an encoding, error policy or newline after something
/// was read, as in Python; the error of a keyword with an invalid value. After an error
/// nothing has changed.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("notes.txt");
/// let mut file = aiofiles::open(&path).mode("w").await?;
/// file.write("\u{e9}").await?;
/// file.reconfigure().encoding("latin-1").await?;
/// file.write("\u{e9}").await?;
/// file.close().await?;
/// assert_eq!(std::fs::read(&path).unwrap(), b"\xc3\xa9\xe9");
/// # Ok::<(), aiofiles::Error>(()) }).unwrap();
/// ```
#[must_use = "a call does nothing unless you `.await` it"]
pub struct Reconfigure<'a>(Lazy<'a, Asked<'a>>);

/// Makes the changes.
type Apply<'a> = Box<dyn FnOnce(Changes) -> Applied<'a> + Send + 'a>;

type Applied<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

struct Asked<'a> {
    apply: Apply<'a>,
    changes: Changes,
}

/// The reason for a refusal: text was already decoded with the old encoding and line ends.
pub(crate) const TOO_LATE: &str =
    "the encoding and the line ends cannot change once something was read";

/// The settings that are to change.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    encoding: Option<Result<Encoding>>,
    errors: Option<Result<ErrorPolicy>>,
    newline: Option<Result<Newline>>,
    line_buffering: Option<bool>,
    write_through: Option<bool>,
}

impl<'a> Reconfigure<'a> {
    pub(crate) fn new<F>(apply: impl FnOnce(Changes) -> F + Send + 'a) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'a,
    {
        Self(Lazy::new(Asked {
            apply: Box::new(|changes| Box::pin(apply(changes))),
            changes: Changes::default(),
        }))
    }

    fn set(self, change: impl FnOnce(&mut Changes)) -> Self {
        Self(self.0.set(|asked| change(&mut asked.changes)))
    }

    /// Changes the encoding. The error policy becomes `strict` unless you give one too.
    pub fn encoding<E>(self, encoding: E) -> Self
    where
        E: TryInto<Encoding, Error: Into<Error>>,
    {
        self.set(|changes| changes.encoding = Some(encoding.try_into().map_err(Into::into)))
    }

    /// Changes the error policy.
    pub fn errors<P>(self, policy: P) -> Self
    where
        P: TryInto<ErrorPolicy, Error: Into<Error>>,
    {
        self.set(|changes| changes.errors = Some(policy.try_into().map_err(Into::into)))
    }

    /// Changes the line ends.
    pub fn newline<N>(self, newline: N) -> Self
    where
        N: TryInto<Newline, Error: Into<Error>>,
    {
        self.set(|changes| changes.newline = Some(newline.try_into().map_err(Into::into)))
    }

    /// Changes whether a flush follows each write that has a line end in it.
    pub fn line_buffering(self, yes: bool) -> Self {
        self.set(|changes| changes.line_buffering = Some(yes))
    }

    /// Changes whether a flush follows each write.
    pub fn write_through(self, yes: bool) -> Self {
        self.set(|changes| changes.write_through = Some(yes))
    }
}

impl Begin for Asked<'_> {
    type Output = ();

    async fn begin(self) -> Result<()> {
        (self.apply)(self.changes).await
    }
}

impl Future for Reconfigure<'_> {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl Changes {
    /// Whether anything about decoding or encoding is to change.
    pub(crate) fn codec(&self) -> bool {
        self.encoding.is_some() || self.errors.is_some() || self.newline.is_some()
    }

    /// Makes the changes; if one of them is invalid, makes none. `path` is the path of the
    /// file, for the error.
    pub(crate) fn change(self, settings: &mut TextSettings, path: Option<&Path>) -> Result<()> {
        let named = |error: Error| error.in_call("reconfigure", path);
        let encoding = self.encoding.transpose().map_err(named)?;
        let errors = self.errors.transpose().map_err(named)?;
        let newline = self.newline.transpose().map_err(named)?;
        if let Some(encoding) = encoding {
            settings.encoding = encoding;
            settings.errors = ErrorPolicy::default();
        }
        settings.errors = errors.unwrap_or(settings.errors);
        settings.newline = newline.unwrap_or(settings.newline);
        settings.write_through = self.write_through.unwrap_or(settings.write_through);
        settings.line_buffering = self.line_buffering.or(settings.line_buffering);
        Ok(())
    }
}

impl fmt::Debug for Reconfigure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Reconfigure");
        self.0
            .inspect(|asked| debug.field("changes", &asked.changes));
        debug.finish_non_exhaustive()
    }
}
