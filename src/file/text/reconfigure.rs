//! Changing an open text file.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use super::{Bom, Decoded, TextFile};
use crate::codec::{Encoder, Encoding, ErrorPolicy, Newline};
use crate::error::{Error, Result};
use crate::raw_io::RawIo;

/// A pending [`reconfigure`](TextFile::reconfigure): keyword methods say what
/// changes, `.await` changes it.
///
/// # Errors
///
/// Those of a flush. `Unsupported` for another encoding, error policy or newline
/// once something has been read, as in Python. An unknown label or name. Nothing
/// has changed then.
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
pub struct Reconfigure<'a, R: RawIo> {
    file: &'a mut TextFile<R>,
    encoding: Option<Result<Encoding>>,
    errors: Option<Result<ErrorPolicy>>,
    newline: Option<Result<Newline>>,
    line_buffering: Option<bool>,
    write_through: Option<bool>,
}

impl<'a, R: RawIo> Reconfigure<'a, R> {
    pub(super) fn new(file: &'a mut TextFile<R>) -> Self {
        Self {
            file,
            encoding: None,
            errors: None,
            newline: None,
            line_buffering: None,
            write_through: None,
        }
    }

    /// Changes the encoding; the error policy becomes `strict` unless one is
    /// given too.
    pub fn encoding<E>(mut self, encoding: E) -> Self
    where
        E: TryInto<Encoding, Error: Into<Error>>,
    {
        self.encoding = Some(encoding.try_into().map_err(Into::into));
        self
    }

    /// Changes the error policy.
    pub fn errors<P>(mut self, policy: P) -> Self
    where
        P: TryInto<ErrorPolicy, Error: Into<Error>>,
    {
        self.errors = Some(policy.try_into().map_err(Into::into));
        self
    }

    /// Changes the line ends.
    pub fn newline<N>(mut self, newline: N) -> Self
    where
        N: TryInto<Newline, Error: Into<Error>>,
    {
        self.newline = Some(newline.try_into().map_err(Into::into));
        self
    }

    /// Changes whether a write with a line end in it is followed by a flush.
    pub fn line_buffering(mut self, yes: bool) -> Self {
        self.line_buffering = Some(yes);
        self
    }

    /// Changes whether every write is handed to the system at once.
    pub fn write_through(mut self, yes: bool) -> Self {
        self.write_through = Some(yes);
        self
    }

    async fn apply(self) -> Result<()> {
        let file = self.file;
        file.core().check_open("reconfigure")?;
        let encoding = self.encoding.transpose()?;
        let errors = self.errors.transpose()?;
        let newline = self.newline.transpose()?;
        let codec = encoding.is_some() || errors.is_some() || newline.is_some();
        if codec && file.layer.decoded.has_begun() {
            let reason = "the encoding and the line ends cannot change once something was read";
            return Err(file.core().unsupported("reconfigure", reason));
        }
        file.flush().await?;
        let settings = &mut file.layer.settings;
        if let Some(encoding) = encoding {
            settings.encoding = encoding;
            settings.errors = ErrorPolicy::default();
        }
        settings.errors = errors.unwrap_or(settings.errors);
        settings.newline = newline.unwrap_or(settings.newline);
        settings.write_through = self.write_through.unwrap_or(settings.write_through);
        file.layer.line_buffering = self.line_buffering.unwrap_or(file.layer.line_buffering);
        if codec {
            file.layer.encoder =
                Encoder::new(&file.layer.settings.encoding, file.layer.settings.errors);
            let core = file.layer.binary.core();
            file.layer.decoded = Decoded::new(&file.layer.settings, core);
            file.layer.bom = Bom::Unknown;
        }
        Ok(())
    }
}

impl<'a, R: RawIo> IntoFuture for Reconfigure<'a, R> {
    type Output = Result<()>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.apply())
    }
}

impl<R: RawIo> fmt::Debug for Reconfigure<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reconfigure").finish_non_exhaustive()
    }
}
