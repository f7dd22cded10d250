//! Lines of the body of a request, on loopback.

use std::net::SocketAddr;

use aiofiles_streams::http;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The service, on a port of its own, until the runtime of the test ends.
async fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async { axum::serve(listener, http::app()).await.unwrap() });
    addr
}

/// A request whose body comes in chunks.
struct Post(TcpStream);

impl Post {
    async fn new(kind: &str) -> Self {
        let mut stream = TcpStream::connect(serve().await).await.unwrap();
        let head = format!(
            "POST /number HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\
             content-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        Self(stream)
    }

    async fn send(&mut self, chunk: &[u8]) {
        let size = format!("{:x}\r\n", chunk.len());
        let chunk = [size.as_bytes(), chunk, b"\r\n"].concat();
        self.0.write_all(&chunk).await.unwrap();
    }

    /// Reads the answer until it has `text`.
    async fn wait_for(&mut self, text: &str) {
        let mut answer = Vec::new();
        while !String::from_utf8_lossy(&answer).contains(text) {
            let n = self.0.read_buf(&mut answer).await.unwrap();
            assert_ne!(n, 0, "{}", String::from_utf8_lossy(&answer));
        }
    }

    /// What is left of the answer, as it came.
    async fn rest(mut self) -> String {
        let mut answer = Vec::new();
        // A connection that breaks off has an answer, too: what came before.
        let _ = self.0.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }
}

#[tokio::test]
async fn lines_are_answered_while_the_body_is_still_sent() {
    let mut post = Post::new("text/plain; charset=shift_jis").await;
    // A character and a line end are cut in two.
    post.send(b"\x93\xfa\x96").await;
    post.send(b"\x7b\r").await;
    post.send(b"\nab").await;
    post.wait_for("1\t日本\n").await;
    post.send(b"c\nlast").await;
    post.wait_for("2\tabc\n").await;
    post.send(b"").await;
    let rest = post.rest().await;
    assert!(rest.contains("3\tlast\n"), "{rest}");
    assert!(rest.ends_with("0\r\n\r\n"), "the answer is whole: {rest:?}");
}

#[tokio::test]
async fn unknown_charset_is_told_before_anything_is_read() {
    let post = Post::new("text/plain; charset=\"rot13\"").await;
    let answer = post.rest().await;
    assert!(answer.starts_with("HTTP/1.1 415 "), "{answer}");
    assert!(answer.contains("rot13"), "{answer}");
}

#[tokio::test]
async fn line_without_end_ends_the_answer_and_not_the_memory() {
    let mut post = Post::new("text/plain").await;
    post.send(b"short\n").await;
    post.wait_for("1\tshort\n").await;
    post.send(&vec![b'x'; http::LONGEST + 2]).await;
    let rest = post.rest().await;
    assert!(
        !rest.contains('x') && !rest.ends_with("0\r\n\r\n"),
        "{rest:?}"
    );
}
