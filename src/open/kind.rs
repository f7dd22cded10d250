//! The kinds of files, and what the keywords mean for each.

use std::future::Future;

use super::AnyFile;
use super::Settings;
use super::mode::Mode;
use crate::error::{Error, Result};
use crate::file::core::{BUFFER, Core};
pub use crate::file::{Binary, Raw, Text};
use crate::file::{BinaryFile, File, FileKind, RawFile, TextFile, TextSettings};
use crate::raw_io::RawIo;

/// A kind of file: [`Text`], [`Binary`], [`Raw`] or [`Any`].
pub trait Kind: sealed::Plans + Send + 'static {
    /// The file of this kind over a stream `R`.
    type Of<R: RawIo>: Send;

    /// Makes the file.
    #[doc(hidden)]
    fn build<R: RawIo>(core: Core<R>, plan: Plan) -> Self::Of<R>;

    /// Closes the file.
    #[doc(hidden)]
    fn close<R: RawIo>(file: &mut Self::Of<R>) -> impl Future<Output = Result<()>> + Send;

    /// The machine under the file.
    #[doc(hidden)]
    fn core<R: RawIo>(file: &Self::Of<R>) -> &Core<R>;

    /// The way down to the machine under the file, after it was told what the layers above
    /// it hold.
    #[doc(hidden)]
    fn descend<R: RawIo>(file: &mut Self::Of<R>) -> &mut Core<R>;
}

/// A kind that may be text, and so takes an encoding: [`Text`] or [`Any`].
#[diagnostic::on_unimplemented(
    message = "a file of bytes takes no encoding, errors, newline or line buffering",
    label = "this file is `{Self}`",
    note = "for text, leave `.binary()` or `.raw()` out (of `open`), or add `.text()` (to `wrap` and \
            temporary files); `.any()` has the mode string decide"
)]
pub trait TextKind: Kind {}

mod sealed {
    use super::{Plan, Result, Settings};

    /// Checks the keywords and gives the plan that they amount to.
    pub trait Plans {
        #[doc(hidden)]
        fn plan(self, settings: &mut Settings) -> Result<Plan>;
    }
}

/// The checked keywords of a call that gives a file.
#[derive(Debug)]
pub struct Plan {
    pub(crate) mode: Mode,
    /// The size of the buffer in bytes; 0 for a raw file.
    pub(crate) capacity: usize,
    /// The settings of a text file; `None` for a file of bytes.
    pub(crate) text: Option<TextSettings>,
}

/// The kind that the mode string and `.buffering(0)` choose: [`AnyFile`].
#[derive(Debug, Default)]
pub struct Any(pub(super) ());

/// Takes the mode apart and checks it against the kind: text or bytes.
fn mode(settings: &Settings, binary: Option<bool>) -> Result<Mode> {
    let given = settings.mode.as_deref().unwrap_or("r");
    let mode = Mode::parse(given)?;
    match (mode.binary, binary) {
        (Some(true), Some(false)) => Err(Error::InvalidMode {
            op: "open",
            path: None,
            mode: given.to_owned(),
            reason: "`b` asks for bytes; add `.binary()`, `.raw()` or `.any()`",
        }),
        (Some(false), Some(true)) => Err(Error::InvalidMode {
            op: "open",
            path: None,
            mode: given.to_owned(),
            reason: "`t` asks for text; leave `.binary()` or `.raw()` out, or use `.any()`",
        }),
        _ => Ok(mode),
    }
}

fn invalid<T>(reason: &str) -> Result<T> {
    Err(Error::InvalidArgument {
        op: "open",
        path: None,
        reason: reason.to_owned(),
    })
}

