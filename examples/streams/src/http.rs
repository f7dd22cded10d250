//! A service that numbers the lines of the text that it receives, while it receives it:
//! `curl -T - -H 'content-type: text/plain; charset=shift_jis' http://HOST/number`.

use std::io;

use aiofiles::text;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures::{StreamExt, TryStreamExt};
use tokio_util::io::StreamReader;

/// The longest line, in bytes, so that no client can make the service hold more.
pub const LONGEST: usize = 64 * 1024;

/// `POST /number` answers with each line of the body, in UTF-8, after its number.
pub fn app() -> Router {
    Router::new().route("/number", post(number))
}

async fn number(headers: HeaderMap, body: Body) -> Response {
    let bytes = StreamReader::new(body.into_data_stream().map_err(io::Error::other));
    let reader = text::reader(bytes)
        .encoding(charset(&headers))
        .errors("replace");
    let reader = match reader.await {
        Ok(reader) => reader,
        Err(error) => {
            return (StatusCode::UNSUPPORTED_MEDIA_TYPE, error.to_string()).into_response();
        }
    };
    let lines = reader.into_lines().max_len(LONGEST).enumerate();
    let answer = lines.map(|(index, line)| line.map(|line| format!("{}\t{line}\n", index + 1)));
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (kind, Body::from_stream(answer)).into_response()
}

/// The encoding that the client says its text is in.
fn charset(headers: &HeaderMap) -> &str {
    let kind = headers.get(header::CONTENT_TYPE);
    let parameters = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let charset = parameters.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then_some(value.trim().trim_matches('"'))
    });
    charset.unwrap_or("utf-8")
}
