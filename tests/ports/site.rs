//! A static file service, with the calls that tower-http's `ServeDir` makes: the metadata of
//! the path, then an open, then the metadata of the file, a seek, and reads of 64 KiB.

use std::io::{ErrorKind, SeekFrom};
use std::path::{Component, Path};
use std::time::SystemTime;

use http_range_header::{RangeUnsatisfiableError, parse_range_header};
use tokio::io::{AsyncReadExt, AsyncSeekExt, Take};
use tokio_util::io::ReaderStream;

use super::fs::{self, *};

#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    pub path: &'a str,
    pub range: Option<&'a str>,
    pub modified_since: Option<SystemTime>,
}

pub struct Response {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<ReaderStream<Take<File>>>,
}

impl Response {
    fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: None,
        }
    }
}

const ENOTDIR: i32 = 20;

/// The answer to an error, which is asked for its errno as `ServeDir` does.
macro_rules! or_answer {
    ($call:expr) => {
        match $call {
            Ok(value) => value,
            Err(error) => {
                let missing = error.raw_os_error() == Some(ENOTDIR)
                    || matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidInput);
                return Response::empty(match error.kind() {
                    _ if missing => 404,
                    ErrorKind::PermissionDenied => 404,
                    _ => 500,
                });
            }
        }
    };
}

pub async fn get(root: &Path, request: Request<'_>) -> Response {
    let relative = Path::new(request.path.trim_start_matches('/'));
    let is_normal = |part| matches!(part, Component::Normal(_));
    if !relative.components().all(is_normal) {
        return Response::empty(404);
    }
    let mut path = root.join(relative);
    if or_answer!(fs::metadata(&path).await).is_dir() {
        path.push("index.html");
    }
    let mut file = or_answer!(File::open(&path).await);
    let metadata = or_answer!(file.metadata().await);
    let modified = or_answer!(metadata.modified());
    if request
        .modified_since
        .is_some_and(|since| modified <= since)
    {
        return Response::empty(304);
    }
    let size = metadata.len();
    let range = request.range.map(|range| {
        let ranges = parse_range_header(range)?;
        ranges.validate(size)
    });
    let (status, begin, end) = match range {
        None => (200, 0, size),
        Some(Ok(ranges)) => match ranges.as_slice() {
            [range] => (206, *range.start(), *range.end() + 1),
            _ => (200, 0, size),
        },
        Some(Err(RangeUnsatisfiableError::Unsatisfiable)) => {
            let mut response = Response::empty(416);
            let range = format!("bytes */{size}");
            response.headers.push(("content-range", range));
            return response;
        }
        Some(Err(_)) => (200, 0, size),
    };
    let mut headers = vec![("content-length", (end - begin).to_string())];
    if status == 206 {
        let range = format!("bytes {begin}-{}/{size}", end - 1);
        headers.push(("content-range", range));
        or_answer!(file.seek(SeekFrom::Start(begin)).await);
    }
    let body = ReaderStream::with_capacity(file.take(end - begin), 64 * 1024);
    Response {
        status,
        headers,
        body: Some(body),
    }
}