fn text_plan(settings: &mut Settings, mode: Mode) -> Result<Plan> {
    let (capacity, lines) = match settings.buffering {
        Some(0) => {
            return invalid("text is always buffered; `.raw()` gives an unbuffered file of bytes");
        }
        Some(1) => (BUFFER, Some(true)),
        Some(size) => (size, None),
        None => (BUFFER, None),
    };
    let text = TextSettings {
        encoding: settings.encoding.take().transpose()?.unwrap_or_default(),
        errors: settings.errors.take().transpose()?.unwrap_or_default(),
        newline: settings.newline.take().transpose()?.unwrap_or_default(),
        line_buffering: settings.line_buffering.or(lines),
        write_through: settings.write_through,
        mode: settings.mode.take(),
    };
    Ok(Plan {
        mode,
        capacity,
        text: Some(text),
    })
}

/// The size of the buffer of a file of bytes. In Python, 1 asks for line buffering; files
/// of bytes have none, so 1 gives the default size.
fn binary_size(buffering: Option<usize>) -> usize {
    match buffering {
        None | Some(1) => BUFFER,
        Some(size) => size,
    }
}

fn bytes_plan(settings: &Settings, mode: Mode, capacity: usize) -> Result<Plan> {
    let text = settings.encoding.is_some()
        || settings.errors.is_some()
        || settings.newline.is_some()
        || settings.line_buffering.is_some();
    if text {
        return invalid("a file of bytes takes no encoding, errors, newline or line buffering");
    }
    Ok(Plan {
        mode,
        capacity,
        text: None,
    })
}

impl sealed::Plans for Text {
    fn plan(self, settings: &mut Settings) -> Result<Plan> {
        let mode = mode(settings, Some(false))?;
        text_plan(settings, mode)
    }
}

impl sealed::Plans for Binary {
    fn plan(self, settings: &mut Settings) -> Result<Plan> {
        let mode = mode(settings, Some(true))?;
        match settings.buffering {
            Some(0) => invalid("a binary file has a buffer; `.raw()` gives an unbuffered one"),
            size => bytes_plan(settings, mode, binary_size(size)),
        }
    }
}

impl sealed::Plans for Raw {
    fn plan(self, settings: &mut Settings) -> Result<Plan> {
        let mode = mode(settings, Some(true))?;
        match settings.buffering {
            None | Some(0) => bytes_plan(settings, mode, 0),
            Some(_) => invalid("a raw file has no buffer; `.binary()` gives a buffered one"),
        }
    }
}

impl sealed::Plans for Any {
    fn plan(self, settings: &mut Settings) -> Result<Plan> {
        let mode = mode(settings, None)?;
        if mode.binary == Some(true) {
            bytes_plan(settings, mode, binary_size(settings.buffering))
        } else {
            text_plan(settings, mode)
        }
    }
}

impl<K: FileKind + sealed::Plans> Kind for K {
    type Of<R: RawIo> = File<K, R>;

    fn build<R: RawIo>(core: Core<R>, plan: Plan) -> File<K, R> {
        File::with(core, plan.text.unwrap_or_default())
    }

    async fn close<R: RawIo>(file: &mut File<K, R>) -> Result<()> {
        file.close().await
    }

    fn core<R: RawIo>(file: &File<K, R>) -> &Core<R> {
        file.core()
    }

    fn descend<R: RawIo>(file: &mut File<K, R>) -> &mut Core<R> {
        file.descend()
    }
}

impl TextKind for Text {}

impl Kind for Any {
    type Of<R: RawIo> = AnyFile<R>;

    fn build<R: RawIo>(core: Core<R>, plan: Plan) -> AnyFile<R> {
        match plan.text {
            Some(text) => AnyFile::Text(TextFile::with(core, text)),
            None if plan.capacity == 0 => {
                AnyFile::Raw(RawFile::with(core, TextSettings::default()))
            }
            None => AnyFile::Binary(BinaryFile::with(core, TextSettings::default())),
        }
    }

    async fn close<R: RawIo>(file: &mut AnyFile<R>) -> Result<()> {
        file.close().await
    }

    fn core<R: RawIo>(file: &AnyFile<R>) -> &Core<R> {
        file.core()
    }

    fn descend<R: RawIo>(file: &mut AnyFile<R>) -> &mut Core<R> {
        file.descend()
    }
}

impl TextKind for Any {}
