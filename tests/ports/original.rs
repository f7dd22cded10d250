//! `tokio::fs`, and what it takes a few calls for.

use std::io;
use std::path::Path;

pub use tokio::fs::*;

/// Brings the names in a folder to the device.
pub async fn sync_folder(path: impl AsRef<Path>) -> io::Result<()> {
    File::open(path).await?.sync_all().await
}
