//! Text over async streams that do something odd in one of their polls, each in turn.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake};

use aiofiles::text::{Reader, Writer, reader, writer};
use aiofiles::{Error, Result};
use futures::executor::block_on;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::odd::Bomb;
use super::operations::of_std;

/// What a stream does in the poll whose turn it is, in place of what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Nothing,
    Panics,
    PanicsAgain,
    Fails,
    /// Pending, and woken at once.
    Waits,
    /// Pending, and never woken: whoever waits gives up.
    Forgets,
    Interrupted,
    /// A read puts another buffer in place of the one it is to fill; a write says that
    /// it took one byte more than there is.
    OneMore,
    /// A write says that it took all the bytes in the world.
    Largest,
    /// A write takes nothing.
    Stalls,
    /// Uses the crate.
    ComesBack,
}

const DEEDS: [Deed; 11] = [
    Deed::Nothing,
    Deed::Panics,
    Deed::PanicsAgain,
    Deed::Fails,
    Deed::Waits,
    Deed::Forgets,
    Deed::Interrupted,
    Deed::OneMore,
    Deed::Largest,
    Deed::Stalls,
    Deed::ComesBack,
];

#[derive(Default)]
struct Inner {
    data: Vec<u8>,
    at: usize,
    polls: usize,
    /// The number of the poll that it happens in.
    when: Option<(usize, Deed)>,
}

#[derive(Clone, Default)]
struct Odd(Arc<Mutex<Inner>>);

impl Odd {
    fn new(data: &[u8]) -> Self {
        let odd = Self::default();
        odd.with(|inner| inner.data = data.to_vec());
        odd
    }

    fn with<T>(&self, f: impl FnOnce(&mut Inner) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn plan(&self, deed: Deed, good: usize) {
        self.with(|inner| inner.when = Some((inner.polls + good, deed)));
    }

    /// Whether what was planned has happened.
    fn heal(&self) -> bool {
        self.with(|inner| inner.when.take().is_none())
    }

    /// What befalls this poll.
    fn turn(&self, cx: &mut Context<'_>) -> Poll<io::Result<Deed>> {
        let deed = self.with(|inner| {
            let now = inner.polls;
            inner.polls += 1;
            inner
                .when
                .take_if(|(when, _)| *when == now)
                .map(|(_, deed)| deed)
        });
        match deed.unwrap_or(Deed::Nothing) {
            Deed::Panics => resume_unwind(Box::new("the stream panics")),
            Deed::PanicsAgain => resume_unwind(Box::new(Bomb(3))),
            Deed::Fails => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            Deed::Interrupted => Poll::Ready(Err(io::ErrorKind::Interrupted.into())),
            Deed::Waits => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Deed::Forgets => Poll::Pending,
            Deed::ComesBack => {
                smol::block_on(async {
                    let mut other = writer(Vec::new()).await.unwrap();
                    other.write("x").await.unwrap();
                    other.close().await.unwrap();
                });
                Poll::Ready(Ok(Deed::Nothing))
            }
            deed => Poll::Ready(Ok(deed)),
        }
    }
}

impl AsyncRead for Odd {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match std::task::ready!(self.turn(cx))? {
            Deed::OneMore => {
                let other = Box::leak(Box::new([b'!'; 40]));
                *buf = ReadBuf::new(other);
                buf.set_filled(40);
                return Poll::Ready(Ok(()));
            }
            Deed::Largest | Deed::Stalls => {
                // A buffer of its own that is empty is no end.
                *buf = ReadBuf::new(&mut []);
                return Poll::Ready(Ok(()));
            }
            _ => {}
        }
        self.with(|inner| {
            let rest = &inner.data[inner.at..];
            let n = rest.len().min(buf.remaining()).min(7);
            buf.put_slice(&rest[..n]);
            inner.at += n;
        });
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Odd {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(match std::task::ready!(self.turn(cx))? {
            Deed::OneMore => data.len() + 1,
            Deed::Largest => usize::MAX,
            Deed::Stalls => 0,
            _ => self.with(|inner| {
                let n = data.len().min(7);
                inner.data.extend_from_slice(&data[..n]);
                n
            }),
        }))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.turn(cx).map_ok(drop)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.turn(cx).map_ok(drop)
    }
}

type Given<'a> = Pin<Box<dyn Future<Output = Result<String>> + Send + 'a>>;
type Operation<F> = for<'a> fn(&'a mut F) -> Given<'a>;

