//! Serves the files of a folder over HTTP, as `python3 -m http.server` does, with
//! ranges and conditional requests:
//! `cargo run --release --example serve -- [--listen ADDR] FOLDER`.
//!
//! It listens on 127.0.0.1:8000 by default. A file is streamed as fast as the client reads,
//! and is closed when the client goes away. Paths and links that lead out of the folder are
//! refused; whoever may write in the folder is trusted. Its only output is the address that
//! it listens on, on a terminal and in a pipe; errors that no client has caused go to the
//! standard error.

use std::io::{ErrorKind, SeekFrom};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use aiofiles::{BinaryFile, os, ospath};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use clap::Parser;
use headers::{
    AcceptRanges, ContentLength, ContentRange, ETag, HeaderMapExt, IfModifiedSince, IfNoneMatch,
    IfRange, LastModified,
};
use http_range_header::{RangeUnsatisfiableError, parse_range_header};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

/// Serves the files of a folder over HTTP, with ranges and conditional requests.
///
/// Paths and links that lead out of the folder are refused.
#[derive(Parser)]
#[command(name = "serve")]
struct Args {
    /// Where to listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8000")]
    listen: String,
    /// What to serve
    folder: PathBuf,
}

/// The number of bytes that one read asks for.
const CHUNK: usize = 64 * 1024;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    match serve(&args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("serve: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(Args { listen, folder }: &Args) -> std::io::Result<()> {
    let root = ospath::realpath(folder).strict(true).await?;
    let app = Router::new()
        .route("/{*path}", get(answer))
        .with_state(Arc::new(root));
    let listener = tokio::net::TcpListener::bind(listen).await?;
    let (folder, address) = (folder.display(), listener.local_addr()?);
    println!("serving {folder} on http://{address}");
    axum::serve(listener, app).await
}

async fn answer(
    State(root): State<Arc<PathBuf>>,
    UrlPath(path): UrlPath<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    match open(&root, &path).await {
        Ok((file, version)) => file_response(file, version, &method, &headers).await,
        Err(status) => status.into_response(),
    }
}

/// The version of a file, by which a client knows whether the file has changed.
struct Version {
    size: u64,
    modified: SystemTime,
    etag: ETag,
    mime: &'static str,
}

/// Opens the file that the URL names, if it is in `root`.
async fn open(root: &Path, path: &str) -> Result<(BinaryFile, Version), StatusCode> {
    let path = Path::new(path);
    // Refuses `..` and a second slash at the start, percent-encoded or not.
    if !path
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return Err(StatusCode::FORBIDDEN);
    }
    let path = ospath::realpath(root.join(path)).strict(true).await;
    let path = path.map_err(|error| status(&error))?;
    if !path.starts_with(root) {
        return Err(StatusCode::FORBIDDEN);
    }
    // Check the kind before the open: an open of a FIFO would wait for a writer.
    let found = os::stat(&path).await.map_err(|error| status(&error))?;
    if !found.is_file() {
        return Err(StatusCode::NOT_FOUND);
    }
    let opened = async {
        let mut file = aiofiles::open(&path).binary().await?;
        // The metadata of exactly the file that is sent.
        let metadata = file.metadata().await?;
        Ok((file, metadata))
    };
    let (file, metadata) = opened.await.map_err(|error| status(&error))?;
    let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
    let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    let etag = format!("\"{:x}-{:x}\"", metadata.len(), since.as_nanos());
    let version = Version {
        size: metadata.len(),
        modified,
        etag: etag.parse().expect("digits in quotes are a tag"),
        mime: mime(&path),
    };
    Ok((file, version))
}

fn status(error: &aiofiles::Error) -> StatusCode {
    match error.kind() {
        ErrorKind::NotFound
        | ErrorKind::NotADirectory
        | ErrorKind::InvalidFilename
        // There is a NUL in the path.
        | ErrorKind::InvalidInput => StatusCode::NOT_FOUND,
        ErrorKind::PermissionDenied => StatusCode::FORBIDDEN,
        _ => {
            eprintln!("serve: {error}");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

fn mime(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("txt" | "md" | "rs" | "toml") => "text/plain; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        _ => "application/octet-stream",
    }
}

async fn file_response(
    mut file: BinaryFile,
    version: Version,
    method: &Method,
    asked: &HeaderMap,
) -> Response {
    let size = version.size;
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.typed_insert(version.etag.clone());
    headers.typed_insert(LastModified::from(version.modified));
    headers.typed_insert(AcceptRanges::bytes());
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if is_known(asked, &version) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    let (begin, end) = match range(method, asked, &version) {
        Range::Whole => (0, size),
        Range::Part(begin, end) => {
            let part = ContentRange::bytes(begin..end, size);
            headers.typed_insert(part.expect("it is within the file"));
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            (begin, end)
        }
        Range::Unsatisfiable => {
            headers.typed_insert(ContentRange::unsatisfied_bytes(size));
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            return response;
        }
    };
    if let Err(error) = file.seek(SeekFrom::Start(begin)).await {
        return status(&error).into_response();
    }
    let headers = response.headers_mut();
    headers.typed_insert(ContentLength(end - begin));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(version.mime));
    // If the file grows meanwhile, the promised length is sent; if it shrinks, the connection
    // ends.
    let part = AsyncReadExt::take(file, end - begin);
    *response.body_mut() = Body::from_stream(ReaderStream::with_capacity(part, CHUNK));
    response
}

/// Whether the client has this version already (RFC 9110, 13.2.2).
fn is_known(asked: &HeaderMap, version: &Version) -> bool {
    if asked.contains_key(header::IF_NONE_MATCH) {
        // With a tag, the date does not count.
        let tags = asked.typed_get::<IfNoneMatch>();
        return tags.is_some_and(|tags| !tags.precondition_passes(&version.etag));
    }
    let since = asked.typed_get::<IfModifiedSince>();
    since.is_some_and(|since| !since.is_modified(version.modified))
}

#[derive(Debug, PartialEq)]
enum Range {
    Whole,
    /// From the first byte up to the second, which is not included.
    Part(u64, u64),
    Unsatisfiable,
}

/// The range that the client asks for. Several ranges, and units other than bytes, give the
/// whole file, as RFC 9110 allows.
fn range(method: &Method, asked: &HeaderMap, version: &Version) -> Range {
    if asked.contains_key(header::IF_RANGE) {
        let modified = LastModified::from(version.modified);
        let condition = asked.typed_get::<IfRange>();
        let is_other =
            |condition: IfRange| condition.is_modified(Some(&version.etag), Some(&modified));
        if condition.is_none_or(is_other) {
            return Range::Whole;
        }
    }
    let value = asked.get(header::RANGE).filter(|_| method == Method::GET);
    let Some(value) = value.and_then(|value| value.to_str().ok()) else {
        return Range::Whole;
    };
    match parse_range_header(value).and_then(|ranges| ranges.validate(version.size)) {
        Ok(ranges) => match ranges.as_slice() {
            [range] => Range::Part(*range.start(), *range.end() + 1),
            _ => Range::Whole,
        },
        Err(RangeUnsatisfiableError::Unsatisfiable) => Range::Unsatisfiable,
        Err(_) => Range::Whole,
    }
}
