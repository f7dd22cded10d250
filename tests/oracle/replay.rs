//! Replaying the recorded cases on this crate, on whichever executor.

use std::fmt::Debug;
use std::io::{ErrorKind, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use aiofiles::{BinaryFile, Error, Executor, Open, RawFile, Result, TextFile, TextPosition};
use futures::{Stream, StreamExt};

use crate::case::{Arg, Case, Got, Kind, NewlineSet, Seek, Step};

/// Replays all cases, one after the other, in the folder `dir`.
///
/// # Panics
///
/// If any differs, with the first twenty that do.
pub(crate) async fn replay_all(cases: &[Case], dir: &Path, executor: Arc<dyn Executor>) {
    let mut failures = Vec::new();
    for (number, case) in cases.iter().filter(|case| is_here(case)).enumerate() {
        // Not the same each time: the file before may be about to be closed, and Windows
        // removes a name that is to go only then.
        let path = dir.join(format!("case {}", number % 64));
        failures.extend(replay(case, &path, executor.clone()).await.err());
    }
    let shown = &failures[..failures.len().min(20)];
    assert!(
        failures.is_empty(),
        "{} of {} cases differ\n{}",
        failures.len(),
        cases.len(),
        shown.join("\n")
    );
}

/// Whether the system writes what CPython wrote where the cases were recorded, on Linux.
fn is_here(case: &Case) -> bool {
    let native_line_ends = case.kind == Kind::Text && case.newline == "none";
    !cfg!(windows) || !native_line_ends || case.mode.trim_end_matches(['b', 't']) == "r"
}

/// Replays one case on the file at `path`; an error is a message that says what differed.
async fn replay(
    case: &Case,
    path: &Path,
    executor: Arc<dyn Executor>,
) -> std::result::Result<(), String> {
    drop(std::fs::remove_file(path));
    if let Some(content) = &case.content {
        std::fs::write(path, content).map_err(|error| error.to_string())?;
    }
    let error = match case.kind {
        Kind::Text => match open_text(case, path, executor).await {
            Ok(file) => return text(case, path, file).await,
            Err(error) => error,
        },
        Kind::Binary => match common(aiofiles::open(path).binary(), case, executor).await {
            Ok(file) => return binary(case, path, file).await,
            Err(error) => error,
        },
        Kind::Raw => {
            let open = aiofiles::open(path)
                .raw()
                .mode(&case.mode)
                .executor(executor);
            match open.await {
                Ok(file) => return raw(case, path, file).await,
                Err(error) => error,
            }
        }
    };
    if case.open_error.as_deref() == Some(&class(&error)) {
        return Ok(());
    }
    Err(format!(
        "{}: open gave {error:?}, not {:?}",
        case.at, case.open_error
    ))
}

/// Sets what text and binary files share.
fn common<K: aiofiles::open::Kind>(
    open: Open<K>,
    case: &Case,
    executor: Arc<dyn Executor>,
) -> Open<K> {
    let open = open.mode(&case.mode).executor(executor);
    match case.buffering {
        Some(n) => open.buffering(n),
        None => open,
    }
}

async fn open_text(case: &Case, path: &Path, executor: Arc<dyn Executor>) -> Result<TextFile> {
    let open = common(aiofiles::open(path), case, executor)
        .encoding(case.encoding.as_str())
        .errors(case.errors.as_str())
        .line_buffering(case.line_buffering);
    match case.newline.as_str() {
        "none" => open.await,
        "empty" => open.newline("").await,
        "lf" => open.newline("\n").await,
        "cr" => open.newline("\r").await,
        _ => open.newline("\r\n").await,
    }
}

async fn text(case: &Case, path: &Path, mut file: TextFile) -> std::result::Result<(), String> {
    let mut places = Vec::new();
    for step in &case.steps {
        let got = text_step(step, path, &mut file, &mut places).await;
        let got = got.unwrap_or_else(|error| Got::Error(class(&error)));
        check(case, step, &got)?;
        // What comes behind a decode error is decided otherwise than the cases were
        // recorded: `text_bad_bytes.rs` and `fuzz.rs` have it.
        let bad = match &got {
            Got::Error(class) | Got::List(_, Some(class)) => class == "Decode",
            _ => false,
        };
        // CPython's write of nothing forgets line ends, and writes a mark: not so here.
        if bad || step.text.starts_with("write \"\"") {
            return Ok(());
        }
        if file.closed() {
            continue;
        }
        let seen = NewlineSet::of(file.newlines());
        if !seen.is_some_and(|seen| step.newlines.admits(seen)) {
            return Err(differs(case, step, &file.newlines(), &step.newlines));
        }
    }
    finish(case, path, file.close().await)
}

async fn text_step(
    step: &Step,
    path: &Path,
    file: &mut TextFile,
    places: &mut Vec<TextPosition>,
) -> Result<Got> {
    let data = |text: String| Got::Data(text.into_bytes());
    let list =
        |lines: Vec<String>| Got::List(lines.into_iter().map(String::into_bytes).collect(), None);
    Ok(match (step.op.as_str(), &step.arg) {
        ("read", Arg::None) => data(file.read().await?),
        ("read", Arg::Number(n)) => data(file.read().size(count(*n)).await?),
        ("readline", Arg::None) => data(file.readline().await?),
        ("readline", Arg::Number(n)) => data(file.readline().size(count(*n)).await?),
        ("readlines", Arg::None) => list(file.readlines().await?),
        ("readlines", Arg::Number(n)) => list(file.readlines().hint(count(*n)).await?),
        ("iter", Arg::Number(k)) => iterate(file, *k).await,
        ("write", Arg::Data(text)) => Got::Number(file.write(str(text)).await? as u64),
        ("writelines", Arg::List(items)) => {
            file.writelines(items.iter().map(|item| str(item))).await?;
            Got::Ok
        }
        ("tell", Arg::None) => {
            places.push(file.tell().await?);
            Got::Position
        }
        ("seek", Arg::Seek(seek)) => {
            match *seek {
                Seek::Position(k) => file.seek(places[k]).await?,
                Seek::Start(n) => file.seek(SeekFrom::Start(n)).await?,
                Seek::Current(n) => file.seek(SeekFrom::Current(n)).await?,
                Seek::End(n) => file.seek(SeekFrom::End(n)).await?,
            };
            Got::Ok
        }
        ("truncate", Arg::None) => Got::Number(file.truncate().await?),
        ("truncate", Arg::Number(n)) => Got::Number(file.truncate().size(*n).await?),
        ("flush", Arg::None) => file.flush().await.map(|()| Got::Ok)?,
        ("close", Arg::None) => file.close().await.map(|()| Got::Ok)?,
        ("size", Arg::None) => size(path),
        _ => panic!("no such operation: {}", step.text),
    })
}

/// Defines one function that replays a case on a byte file. The two kinds have the same
/// methods and no trait for them; `$own` adds those that only one has.
macro_rules! replay_bytes {
    ($name:ident, $step:ident, $file:ty, |$f:ident, $s:ident| $own:expr) => {
        async fn $name(
            case: &Case,
            path: &Path,
            mut file: $file,
        ) -> std::result::Result<(), String> {
            for step in &case.steps {
                let got = $step(step, path, &mut file).await;
                check(
                    case,
                    step,
                    &got.unwrap_or_else(|error| Got::Error(class(&error))),
                )?;
            }
            finish(case, path, file.close().await)
        }

        async fn $step($s: &Step, path: &Path, $f: &mut $file) -> Result<Got> {
            Ok(match ($s.op.as_str(), &$s.arg) {
                ("read", Arg::None) => Got::Data($f.read().await?),
                ("read", Arg::Number(n)) => Got::Data($f.read().size(count(*n)).await?),
                ("readline", Arg::None) => Got::Data($f.readline().await?),
                ("readline", Arg::Number(n)) => Got::Data($f.readline().size(count(*n)).await?),
                ("readlines", Arg::None) => Got::List($f.readlines().await?, None),
                ("readlines", Arg::Number(n)) => {
                    Got::List($f.readlines().hint(count(*n)).await?, None)
                }
                ("readinto", Arg::Number(n)) => {
                    let mut target = vec![0; count(*n)];
                    let filled = $f.readinto(&mut target).await?;
                    target.truncate(filled);
                    Got::Data(target)
                }
                ("iter", Arg::Number(k)) => iterate($f, *k).await,
                ("write", Arg::Data(bytes)) => Got::Number($f.write(bytes).await? as u64),
                ("writelines", Arg::List(items)) => {
                    $f.writelines(items).await?;
                    Got::Ok
                }
                ("tell", Arg::None) => Got::Number($f.tell().await?),
                ("seek", Arg::Seek(seek)) => {
                    let to = match *seek {
                        Seek::Start(n) => SeekFrom::Start(n),
                        Seek::Current(n) => SeekFrom::Current(n),
                        Seek::End(n) => SeekFrom::End(n),
                        Seek::Position(_) => panic!("a text position: {}", $s.text),
                    };
                    Got::Number($f.seek(to).await?)
                }
                ("truncate", Arg::None) => Got::Number($f.truncate().await?),
                ("truncate", Arg::Number(n)) => Got::Number($f.truncate().size(*n).await?),
                ("flush", Arg::None) => $f.flush().await.map(|()| Got::Ok)?,
                ("close", Arg::None) => $f.close().await.map(|()| Got::Ok)?,
                ("size", Arg::None) => size(path),
                _ => $own,
            })
        }
    };
}

replay_bytes!(raw, raw_step, RawFile, |file, step| panic!(
    "no such operation: {}",
    step.text
));
replay_bytes!(binary, binary_step, BinaryFile, |file, step| binary_only(
    step, file
)
.await?);

async fn binary_only(step: &Step, file: &mut BinaryFile) -> Result<Got> {
    Ok(match (step.op.as_str(), &step.arg) {
        // How much of it is buffered is the file's affair: the rest is read to stay in step.
        ("read1", Arg::Number(n)) => {
            let mut bytes = file.read1(count(*n)).await?;
            assert!(
                bytes.len() <= count(*n),
                "{}: {} bytes",
                step.text,
                bytes.len()
            );
            if !bytes.is_empty() {
                bytes.extend(file.read().size(count(*n) - bytes.len()).await?);
            }
            Got::Data(bytes)
        }
        // At least one byte where there is one, and as many more as the buffer has.
        ("peek", Arg::Number(n)) => {
            let mut bytes = file.peek(count(*n)).await?.to_vec();
            if let (false, crate::case::Expected::Data(crate::case::Value::Whole(next))) =
                (bytes.is_empty(), &step.expected)
            {
                bytes.truncate(next.len());
                bytes.extend(&next[bytes.len()..]);
            }
            Got::Data(bytes)
        }
        _ => panic!("no such operation: {}", step.text),
    })
}

/// Takes up to `k` lines by iteration.
async fn iterate<T, S>(file: &mut S, k: u64) -> Got
where
    T: Into<Vec<u8>>,
    S: Stream<Item = Result<T>> + Unpin,
{
    let mut lines = Vec::new();
    for _ in 0..k {
        match file.next().await {
            Some(Ok(line)) => lines.push(line.into()),
            Some(Err(error)) => return Got::List(lines, Some(class(&error))),
            None => break,
        }
    }
    Got::List(lines, None)
}

fn check(case: &Case, step: &Step, got: &Got) -> std::result::Result<(), String> {
    if step.expected.admits(got) {
        return Ok(());
    }
    Err(differs(case, step, got, &step.expected))
}

fn differs(case: &Case, step: &Step, got: &dyn Debug, expected: &dyn Debug) -> String {
    let index = case
        .steps
        .iter()
        .position(|other| std::ptr::eq(other, step))
        .unwrap_or_default();
    let mut got = format!("{got:?}");
    if let Some((cut, _)) = got.char_indices().nth(400) {
        got.truncate(cut);
        got.push('…');
    }
    format!(
        "{}: operation {index} `{}`: got {got}, expected {expected:?} {:?}",
        case.at, step.text, case.decided
    )
}

fn finish(case: &Case, path: &Path, closed: Result<()>) -> std::result::Result<(), String> {
    closed.map_err(|error| format!("{}: close: {error}", case.at))?;
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", case.at))?;
    match &case.end {
        Some(end) if end.is(&bytes) => Ok(()),
        end => {
            let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]);
            Err(format!(
                "{}: the file has {} bytes {shown:?}, expected {end:?} {:?}",
                case.at,
                bytes.len(),
                case.decided
            ))
        }
    }
}

/// The class of an error, as the cases name it.
fn class(error: &Error) -> String {
    match error {
        Error::Decode { .. } => "Decode".to_owned(),
        Error::Encode { .. } => "Encode".to_owned(),
        Error::Unsupported { .. } => "Unsupported".to_owned(),
        Error::Closed { .. } => "Closed".to_owned(),
        // The numbers are those of Linux, where the cases were recorded.
        other => match (other.raw_os_error(), other.kind()) {
            (_, ErrorKind::NotFound) if cfg!(windows) => "Os:2".to_owned(),
            (_, ErrorKind::AlreadyExists) if cfg!(windows) => "Os:17".to_owned(),
            (_, ErrorKind::InvalidInput) if cfg!(windows) => "Os:22".to_owned(),
            (Some(errno), _) => format!("Os:{errno}"),
            (None, _) => format!("{other:?}"),
        },
    }
}

fn size(path: &Path) -> Got {
    Got::Number(std::fs::metadata(path).expect("the file of the case").len())
}

fn count(n: u64) -> usize {
    usize::try_from(n).expect("a count of a case")
}

fn str(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text of a case")
}
