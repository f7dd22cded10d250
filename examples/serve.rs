//! Serves the files of a folder over HTTP, as `python3 -m http.server` does, with
//! ranges and conditional requests:
//! `cargo run --release --example serve -- [--listen ADDR] FOLDER`.
//!
//! It listens on 127.0.0.1:8000 unless told otherwise. A file is streamed as the
//! client takes it; a client that goes away closes it. Paths and links that lead
//! out of the folder are refused; who may write in the folder is trusted.

use std::io::{ErrorKind, SeekFrom};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aiofiles::{BinaryFile, os, ospath};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

/// What one read of a stream asks for.
const CHUNK: usize = 64 * 1024;

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (listen, folder) = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [folder] if !folder.starts_with('-') => ("127.0.0.1:8000", folder),
        ["--listen", listen, folder] => (listen, folder),
        _ => {
            eprintln!("usage: serve [--listen ADDR] FOLDER");
            return ExitCode::from(2);
        }
    };
    match serve(listen, folder).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("serve: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(listen: &str, folder: &str) -> std::io::Result<()> {
    let root = ospath::realpath(folder).strict(true).await?;
    let app = Router::new()
        .route("/{*path}", get(answer))
        .with_state(Arc::new(root));
    let listener = tokio::net::TcpListener::bind(listen).await?;
    println!("serving {folder} on http://{}", listener.local_addr()?);
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

/// What tells one state of a file from another.
struct Version {
    size: u64,
    /// In whole seconds, as HTTP has it.
    modified: SystemTime,
    etag: String,
    mime: &'static str,
}

/// Opens what the URL means, if it is a file in `root`.
async fn open(root: &Path, path: &str) -> Result<(BinaryFile, Version), StatusCode> {
    let path = Path::new(path);
    // `..`, a second slash at the begin, percent-encoded or not.
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
    // Before it is opened: a FIFO would wait for a writer.
    let found = os::stat(&path).await.map_err(|error| status(&error))?;
    if !found.is_file() {
        return Err(StatusCode::NOT_FOUND);
    }
    let opened = async {
        let mut file = aiofiles::open(&path).binary().await?;
        // Of the very file that is sent.
        let metadata = file.metadata().await?;
        Ok((file, metadata))
    };
    let (file, metadata) = opened.await.map_err(|error| status(&error))?;
    let since = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .unwrap_or_default();
    let version = Version {
        size: metadata.len(),
        modified: UNIX_EPOCH + Duration::from_secs(since.as_secs()),
        etag: format!("\"{:x}-{:x}\"", metadata.len(), since.as_nanos()),
        mime: mime(&path),
    };
    Ok((file, version))
}

fn status(error: &aiofiles::Error) -> StatusCode {
    match error.kind() {
        ErrorKind::NotFound
        | ErrorKind::NotADirectory
        | ErrorKind::InvalidFilename
        // A NUL in the path.
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
    headers: &HeaderMap,
) -> Response {
    let response = Response::builder()
        .header(header::ETAG, &version.etag)
        .header(
            header::LAST_MODIFIED,
            httpdate::fmt_http_date(version.modified),
        )
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    let size = version.size;
    let (response, begin, len) = if is_known(headers, &version) {
        (response.status(StatusCode::NOT_MODIFIED), 0, None)
    } else {
        match range(method, headers, &version) {
            Range::Whole => (response, 0, Some(size)),
            Range::Part(begin, end) => {
                let part = format!("bytes {begin}-{}/{size}", end - 1);
                let response = response
                    .status(StatusCode::PARTIAL_CONTENT)
                    .header(header::CONTENT_RANGE, part);
                (response, begin, Some(end - begin))
            }
            Range::Unsatisfiable => {
                let response = response
                    .status(StatusCode::RANGE_NOT_SATISFIABLE)
                    .header(header::CONTENT_RANGE, format!("bytes */{size}"));
                (response, 0, None)
            }
        }
    };
    let response = match len {
        None => response.body(Body::empty()),
        Some(len) => {
            if let Err(error) = file.seek(SeekFrom::Start(begin)).await {
                return status(&error).into_response();
            }
            // A file that grows meanwhile keeps the promised length; one that
            // shrinks ends the connection.
            let stream = ReaderStream::with_capacity(AsyncReadExt::take(file, len), CHUNK);
            response
                .header(header::CONTENT_LENGTH, len)
                .header(header::CONTENT_TYPE, version.mime)
                .body(Body::from_stream(stream))
        }
    };
    response.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Whether the client has this version already (RFC 9110, 13.2.2).
fn is_known(headers: &HeaderMap, version: &Version) -> bool {
    if headers.contains_key(header::IF_NONE_MATCH) {
        // Then the date does not count.
        return headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .any(|tag| tag == "*" || tag.trim_start_matches("W/") == version.etag);
    }
    text(headers, header::IF_MODIFIED_SINCE)
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .is_some_and(|date| version.modified <= date)
}

#[derive(Debug, PartialEq)]
enum Range {
    Whole,
    /// From a byte up to, and without, another.
    Part(u64, u64),
    Unsatisfiable,
}

/// The part that is asked for. Several at once, and what is no range of bytes,
/// give the whole, as RFC 9110 allows.
fn range(method: &Method, headers: &HeaderMap, version: &Version) -> Range {
    let size = version.size;
    if let Some(condition) = text(headers, header::IF_RANGE) {
        let same_date = || httpdate::parse_http_date(condition).ok() == Some(version.modified);
        if condition != version.etag && !same_date() {
            return Range::Whole;
        }
    }
    let asked = text(headers, header::RANGE)
        .filter(|_| method == Method::GET)
        .and_then(|value| value.strip_prefix("bytes="))
        .and_then(|value| value.trim().split_once('-'));
    let Some((first, last)) = asked else {
        return Range::Whole;
    };
    let (begin, end) = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => (first, last.saturating_add(1).min(size)),
        (Some(first), None) if last.is_empty() => (first, size),
        (None, Some(length)) if first.is_empty() => (size.saturating_sub(length), size),
        _ => return Range::Whole,
    };
    if begin < end {
        Range::Part(begin, end)
    } else {
        Range::Unsatisfiable
    }
}

/// Digits; more than there can be bytes are as good as the most.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}
