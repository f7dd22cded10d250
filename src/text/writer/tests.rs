//! What only the insides of a writer show.

use std::task::Waker;

use super::*;

/// Takes four bytes of every second call.
#[derive(Default)]
struct Slow {
    taken: Vec<u8>,
    waits: bool,
}

impl AsyncWrite for Slow {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.waits = !self.waits;
        if !self.waits {
            return Poll::Pending;
        }
        let n = data.len().min(4);
        self.taken.extend_from_slice(&data[..n]);
        Poll::Ready(Ok(n))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn flushes_that_are_given_up_do_not_let_the_buffer_grow() {
    fn poll<T>(future: impl Future<Output = T>) -> Poll<T> {
        std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop()))
    }
    for by_trait in [false, true] {
        let mut writer = Writer::new(Slow::default());
        let mut written = Vec::new();
        assert!(poll(writer.write("ab")).is_ready());
        written.extend_from_slice(b"ab");
        for n in 0..10_000 {
            let data = format!("{:04}", n % 10_000);
            if by_trait {
                let mut cx = Context::from_waker(Waker::noop());
                let polled = Pin::new(&mut writer).poll_write(&mut cx, data.as_bytes());
                assert!(matches!(polled, Poll::Ready(Ok(4))));
            } else {
                assert!(poll(writer.write(&data)).is_ready());
            }
            written.extend_from_slice(data.as_bytes());
            assert!(poll(writer.flush()).is_pending());
            assert_eq!(writer.buffer().len(), 2);
        }
        assert!(writer.out.capacity() < 1000, "{}", writer.out.capacity());
        while poll(writer.flush()).is_pending() {}
        assert_eq!(writer.stream.taken, written);
    }
}
