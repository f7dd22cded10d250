//! Text files in any encoding, compressed with gzip or zstd: what their names say.

use std::path::Path;
use std::pin::Pin;

use aiofiles::Result;
use aiofiles::text::{self, Reader, Writer};
use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use async_compression::tokio::write::{GzipEncoder, ZstdEncoder};
use tokio::io::{AsyncRead, AsyncWrite};

/// Any stream of bytes.
pub type Bytes = Pin<Box<dyn AsyncRead + Send>>;

/// Where bytes go.
pub type BytesOut = Pin<Box<dyn AsyncWrite + Send>>;

/// Opens the text file at `path`: `.gz` and `.zst` are decompressed, all else is read as
/// it is.
///
/// # Errors
///
/// Those of opening a file; an unknown encoding.
pub async fn open(path: &Path, encoding: &str) -> Result<Reader<Bytes>> {
    let file = aiofiles::open(path).binary().await?;
    // The files of tools that compress in parallel, and logs that are appended to,
    // consist of several members.
    let bytes: Bytes = match path.extension().and_then(|suffix| suffix.to_str()) {
        Some("gz") => {
            let mut decoder = GzipDecoder::new(file);
            decoder.multiple_members(true);
            Box::pin(decoder)
        }
        Some("zst") => {
            let mut decoder = ZstdDecoder::new(file);
            decoder.multiple_members(true);
            Box::pin(decoder)
        }
        _ => Box::pin(file),
    };
    text::reader(bytes).encoding(encoding).await
}

/// Makes the text file at `path`, compressed as its name says. Close it: the end of the
/// compressed data is written then.
///
/// # Errors
///
/// Those of opening a file; an unknown encoding.
pub async fn create(path: &Path, encoding: &str) -> Result<Writer<BytesOut>> {
    let file = aiofiles::open(path).binary().mode("w").await?;
    let bytes: BytesOut = match path.extension().and_then(|suffix| suffix.to_str()) {
        Some("gz") => Box::pin(GzipEncoder::new(file)),
        Some("zst") => Box::pin(ZstdEncoder::new(file)),
        _ => Box::pin(file),
    };
    text::writer(bytes).encoding(encoding).await
}
