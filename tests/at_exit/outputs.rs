//! What is written to the standard streams shortly before `main` returns, and not flushed.

use std::sync::mpsc::channel;
use std::time::Duration;

use futures::executor::block_on;

use super::common::poll_once;

/// What is written to the standard output and not flushed, and how.
pub(crate) type Output = (&'static str, fn());

/// What each of them writes there.
pub(crate) fn written() -> String {
    format!("{}, unflushed", "x".repeat(200_000))
}

async fn write_out() {
    let out = aiofiles::stdout();
    let written = written();
    let (first, rest) = written.split_at(199_000);
    // Where nobody reads it, that may be known already.
    out.write(first).await.ok();
    aiofiles::stdout_bytes().write(rest.as_bytes()).await.ok();
}

pub(crate) const OUTPUTS: &[Output] = &[
    ("output_without_a_runtime", || block_on(write_out())),
    ("output_in_main_of_tokio", || {
        #[tokio::main]
        async fn main() {
            write_out().await;
        }
        main();
    }),
    ("output_in_tasks_of_tokio", || {
        #[tokio::main]
        async fn main() {
            tokio::spawn(write_out()).await.unwrap();
        }
        main();
    }),
    ("output_on_a_thread_that_is_joined", || {
        let thread = std::thread::spawn(|| block_on(write_out()));
        thread.join().unwrap();
    }),
    ("output_on_a_thread_that_is_not_joined", || {
        // The main thread has used the stream.
        block_on(aiofiles::stdout().write("")).unwrap();
        let (done, is_done) = channel();
        std::thread::spawn(move || {
            block_on(write_out());
            done.send(()).unwrap();
            loop {
                std::thread::park();
            }
        });
        is_done.recv().unwrap();
    }),
    ("output_while_a_thread_has_the_turn", || {
        block_on(write_out());
        let (begun, has_begun) = channel();
        std::thread::spawn(move || {
            let items = std::iter::once_with(|| {
                begun.send(()).unwrap();
                // `main` has returned long before.
                std::thread::sleep(Duration::from_millis(300));
                ""
            });
            block_on(aiofiles::stdout().writelines(items)).unwrap();
            loop {
                std::thread::park();
            }
        });
        has_begun.recv().unwrap();
    }),
    ("output_while_a_future_keeps_the_turn", || {
        block_on(write_out());
        block_on(aiofiles::stdout().flush()).ok();
        // Nobody can take the turn any more, so the process does not wait for it for long.
        let endless = async { aiofiles::stdout().writelines(std::iter::repeat("")).await };
        let mut endless = Box::pin(endless);
        assert!(poll_once(endless.as_mut()).is_none());
        std::mem::forget(endless);
    }),
    ("output_while_a_future_is_next_in_line", || {
        let mut next = Box::pin(async { aiofiles::stdout().flush().await });
        let written = written();
        // The last of them stays in the buffer.
        let (first, rest) = written.split_at(199_000);
        let items = [first, rest].into_iter().inspect(|_| {
            assert!(poll_once(next.as_mut()).is_none());
        });
        block_on(aiofiles::stdout().writelines(items)).ok();
        std::mem::forget(next);
    }),
    ("output_by_the_trait", || {
        let write = async {
            let mut out = aiofiles::stdout_bytes();
            tokio::io::AsyncWriteExt::write_all(&mut out, written().as_bytes()).await
        };
        block_on(write).ok();
    }),
    ("output_whose_flush_was_given_up", || {
        block_on(write_out());
        let out = aiofiles::stdout();
        drop(poll_once(std::pin::pin!(out.flush())));
    }),
    ("output_of_main_that_panics", || {
        block_on(write_out());
        std::panic::resume_unwind(Box::new("main"));
    }),
    ("output_to_stderr_without_a_line_end", || {
        // There it is line buffered.
        let write = async {
            aiofiles::stderr().write("no line end").await.unwrap();
            write_out().await;
        };
        block_on(write);
    }),
];