macro_rules! operations {
    ($name:ident, $side:ty, $($op:literal => |$f:ident| $call:expr),* $(,)?) => {
        const $name: &[(&str, Operation<$side>)] = &[$((
            $op,
            |$f| Box::pin(async move { Ok($call) }),
        )),*];
    };
}

// Each gives the text that it has read.
operations!(READS, Reader<Odd>,
    "read" => |r| r.read().await?,
    "read.size" => |r| r.read().size(12).await?,
    "readline" => |r| r.readline().await?,
    "readlines" => |r| r.readlines().await?.concat(),
    "readlines.hint" => |r| r.readlines().hint(12).await?.concat(),
    "next_line" => |r| r.next_line().await?.map_or(String::new(), |line| format!("{line}\n")),
    "lines" => |r| {
        use futures::StreamExt as _;
        match r.lines().next().await {
            Some(line) => line? + "\n",
            None => String::new(),
        }
    },
);

// Each gives the text that is out, or in the buffer.
operations!(WRITES, Writer<Odd>,
    "write" => |w| { w.write("some text").await?; "some text".into() },
    "write much" => |w| { let text = "x".repeat(50); w.write(&text).await?; text },
    "writelines" => |w| { w.writelines(["one\n", "two\n"]).await?; "one\ntwo\n".into() },
    "flush" => |w| { w.flush().await?; String::new() },
    "tokio write" => |w| {
        use tokio::io::AsyncWriteExt as _;
        of_std(w.write_all(b"by tokio").await)?;
        "by tokio".into()
    },
    "tokio flush" => |w| {
        of_std(tokio::io::AsyncWriteExt::flush(w).await)?;
        String::new()
    },
    "close" => |w| { w.close().await?; String::new() },
);

/// Counts how often it is woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// How a call ended.
#[derive(Debug)]
enum End {
    Gave(String),
    Failed(Error),
    Panicked,
    /// Nobody woke it, and it was dropped.
    GivenUp,
}

/// Polls as long as somebody wakes it.
fn drive(future: impl Future<Output = Result<String>>) -> End {
    let bell = Arc::<Bell>::default();
    let waker = bell.clone().into();
    let mut future = pin!(future);
    for polls in 0.. {
        assert!(polls < 10_000, "it goes on for ever");
        let polled = catch_unwind(AssertUnwindSafe(|| {
            future.as_mut().poll(&mut Context::from_waker(&waker))
        }));
        match polled {
            Ok(Poll::Ready(Ok(text))) => return End::Gave(text),
            Ok(Poll::Ready(Err(error))) => return End::Failed(error),
            Ok(Poll::Pending) if bell.0.swap(0, Ordering::SeqCst) == 0 => return End::GivenUp,
            Ok(Poll::Pending) => {}
            Err(payload) => {
                std::mem::forget(payload);
                return End::Panicked;
            }
        }
    }
    unreachable!("it returns or panics");
}

/// Whether a call may end so where its stream does that.
fn expected(end: &End, deed: Deed, happened: bool) -> bool {
    match end {
        End::Gave(_) => true,
        End::Failed(error) => {
            let kind = error.kind();
            happened
                && match deed {
                    Deed::Fails => kind == io::ErrorKind::ConnectionReset,
                    Deed::OneMore | Deed::Largest => kind == io::ErrorKind::Other,
                    Deed::Stalls => {
                        [io::ErrorKind::WriteZero, io::ErrorKind::Other].contains(&kind)
                    }
                    _ => false,
                }
        }
        End::Panicked => matches!(deed, Deed::Panics | Deed::PanicsAgain),
        End::GivenUp => deed == Deed::Forgets,
    }
}

const CONTENT: &str = "first line\nsecond, with \u{e9}\u{1f600}\nthird line, the last one\n";

