//! Text in and out of an object store, here a folder: `object [--encoding LABEL] get|put
//! FOLDER NAME`. `get` shows the object in UTF-8; `put` makes it of the standard input.
//!
//! An object is replaced as a whole, once all of it was read, or not at all.

use std::process::ExitCode;

use aiofiles::{stdin, stdout};
use aiofiles_streams::{args, objects};
use opendal::Operator;
use opendal::services::Fs;

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

#[tokio::main]
async fn main() -> ExitCode {
    let given = args::encoding_and_rest();
    let Some((encoding, [action, folder, name])) = given
        .map(|(encoding, rest)| (encoding, <[String; 3]>::try_from(rest)))
        .and_then(|(encoding, rest)| Some((encoding, rest.ok()?)))
    else {
        eprintln!("usage: object [--encoding LABEL] get|put FOLDER NAME");
        return ExitCode::from(2);
    };
    let done = async {
        // What is written stays out of sight until it is whole.
        let folder = Fs::default().root(&folder).atomic_write_dir(&folder);
        let store = Operator::new(folder)?;
        match action.as_str() {
            "get" => get(&store, &name, &encoding).await,
            "put" => put(&store, &name, &encoding).await,
            _ => Err(format!("`{action}` is neither `get` nor `put`").into()),
        }
    };
    match done.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("object: {name}: {error}");
            ExitCode::FAILURE
        }
    }
}
