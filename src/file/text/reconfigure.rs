//! Changing the settings of an open text file.

use super::Bom;
use crate::codec::Encoder;
use crate::error::Result;
use crate::file::{File, Text};
use crate::raw_io::RawIo;
use crate::text::{Changes, Reconfigure, TOO_LATE};

impl<R: RawIo> File<Text, R> {
    /// Flushes, then changes the settings that its keyword methods name: `encoding`,
    /// `errors`, `newline`, `line_buffering`, `write_through` (default: no change). The
    /// first three cannot change after something was read. Python: `reconfigure`.
    ///
    /// # Examples
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("file");
    /// std::fs::write(&path, "one\r\ntwo\r\n").unwrap();
    /// let mut file = aiofiles::open(&path).await?;
    /// file.reconfigure().newline("").await?;
    /// assert_eq!(file.readline().await?, "one\r\n");
    /// // Not once something was read.
    /// assert!(file.reconfigure().newline("\n").await.is_err());
    /// # Ok::<(), aiofiles::Error>(()) }).unwrap();
    /// ```
    pub fn reconfigure(&mut self) -> Reconfigure<'_> {
        Reconfigure::new(|changes| self.apply(changes))
    }

    pub(crate) async fn apply(&mut self, changes: Changes) -> Result<()> {
        self.core().check_open("reconfigure")?;
        let codec = changes.codec();
        let mut settings = self.layer.settings.clone();
        changes.change(&mut settings, self.core().path())?;
        if codec && self.layer.decoded.has_begun() {
            return Err(self.core().unsupported("reconfigure", TOO_LATE));
        }
        self.flush().await?;
        let layer = &mut self.layer;
        layer.line_buffering = settings.line_buffering.unwrap_or(layer.line_buffering);
        layer.settings = settings;
        if codec {
            layer.encoder = Encoder::new(&layer.settings.encoding, layer.settings.errors);
            layer.decoded = Text::decoded(&layer.settings, layer.binary.core());
            layer.bom = Bom::Unknown;
        }
        Ok(())
    }
}
