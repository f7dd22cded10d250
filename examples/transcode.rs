//! Converts a text from one encoding and line end to another, with a progress bar:
//! `cargo run --release --example transcode -- [OPTIONS] SRC DST`.
//!
//! The destination appears as a whole or not at all; until then the old file stays. The bar
//! is drawn on a terminal only. Into a pipe it writes what was converted, even if an error
//! comes later; it ends without an error if the reader of the pipe goes away.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aiofiles::codec::{Encoding, ErrorPolicy, Newline};
use aiofiles::open::Text;
use aiofiles::stdio::{TextInput, TextOutput};
use aiofiles::tempfile::{AtomicFile, atomic_file};
use aiofiles::{Result, TextFile};
use clap::{Parser, ValueEnum};

#[path = "support/progress.rs"]
mod progress;

/// Converts a text from one encoding and line end to another.
///
/// The destination appears whole or not at all.
#[derive(Parser)]
#[command(name = "transcode")]
struct Args {
    /// The encoding of the source
    #[arg(long, value_name = "LABEL", default_value = "utf-8")]
    from: Encoding,
    /// The encoding of the destination
    #[arg(long, value_name = "LABEL", default_value = "utf-8")]
    to: Encoding,
    /// The line ends of the destination
    #[arg(long, value_name = "ENDS", default_value = "keep")]
    newline: Ends,
    /// What becomes of what an encoding does not have: strict, ignore, replace,
    /// backslashreplace or xmlcharrefreplace
    #[arg(long, value_name = "POLICY", default_value = "strict")]
    errors: ErrorPolicy,
    /// What to convert; `-` is the standard input
    src: PathBuf,
    /// Where it goes; `-` is the standard output
    dst: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Ends {
    Keep,
    Lf,
    Crlf,
    Cr,
}

enum Source {
    File(Box<TextFile>),
    Stdin(TextInput),
}

enum Target {
    File(Box<AtomicFile<Text>>),
    Stdout(TextOutput),
}

impl Source {
    async fn open(args: &Args, newline: Newline) -> Result<Self> {
        let (encoding, errors) = (args.from.clone(), args.errors);
        if args.src == Path::new("-") {
            let stdin = aiofiles::stdin();
            let call = stdin.reconfigure().encoding(encoding).errors(errors);
            call.newline(newline).await?;
            return Ok(Self::Stdin(stdin));
        }
        let call = aiofiles::open(&args.src).encoding(encoding).errors(errors);
        Ok(Self::File(Box::new(call.newline(newline).await?)))
    }

    /// The number of bytes; 0 if it is not known.
    async fn size(&mut self) -> Result<u64> {
        match self {
            Self::File(file) => Ok(file.metadata().await?.len()),
            Self::Stdin(_) => Ok(0),
        }
    }

    async fn read(&mut self, characters: usize) -> Result<String> {
        match self {
            Self::File(file) => file.read().size(characters).await,
            Self::Stdin(stdin) => stdin.read().size(characters).await,
        }
    }
}

impl Target {
    async fn open(args: &Args, newline: Newline) -> Result<Self> {
        let (encoding, errors) = (args.to.clone(), args.errors);
        if args.dst == Path::new("-") {
            let stdout = aiofiles::stdout();
            let call = stdout.reconfigure().encoding(encoding).errors(errors);
            call.newline(newline).await?;
            return Ok(Self::Stdout(stdout));
        }
        let call = atomic_file(&args.dst).text();
        let call = call.encoding(encoding).errors(errors);
        Ok(Self::File(Box::new(call.newline(newline).await?)))
    }

    async fn write(&mut self, text: &str) -> Result<usize> {
        match self {
            Self::File(file) => file.write(text).await,
            Self::Stdout(stdout) => stdout.write(text).await,
        }
    }

    /// Nothing is there before that, and nothing if it never comes to it.
    async fn commit(&mut self) -> Result<()> {
        match self {
            Self::File(file) => file.commit().await,
            Self::Stdout(stdout) => stdout.flush().await,
        }
    }
}

async fn transcode(args: &Args) -> Result<()> {
    // If the line ends are to change, read them all as `\n`; otherwise leave them as they are.
    let (read, write) = match args.newline {
        Ends::Keep => (Newline::Untranslated, Newline::Untranslated),
        Ends::Lf => (Newline::Universal, Newline::Lf),
        Ends::Crlf => (Newline::Universal, Newline::CrLf),
        Ends::Cr => (Newline::Universal, Newline::Cr),
    };
    let mut src = Source::open(args, read).await?;
    let mut dst = Target::open(args, write).await?;
    let bar = progress::bar("transcoding", src.size().await?);
    let converted = async {
        loop {
            let text = src.read(64 * 1024).await?;
            if text.is_empty() {
                return dst.commit().await;
            }
            dst.write(&text).await?;
            // This is an estimate: the number of bytes in the source is not known.
            bar.inc(text.len() as u64);
        }
    };
    let converted = converted.await;
    bar.finish_and_clear();
    converted
}

#[tokio::main]
async fn main() -> ExitCode {
    match transcode(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of our output has gone, which is no error.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("transcode: {error}");
            ExitCode::FAILURE
        }
    }
}
