//! A stream that does what it is told.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};

/// What a stream does next.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Bytes(Vec<u8>),
    Wait,
    Fail(ErrorKind),
    /// As at its end.
    Nothing,
    Panic,
}

/// Does what it is told, and is at its end then.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script(VecDeque<Step>);

impl Script {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self(steps.into_iter().collect())
    }

    /// `size` bytes at a time, with a wait before each.
    pub(crate) fn dribble(bytes: &[u8], size: usize) -> Self {
        let pieces = bytes.chunks(size).map(|piece| Step::Bytes(piece.to_vec()));
        Self::new(pieces.flat_map(|piece| [Step::Wait, piece]))
    }
}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.0.pop_front() {
            None | Some(Step::Nothing) => Poll::Ready(Ok(())),
            Some(Step::Bytes(mut bytes)) => {
                let rest = bytes.split_off(bytes.len().min(buf.remaining()));
                buf.put_slice(&bytes);
                if !rest.is_empty() {
                    self.0.push_front(Step::Bytes(rest));
                }
                Poll::Ready(Ok(()))
            }
            Some(Step::Wait) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Step::Fail(kind)) => Poll::Ready(Err(kind.into())),
            Some(Step::Panic) => panic!("the stream panics"),
        }
    }
}
