//! How a text file is made over its binary file, and the way down to that.

use super::{Bom, Decoding, TextPosition};
use crate::codec::{DecoderState, Encoder};
use crate::file::Text;
use crate::file::binary::BinaryFile;
use crate::file::core::{BUFFER, Core};
use crate::file::kind::sealed::HasLayer;
use crate::raw_io::RawIo;
use crate::text::{Decoded, Keep, TextSettings};

impl HasLayer for Text {
    const NAME: &'static str = "TextFile";
    const CAPACITY: usize = BUFFER;
    type Layer<R: Send> = Decoding<R>;

    fn layer<R: RawIo>(core: Core<R>, mut settings: TextSettings) -> Decoding<R> {
        let mode = settings.mode.take();
        let mode = mode.unwrap_or_else(|| core.meta.mode.replace('b', ""));
        let line_buffering = settings.line_buffering.unwrap_or(core.meta.isatty);
        Decoding {
            line_buffering,
            encoder: Encoder::new(&settings.encoding, settings.errors),
            decoded: Self::decoded(&settings, &core),
            binary: BinaryFile::with(core, TextSettings::default()),
            settings,
            mode,
            scratch: Vec::new(),
            bom: Bom::Unknown,
        }
    }

    fn renew<R: RawIo>(layer: &Decoding<R>, core: Core<R>) -> Decoding<R> {
        let mut clone = Self::layer(core, layer.settings.clone());
        clone.line_buffering = layer.line_buffering;
        clone.mode.clone_from(&layer.mode);
        let generation = Self::core(&clone).ahead.generation();
        clone.decoded.resume(generation, layer.decoded.here());
        clone
    }

    fn core<R: RawIo>(layer: &Decoding<R>) -> &Core<R> {
        layer.binary.core()
    }

    fn descend<R: RawIo>(layer: &mut Decoding<R>) -> &mut Core<R> {
        let core = layer.binary.descend();
        layer.decoded.sync(core);
        core.ahead.set_undelivered(layer.decoded.ahead());
        core
    }

    fn shown_mode<R: RawIo>(layer: &Decoding<R>) -> &str {
        &layer.mode
    }
}

impl Text {
    /// Text that begins at the position of the file. If the file is opened to append, the
    /// position is behind any byte order mark.
    pub(super) fn decoded<R: RawIo>(settings: &TextSettings, core: &Core<R>) -> Decoded {
        let offset = core.position().unwrap_or(0);
        let resume = if core.meta.append {
            TextPosition::behind_any_mark(offset, &settings.encoding)
        } else {
            TextPosition::at(offset, DecoderState::START)
        };
        let keep = if core.meta.seekable {
            Keep::Places
        } else {
            Keep::Bytes
        };
        Decoded::new(settings, resume, keep, core.ahead.generation())
    }
}
