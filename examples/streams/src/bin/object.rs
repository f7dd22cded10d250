//! Text in and out of an object store, here a folder: `object [--encoding LABEL] get|put
//! FOLDER NAME`. `get` shows the object in UTF-8; `put` makes it of the standard input.
//!
//! An object is replaced as a whole, once all of it was read, or not at all. On a terminal
//! and in a pipe it does the same; it ends without an error if the reader of the pipe goes
//! away.

use std::process::ExitCode;

use aiofiles::codec::Encoding;
use aiofiles::{stdin, stdout};
use aiofiles_streams::objects;
use clap::{Parser, ValueEnum};
use opendal::Operator;
use opendal::services::Fs;

/// Text in and out of an object store, here a folder.
#[derive(Parser)]
#[command(name = "object")]
struct Args {
    /// The encoding of the object
    #[arg(long, value_name = "LABEL", default_value = "utf-8")]
    encoding: Encoding,
    action: Action,
    /// The store
    folder: String,
    /// Of the object
    name: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum Action {
    /// Show the object in UTF-8
    Get,
    /// Make it of the standard input
    Put,
}

type Error = Box<dyn std::error::Error + Send + Sync>;

async fn get(store: &Operator, name: &str, encoding: &str) -> Result<(), Error> {
    let mut text = objects::open(store, name, encoding).await?;
    loop {
        let piece = text.read().size(64 * 1024).await?;
        if piece.is_empty() {
            return Ok(stdout().flush().await?);
        }
        stdout().write(&piece).await?;
    }
}

async fn put(store: &Operator, name: &str, encoding: &str) -> Result<(), Error> {
    let mut object = objects::create(store, name, encoding).await?;
    loop {
        let piece = stdin().read().size(64 * 1024).await?;
        if piece.is_empty() {
            return Ok(object.close().await?);
        }
        object.write(&piece).await?;
    }
}

/// Whether the reader of our output has gone.
fn is_closed(error: &Error) -> bool {
    let error = error.downcast_ref::<aiofiles::Error>();
    error.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

#[tokio::main]
async fn main() -> ExitCode {
    let Args {
        encoding,
        action,
        folder,
        name,
    } = Args::parse();
    let done = async {
        // Nobody sees the object until it is complete.
        let folder = Fs::default().root(&folder).atomic_write_dir(&folder);
        let store = Operator::new(folder)?;
        match action {
            Action::Get => get(&store, &name, encoding.label()).await,
            Action::Put => put(&store, &name, encoding.label()).await,
        }
    };
    match done.await {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of our output has gone, which is no error.
        Err(error) if is_closed(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("object: {name}: {error}");
            ExitCode::FAILURE
        }
    }
}
