//! Copies a file through buffers of its own, with a progress bar:
//! `cargo run --release --example copy -- SRC DST`.
//!
//! To show reading and writing; `aiofiles::copy` lets the kernel do it. The
//! buffer moves between the two files and is never copied.

use std::process::ExitCode;

use aiofiles::ospath;

#[path = "support/progress.rs"]
mod progress;
use progress::Progress;

async fn copy(src: &str, dst: &str) -> aiofiles::Result<u64> {
    // Opening it to write would empty it before it is read.
    if ospath::exists(dst).await? && ospath::samefile(src, dst).await? {
        return Err(aiofiles::Error::OsPair {
            op: "copy",
            src: src.into(),
            dst: dst.into(),
            source: std::io::Error::other("they are the same file"),
        });
    }
    let mut src = aiofiles::open(src).raw().await?;
    let size = src.metadata().await?.len();
    let mut dst = aiofiles::open(dst).binary().mode("w").await?;
    let mut progress = Progress::new("copying", size);
    let mut done = 0;
    let mut buf = Vec::with_capacity(256 * 1024);
    loop {
        let (read, full) = src.read_owned(buf).await;
        if read? == 0 {
            break;
        }
        let (written, empty) = dst.write_owned(full).await;
        let n = written?;
        if n < empty.len() {
            // The next write tells why.
            dst.write(&empty[n..]).await?;
            dst.flush().await?;
        }
        done += empty.len() as u64;
        progress.set(done);
        buf = empty;
        buf.clear();
    }
    dst.close().await?;
    Ok(done)
}

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [src, dst] = args.as_slice() else {
        eprintln!("usage: copy SRC DST");
        return ExitCode::from(2);
    };
    match copy(src, dst).await {
        Ok(bytes) => {
            println!("{bytes} bytes");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("copy: {error}");
            ExitCode::FAILURE
        }
    }
}
