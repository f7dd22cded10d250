//! Text in an object store. The functions take any store of opendal: with the services
//! of a cloud and its credentials, the same code reads and writes there.

use std::io;

use aiofiles::Result;
use aiofiles::text::{self, Compat, Reader, Writer};
use opendal::{FuturesAsyncReader, FuturesAsyncWriter, Operator};

/// Opens the object at `path` for reading.
///
/// # Errors
///
/// Those of the store; an unknown encoding.
pub async fn open(
    store: &Operator,
    path: &str,
    encoding: &str,
) -> Result<Reader<Compat<FuturesAsyncReader>>> {
    let reader = store.reader(path).await.map_err(io::Error::from)?;
    let bytes = reader
        .into_futures_async_read(..)
        .await
        .map_err(io::Error::from)?;
    text::futures_reader(bytes).encoding(encoding).await
}

/// Makes the object at `path`. It is there once the writer was closed.
///
/// # Errors
///
/// Those of the store; an unknown encoding.
pub async fn create(
    store: &Operator,
    path: &str,
    encoding: &str,
) -> Result<Writer<Compat<FuturesAsyncWriter>>> {
    let writer = store.writer(path).await.map_err(io::Error::from)?;
    text::futures_writer(writer.into_futures_async_write())
        .encoding(encoding)
        .await
}
