//! What the children do about input that is there already.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use aiofiles::{Result, stderr, stdin, stdin_bytes};
use futures::{StreamExt, poll};

use super::scenarios::{Done, say};

/// What is in the pipe is there at the first poll; its end is found out by a job.
pub(super) async fn in_place() -> Result<()> {
    let wait = || {
        let input = rustix::stdio::stdin();
        let mut ready = [rustix::event::PollFd::new(
            &input,
            rustix::event::PollFlags::IN,
        )];
        rustix::event::poll(&mut ready, None).unwrap();
    };
    wait();
    let (mut text, bytes) = (stdin(), stdin_bytes());
    assert!(matches!(
        poll!(Box::pin(text.next_line())),
        Poll::Ready(Ok(Some("one")))
    ));
    assert_eq!(bytes.read1(100).await?, b"two\n");
    stderr().write("ready\n").await?;
    wait();
    let mut read = Box::pin(bytes.read_owned(Vec::with_capacity(1024 * 1024)));
    let Poll::Ready((Ok(5), owned)) = poll!(&mut read) else {
        panic!("it was there");
    };
    assert_eq!(owned, b"three");
    drop(read);
    stderr().write("ready\n").await?;
    wait();
    assert!(
        poll!(text.readline()).is_pending(),
        "a job looks whether it is the end"
    );
    assert_eq!(text.next_line().await?, None);
    assert!(bytes.read_owned(owned).await.1 == b"three");
    say("over\n").await
}

/// Gives what is sent, and blocks until something is.
struct Sent(std::sync::mpsc::Receiver<&'static [u8]>);

impl aiofiles::RawIo for Sent {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let sent = self.0.recv().unwrap_or_default();
        buf[..sent.len()].copy_from_slice(sent);
        Ok(sent.len())
    }
}

/// Lines that are in the buffer while somebody waits for the turn are not for those who
/// come later.
pub(super) async fn in_order() -> Result<()> {
    let (send, sent) = std::sync::mpsc::channel();
    aiofiles::stdio::set_stdin(Sent(sent)).await?;
    let (one, mut two, mut three, mut four) = (stdin(), stdin(), stdin_bytes(), stdin());
    let (mut one, mut two) = (one.readline(), Box::pin(two.next_line()));
    assert!(poll!(&mut one).is_pending(), "it has the turn");
    assert!(poll!(&mut two).is_pending(), "it waits for the turn");
    send.send(b"one\ntwo\nthree\nfour\n").unwrap();
    assert_eq!(one.await?, "one\n");
    let (mut three, mut lines) = (Box::pin(three.next_line()), stdin().lines());
    assert!(poll!(&mut three).is_pending(), "it has come later");
    assert!(poll!(lines.next()).is_pending(), "it has come last");
    assert_eq!(two.await?, Some("two"));
    assert_eq!(three.await?, Some(&b"three"[..]));
    assert_eq!(four.next_line().await?, Some("four"));
    drop(send);
    assert!(lines.next().await.is_none());
    say("over\n").await
}

/// How often `future` is polled in vain.
async fn pauses(future: impl Future<Output = ()>) -> usize {
    let (mut future, mut pauses) = (pin!(future), 0);
    std::future::poll_fn(|cx| {
        let polled = future.as_mut().poll(cx);
        pauses += usize::from(polled.is_pending());
        polled
    })
    .await;
    pauses
}

/// Lines that are in the buffer do not use up the budget of a task.
pub(super) async fn many_lines() -> Done {
    const LINES: usize = 20_000;
    let input = std::io::Cursor::new(b"a line\n".repeat(6 * LINES));
    aiofiles::stdio::set_stdin(input).await?;
    let (mut text, mut bytes) = (stdin(), stdin_bytes());
    macro_rules! row {
        ($line:expr) => {{
            let pauses = pauses(async {
                for _ in 0..LINES {
                    $line;
                }
            });
            let (pauses, line) = (pauses.await, stringify!($line));
            // A job for each piece of the input, and few turns of others between.
            assert!(pauses < 30, "{line}: {pauses}");
        }};
    }
    row!(assert_eq!(
        bytes.next_line().await.unwrap().unwrap(),
        b"a line"
    ));
    row!(assert_eq!(
        bytes.next().await.unwrap().unwrap(),
        b"a line\n"
    ));
    row!(assert_eq!(text.next_line().await.unwrap(), Some("a line")));
    row!(assert_eq!(text.readline().await.unwrap(), "a line\n"));
    let mut lines = text.lines();
    row!(assert_eq!(lines.next().await.unwrap().unwrap(), "a line"));
    row!(assert_eq!(text.next().await.unwrap().unwrap(), "a line\n"));
    assert!(lines.next().await.is_none());
    Ok(say("over\n").await?)
}