#[test]
fn text_is_read_whole_from_a_stream_that_is_odd_once() {
    let mut happened = 0;
    for (name, operation) in READS {
        for (deed, poll) in DEEDS
            .iter()
            .flat_map(|deed| (0..12).map(move |poll| (*deed, poll)))
        {
            let at = format!("{name}, {deed:?} in poll {poll}");
            let odd = Odd::new(CONTENT.as_bytes());
            let mut r = block_on(reader(odd.clone()).newline("\n").buffering(16)).unwrap();
            odd.plan(deed, poll);
            let end = drive(operation(&mut r));
            let done = odd.heal();
            happened += usize::from(done);
            assert!(expected(&end, deed, done), "{at}: {end:?}");
            let before = match end {
                End::Gave(text) => text,
                End::Failed(_) | End::Panicked | End::GivenUp => String::new(),
            };
            let rest = block_on(r.read()).unwrap_or_else(|error| panic!("{at}: {error}"));
            assert_eq!(before + &rest, CONTENT, "{at}");
        }
    }
    assert!(happened > 300, "only {happened} things happened");
}

#[test]
fn text_is_written_whole_to_a_stream_that_is_odd_once() {
    let mut happened = 0;
    for (name, operation) in WRITES {
        for (deed, poll) in DEEDS
            .iter()
            .flat_map(|deed| (0..12).map(move |poll| (*deed, poll)))
        {
            let at = format!("{name}, {deed:?} in poll {poll}");
            let odd = Odd::new(b"");
            let mut w = block_on(writer(odd.clone()).newline("\n").buffering(16)).unwrap();
            block_on(w.write("before: ")).unwrap();
            odd.plan(deed, poll);
            let end = drive(operation(&mut w));
            let done = odd.heal();
            happened += usize::from(done);
            assert!(expected(&end, deed, done), "{at}: {end:?}");
            let closed = w.write("").wait_is_closed();
            if !closed {
                block_on(w.flush()).unwrap_or_else(|error| panic!("{at}: {error}"));
                block_on(w.close()).unwrap_or_else(|error| panic!("{at}: {error}"));
            }
            // A close that failed tells what it did not get rid of.
            let mut data = odd.with(|inner| inner.data.clone());
            data.extend_from_slice(w.buffer());
            let data = String::from_utf8(data).unwrap();
            match end {
                End::Gave(text) => assert_eq!(data, format!("before: {text}"), "{at}"),
                _ if *name == "writelines" => {
                    assert!(
                        ["before: ", "before: one\n"].contains(&&*data),
                        "{at}: {data}"
                    );
                }
                _ => assert_eq!(data, "before: ", "{at}"),
            }
        }
    }
    assert!(happened > 150, "only {happened} things happened");
}

/// Whether a call says that what it is made on is closed.
trait SaysClosed: Future<Output = Result<usize>> + Sized {
    fn wait_is_closed(self) -> bool {
        matches!(block_on(self), Err(Error::Closed { .. }))
    }
}

impl<F: Future<Output = Result<usize>>> SaysClosed for F {}

/// Is interrupted for ever.
struct Interrupted(Arc<AtomicUsize>);

impl Interrupted {
    fn poll<T>(&self) -> Poll<io::Result<T>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Err(io::ErrorKind::Interrupted.into()))
    }
}

impl AsyncRead for Interrupted {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll()
    }
}

impl AsyncWrite for Interrupted {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        self.poll()
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll()
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll()
    }
}

/// In a poll that never ends, nobody could give up.
#[test]
fn no_poll_waits_for_a_stream_that_is_interrupted_for_ever() {
    // A thread of its own, so that the test fails and does not hang.
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let polls = Arc::<AtomicUsize>::default();
        let mut r = block_on(reader(Interrupted(polls.clone()))).unwrap();
        assert!(crate::common::poll_once(pin!(r.read())).is_none());
        let mut w = block_on(writer(Interrupted(polls.clone()))).unwrap();
        block_on(w.write("x")).unwrap();
        assert!(crate::common::poll_once(pin!(w.flush())).is_none());
        tell.send(polls.load(Ordering::Relaxed)).unwrap();
    });
    let polls = told.recv_timeout(std::time::Duration::from_secs(60));
    assert!(polls.unwrap() < 100_000);
}

/// Gives and takes a byte a poll.
struct Drop1(usize);

impl AsyncRead for Drop1 {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0 += 1;
        buf.put_slice(b"x");
        Poll::Ready(Ok(()))
    }
}

#[test]
fn a_stream_of_drops_is_read_a_bounded_number_of_times_in_a_poll() {
    let mut r = block_on(reader(Drop1(0))).unwrap();
    assert!(
        crate::common::poll_once(pin!(r.read())).is_none(),
        "it has no end"
    );
    assert!(r.get_ref().0 < 100_000, "{} polls", r.get_ref().0);
}
