//! The example `serve`, over loopback, with HTTP by hand.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What the tests wait for comes soon; this is for machines under load.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server of a folder of its own, on a free port; killed at the end.
struct Server {
    child: Child,
    address: String,
    dir: tempfile::TempDir,
}

impl Server {
    /// `None` where the example is not built.
    fn start() -> Option<Self> {
        let test = std::env::current_exe().unwrap();
        let profile = test.parent().and_then(Path::parent).unwrap();
        let example = profile.join("examples/serve");
        if !example.exists() {
            println!("skipped: `cargo test --test serve` alone does not build the example");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("root")).unwrap();
        let mut child = Command::new(example)
            .args(["--listen", "127.0.0.1:0"])
            .arg(dir.path().join("root"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let (_, address) = line.trim_end().split_once("http://").unwrap();
        let address = address.to_owned();
        Some(Self {
            child,
            address,
            dir,
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("root").join(name)
    }

    fn file(&self, name: &str, data: impl AsRef<[u8]>) {
        fs::write(self.path(name), data).unwrap();
    }

    fn get(&self, path: &str, headers: &str) -> Answer {
        self.ask("GET", path, headers)
    }

    fn ask(&self, method: &str, path: &str, headers: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
            .write_all(request(method, path, headers).as_bytes())
            .unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        Answer::parse(&bytes)
    }

    /// How many descriptors the server has open.
    fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id()))
            .unwrap()
            .count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which the test sees elsewhere.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn request(method: &str, path: &str, headers: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{headers}\r\n")
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.expect("an answer with a head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        });
        Self {
            status: status.parse().unwrap(),
            headers: headers.collect(),
            body: bytes[end + 4..].to_vec(),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }
}

#[test]
fn whole_file_comes_with_its_size_and_validators() {
    let Some(server) = Server::start() else {
        return;
    };
    server.file("a b.txt", "caf\u{e9}");
    server.file("empty", "");
    let answer = server.get("/a%20b.txt", "");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, "caf\u{e9}".as_bytes());
    assert_eq!(answer.header("content-length"), Some("5"));
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(answer.header("accept-ranges"), Some("bytes"));
    assert!(answer.header("etag").unwrap().starts_with('"'));
    assert!(answer.header("last-modified").unwrap().ends_with(" GMT"));
    let empty = server.get("/empty", "");
    assert_eq!((empty.status, empty.body.len()), (200, 0));
    let head = server.ask("HEAD", "/a%20b.txt", "Range: bytes=0-1\r\n");
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some("5"));
}

#[test]
fn ranges_are_as_rfc_9110_has_them() {
    let Some(server) = Server::start() else {
        return;
    };
    server.file("ten", "0123456789");
    server.file("empty", "");
    for (range, body, part) in [
        ("0-0", "0", "bytes 0-0/10"),
        ("3-5", "345", "bytes 3-5/10"),
        ("7-", "789", "bytes 7-9/10"),
        ("-4", "6789", "bytes 6-9/10"),
        ("-99", "0123456789", "bytes 0-9/10"),
        ("8-99999999999999999999999", "89", "bytes 8-9/10"),
        ("0-18446744073709551615", "0123456789", "bytes 0-9/10"),
    ] {
        let answer = server.get("/ten", &format!("Range: bytes={range}\r\n"));
        assert_eq!(answer.status, 206, "{range}");
        assert_eq!(answer.body, body.as_bytes(), "{range}");
        assert_eq!(answer.header("content-range"), Some(part), "{range}");
    }
    for (path, range) in [
        ("/ten", "10-"),
        ("/ten", "99999999999999999999999-"),
        ("/ten", "-0"),
        ("/empty", "0-"),
        ("/empty", "-0"),
    ] {
        let answer = server.get(path, &format!("Range: bytes={range}\r\n"));
        assert_eq!(answer.status, 416, "{path} {range}");
        let size = if path == "/ten" { 10 } else { 0 };
        let whole = format!("bytes */{size}");
        assert_eq!(answer.header("content-range"), Some(&*whole), "{range}");
        assert!(answer.body.is_empty(), "{range}");
    }
    for ignored in [
        "bytes=5-3",
        "bytes=-",
        "bytes=x-2",
        "bytes=+1-2",
        "bytes=0-1,3-4",
        "lines=0-1",
    ] {
        let answer = server.get("/ten", &format!("Range: {ignored}\r\n"));
        assert_eq!(answer.status, 200, "{ignored}");
        assert_eq!(answer.body, b"0123456789", "{ignored}");
    }
    // The end of nothing is nothing, and no part of it.
    let answer = server.get("/empty", "Range: bytes=-1\r\n");
    assert_eq!((answer.status, answer.body.len()), (200, 0));
}

#[test]
fn known_versions_are_not_sent_again() {
    let Some(server) = Server::start() else {
        return;
    };
    server.file("file", "first");
    let first = server.get("/file", "");
    let etag = first.header("etag").unwrap();
    let modified = first.header("last-modified").unwrap();
    let old = "Thu, 01 Jan 1970 00:00:00 GMT";
    for (headers, status) in [
        (format!("If-None-Match: {etag}\r\n"), 304),
        (format!("If-None-Match: \"x\", W/{etag}\r\n"), 304),
        ("If-None-Match: *\r\n".to_owned(), 304),
        ("If-None-Match: \"x\"\r\n".to_owned(), 200),
        (format!("If-Modified-Since: {modified}\r\n"), 304),
        (format!("If-Modified-Since: {old}\r\n"), 200),
        ("If-Modified-Since: yesterday\r\n".to_owned(), 200),
        // The date does not count beside a tag.
        (
            format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {modified}\r\n"),
            200,
        ),
        (
            format!("If-None-Match: {etag}\r\nRange: bytes=0-1\r\n"),
            304,
        ),
        (format!("If-Range: {etag}\r\nRange: bytes=0-1\r\n"), 206),
        (format!("If-Range: {modified}\r\nRange: bytes=0-1\r\n"), 206),
        ("If-Range: \"x\"\r\nRange: bytes=0-1\r\n".to_owned(), 200),
        (
            "If-Range: yesterday\r\nRange: bytes=0-1\r\n".to_owned(),
            200,
        ),
    ] {
        let answer = server.get("/file", &headers);
        assert_eq!(answer.status, status, "{headers}");
        assert_eq!(answer.header("etag"), Some(etag), "{headers}");
        assert_eq!(answer.body.is_empty(), status == 304, "{headers}");
    }
    server.file("file", "second");
    let answer = server.get("/file", &format!("If-None-Match: {etag}\r\n"));
    assert_eq!((answer.status, &*answer.body), (200, &b"second"[..]));
}

#[test]
fn what_is_no_file_of_the_folder_is_refused() {
    let Some(server) = Server::start() else {
        return;
    };
    let secret = server.dir.path().join("secret");
    fs::write(&secret, "secret").unwrap();
    server.file("file", "file");
    fs::create_dir(server.path("folder")).unwrap();
    symlink(&secret, server.path("out")).unwrap();
    symlink("../..", server.path("folder/up")).unwrap();
    symlink("../file", server.path("folder/in")).unwrap();
    symlink("nowhere", server.path("dangling")).unwrap();
    let fifo = Command::new("mkfifo").arg(server.path("fifo")).status();
    assert!(fifo.unwrap().success());
    let long = format!("/{}", "x".repeat(300));
    for (path, status) in [
        ("/missing", 404),
        ("/", 404),
        ("/folder", 404),
        ("/fifo", 404),
        ("/dangling", 404),
        ("/file/below", 404),
        ("/nul%00", 404),
        (&long, 404),
        ("/out", 403),
        ("/folder/up/secret", 403),
        ("/../secret", 403),
        ("/folder/../../secret", 403),
        ("/%2e%2e/secret", 403),
        ("/..%2fsecret", 403),
        ("//etc/passwd", 403),
        ("/%2fetc/passwd", 403),
        ("/folder/in", 200),
        ("/folder//in", 200),
    ] {
        let answer = server.get(path, "");
        assert_eq!(answer.status, status, "{path}");
        let body = String::from_utf8(answer.body).unwrap();
        assert!(!body.contains("secret"), "{path}");
    }
    for method in ["POST", "PUT", "DELETE"] {
        let answer = server.ask(method, "/file", "Content-Length: 0\r\n");
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), Some("GET,HEAD"), "{method}");
    }
    assert_eq!(fs::read(server.path("file")).unwrap(), b"file");
}

