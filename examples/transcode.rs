//! Converts a text file from one encoding and line end to another, with a
//! progress bar:
//! `cargo run --release --example transcode -- [OPTIONS] SRC DST`.
//!
//! `--from ENC` and `--to ENC` (utf-8), `--newline lf|crlf|cr|keep` (keep),
//! `--errors POLICY` (strict). The destination appears whole or not at all.

use std::process::ExitCode;

use aiofiles::codec::Newline;

#[path = "support/progress.rs"]
mod progress;
use progress::Progress;

struct Options {
    from: String,
    to: String,
    newline: Option<Newline>,
    errors: String,
    src: String,
    dst: String,
}

fn parse(mut args: impl Iterator<Item = String>) -> Option<Options> {
    let (mut from, mut to) = ("utf-8".to_owned(), "utf-8".to_owned());
    let (mut newline, mut errors) = (None, "strict".to_owned());
    let mut paths = Vec::new();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--from" => from = args.next()?,
            "--to" => to = args.next()?,
            "--errors" => errors = args.next()?,
            "--newline" => {
                newline = match args.next()?.as_str() {
                    "lf" => Some(Newline::Lf),
                    "crlf" => Some(Newline::CrLf),
                    "cr" => Some(Newline::Cr),
                    "keep" => None,
                    _ => return None,
                };
            }
            option if option.starts_with("--") => return None,
            _ => paths.push(arg),
        }
    }
    let [src, dst] = <[String; 2]>::try_from(paths).ok()?;
    Some(Options {
        from,
        to,
        newline,
        errors,
        src,
        dst,
    })
}

async fn transcode(options: &Options) -> aiofiles::Result<()> {
    // Line ends that are to change are read as `\n`; others pass as they are.
    let (read, write) = match options.newline {
        Some(newline) => (Newline::Universal, newline),
        None => (Newline::Untranslated, Newline::Untranslated),
    };
    let mut src = aiofiles::open(&options.src)
        .encoding(options.from.as_str())
        .errors(options.errors.as_str())
        .newline(read)
        .await?;
    let size = src.metadata().await?.len();
    let part = format!("{}.part", options.dst);
    let copied = async {
        let mut dst = aiofiles::open(&part)
            .mode("w")
            .encoding(options.to.as_str())
            .errors(options.errors.as_str())
            .newline(write)
            .await?;
        let mut progress = Progress::new("transcoding", size);
        let mut done = 0;
        loop {
            let text = src.read().size(64 * 1024).await?;
            if text.is_empty() {
                break;
            }
            dst.write(&text).await?;
            done += text.len() as u64;
            progress.set(done);
        }
        dst.sync_all().await?;
        dst.close().await
    };
    let result: aiofiles::Result<()> = copied.await;
    let (part, dst) = (part.clone(), options.dst.clone());
    let keep = result.is_ok();
    let placed = aiofiles::delegate(move || {
        let placed = if keep {
            std::fs::rename(&part, dst)
        } else {
            Ok(())
        };
        if !keep || placed.is_err() {
            // It is not there if it could not be opened.
            let _ = std::fs::remove_file(&part);
        }
        placed
    });
    let placed = placed.await?;
    result?;
    placed.map_err(|source| aiofiles::Error::Os {
        op: "rename",
        path: Some(options.dst.clone().into()),
        source,
    })
}

#[tokio::main]
async fn main() -> ExitCode {
    let Some(options) = parse(std::env::args().skip(1)) else {
        eprintln!(
            "usage: transcode [--from ENC] [--to ENC] [--newline lf|crlf|cr|keep] \
             [--errors POLICY] SRC DST"
        );
        return ExitCode::from(2);
    };
    match transcode(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("transcode: {error}");
            ExitCode::FAILURE
        }
    }
}