#[tokio::test]
async fn downloads_that_clients_leave_give_their_descriptors_back() {
    const CLIENTS: usize = 64;
    const SIZE: usize = 6 << 20;
    let Some(server) = Server::start() else {
        return;
    };
    let data: Vec<u8> = (0..SIZE).map(|i| (i / 3 % 251) as u8).collect();
    for i in 0..4 {
        server.file(&format!("{i}"), &data);
    }
    assert_eq!(server.get("/0", "Range: bytes=-1\r\n").status, 206);
    let before = server.descriptors();
    let mut clients = Vec::new();
    for client in 0..CLIENTS {
        let address = server.address.clone();
        clients.push(tokio::spawn(async move {
            let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
            let asked = request("GET", &format!("/{}", client % 4), "");
            stream.write_all(asked.as_bytes()).await.unwrap();
            let mut bytes = Vec::new();
            match client % 8 {
                // Takes it all.
                0 => drop(stream.read_to_end(&mut bytes).await.unwrap()),
                // Leaves before the answer, or early in it, or late.
                1 => {}
                turn => {
                    let enough = turn * SIZE / 8;
                    let mut some = stream.take(enough as u64);
                    some.read_to_end(&mut bytes).await.unwrap();
                }
            }
            (client, bytes)
        }));
    }
    for client in clients {
        let (client, bytes) = tokio::time::timeout(PATIENCE, client)
            .await
            .unwrap()
            .unwrap();
        if client % 8 == 0 {
            let answer = Answer::parse(&bytes);
            assert_eq!(answer.status, 200);
            assert!(answer.body == data, "client {client}");
        }
    }
    // It learns of a client that has gone when it writes to it next. It is asked
    // something meanwhile, which it must answer, too.
    let begun = Instant::now();
    while server.descriptors() > before {
        assert!(begun.elapsed() < PATIENCE, "descriptors stay open");
        assert_eq!(server.get("/0", "Range: bytes=0-0\r\n").body, [data[0]]);
    }
}
