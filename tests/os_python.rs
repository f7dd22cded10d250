//! Replays what CPython's `os` and `os.path` did (tests/oracle/os.py): the same
//! calls in the same order give the same outcomes, errnos and paths of errors
//! included. It changes the current folder, so it is a binary of its own.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking; what it shares does"
)]

mod common;

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aiofiles::executor::{self, InlineExecutor};
use aiofiles::{Error, os, ospath};
use common::Wavering;
use futures::TryStreamExt;

/// What is shown as CPython's recorder shows it.
trait Show {
    fn show(&self, cwd: &Path) -> String;
}

impl Show for () {
    fn show(&self, _: &Path) -> String {
        "None".to_owned()
    }
}

impl Show for bool {
    fn show(&self, _: &Path) -> String {
        if *self { "True" } else { "False" }.to_owned()
    }
}

impl Show for u64 {
    fn show(&self, _: &Path) -> String {
        self.to_string()
    }
}

impl Show for String {
    fn show(&self, _: &Path) -> String {
        self.clone()
    }
}

impl Show for PathBuf {
    fn show(&self, cwd: &Path) -> String {
        encode(self, cwd)
    }
}

impl Show for std::fs::Metadata {
    fn show(&self, _: &Path) -> String {
        if self.is_dir() {
            "dir".to_owned()
        } else {
            let kind = if self.is_symlink() { "link" } else { "file" };
            format!("{kind} {}", self.len())
        }
    }
}

impl Show for SystemTime {
    fn show(&self, _: &Path) -> String {
        let since = self.duration_since(UNIX_EPOCH).expect("after 1970");
        since.as_secs().to_string()
    }
}

fn encode(path: &Path, cwd: &Path) -> String {
    let text = |path: &Path| path.to_str().expect("a temporary folder").to_owned();
    let mut out = String::new();
    for &byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'~' | b'.' | b'_' | b'-' => {
                out.push(byte.into());
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    let out = out.replace(&text(cwd), "<cwd>");
    let out = out.replace(&text(cwd.parent().expect("root in top")), "<top>");
    if out.is_empty() { "''".to_owned() } else { out }
}

fn decode(word: &str, cwd: &Path) -> PathBuf {
    if word == "''" {
        return PathBuf::new();
    }
    let word = word.replace("<cwd>", cwd.to_str().expect("a temporary folder"));
    let (mut bytes, mut rest) = (Vec::new(), word.as_bytes());
    while let Some((&byte, tail)) = rest.split_first() {
        if byte == b'%' {
            let hex = std::str::from_utf8(&tail[..2]).expect("hex");
            bytes.push(u8::from_str_radix(hex, 16).expect("hex"));
            rest = &tail[2..];
        } else {
            bytes.push(byte);
            rest = tail;
        }
    }
    OsString::from_vec(bytes).into()
}

fn show_error(error: &Error, cwd: &Path) -> String {
    let Some(errno) = error.raw_os_error() else {
        return format!("!{:?}", error.kind());
    };
    let mut out = format!("!{errno}");
    for path in [error.path(), error.dst()].into_iter().flatten() {
        out.push(' ');
        out.push_str(&encode(path, cwd));
    }
    out
}

/// The keywords of a line.
struct Keywords<'a>(HashMap<&'a str, &'a str>);

impl Keywords<'_> {
    fn flag(&mut self, name: &str) -> Option<bool> {
        self.0.remove(name).map(|value| value == "True")
    }

    fn number(&mut self, name: &str) -> Option<u32> {
        self.0
            .remove(name)
            .map(|value| value.parse().expect("a number"))
    }

    fn dir(&mut self, name: &str) -> Option<File> {
        self.0
            .remove(name)
            .map(|path| File::open(path).expect("a folder"))
    }
}

/// Sets the keywords that the line has, each by its method.
macro_rules! with {
    ($call:expr, $keywords:ident $(, $get:ident $name:ident)*) => {{
        #[allow(unused_mut, reason = "not every call has keywords")]
        let mut call = $call;
        $(if let Some(value) = $keywords.$get(stringify!($name)) {
            call = call.$name(value);
        })*
        call.await.map(|value| Box::new(value) as Box<dyn Show>)
    }};
}

async fn step(line: &str, cwd: &Path) -> String {
    let (name, words) = line.split_once(' ').unwrap_or((line, ""));
    let (keywords, words): (Vec<&str>, Vec<&str>) = words
        .split(' ')
        .filter(|word| !word.is_empty())
        .partition(|word| word.contains('='));
    let keywords = keywords.iter().filter_map(|word| word.split_once('='));
    let mut k = Keywords(keywords.collect());
    let args: Vec<PathBuf> = words.iter().map(|word| decode(word, cwd)).collect();
    let number = |i: usize| -> i64 { words[i].parse().expect("a number") };
    let time = |i: usize| UNIX_EPOCH + Duration::from_secs(number(i).unsigned_abs());
    let id = |i: usize| u32::try_from(number(i)).ok();
    let (a, b) = (args.first(), args.get(1));
    let a = || a.expect("an argument");
    let b = || b.expect("a second argument");

    let outcome: Result<Box<dyn Show>, Error> = match name {
        "write" => {
            std::fs::write(a(), b().as_os_str().as_bytes()).expect("a write of the test's own");
            Ok(Box::new(()))
        }
        "read" => Ok(Box::new(std::fs::read_to_string(a()).expect("text"))),
        "mkfifo" => {
            let mode = 0o666.into();
            let kind = rustix::fs::FileType::Fifo;
            rustix::fs::mknodat(rustix::fs::CWD, a(), kind, mode, 0).expect("a FIFO");
            Ok(Box::new(()))
        }
        "mode" => {
            let mode = os::lstat(a())
                .await
                .expect("it is there")
                .permissions()
                .mode();
            Ok(Box::new(format!("{:o}", mode & 0o7777)))
        }
        "nlink" => Ok(Box::new(os::stat(a()).await.expect("it is there").nlink())),
        "mtime" => Ok(Box::new(ospath::getmtime(a()).await.expect("it is there"))),

        "stat" => with!(os::stat(a()), k, dir dir_fd, flag follow_symlinks),
        "lstat" => with!(os::lstat(a()), k, dir dir_fd),
        "statvfs" => os::statvfs(a()).await.map(|v| {
            let bsize = (v.f_bsize > 0).show(cwd);
            Box::new(format!("{bsize} {}", v.f_namemax)) as Box<dyn Show>
        }),
        "access" => {
            let mode = id(1).expect("a mode");
            with!(os::access(a(), mode), k, dir dir_fd, flag follow_symlinks, flag effective_ids)
        }
        "mkdir" => with!(os::mkdir(a()), k, number mode, dir dir_fd),
        "makedirs" => with!(os::makedirs(a()), k, number mode, flag exist_ok),
        "rmdir" => with!(os::rmdir(a()), k, dir dir_fd),
        "removedirs" => with!(os::removedirs(a()), k),
        "rename" => with!(os::rename(a(), b()), k, dir src_dir_fd, dir dst_dir_fd),
        "replace" => with!(os::replace(a(), b()), k, dir src_dir_fd, dir dst_dir_fd),
        "renames" => with!(os::renames(a(), b()), k),
        "remove" => with!(os::remove(a()), k, dir dir_fd),
        "unlink" => with!(os::unlink(a()), k, dir dir_fd),
        "link" => {
            with!(os::link(a(), b()), k, dir src_dir_fd, dir dst_dir_fd, flag follow_symlinks)
        }
        "symlink" => with!(os::symlink(a(), b()), k, dir dir_fd, flag target_is_directory),
        "readlink" => with!(os::readlink(a()), k, dir dir_fd),
        "chmod" => {
            let mode = id(1).expect("a mode");
            with!(os::chmod(a(), mode), k, dir dir_fd, flag follow_symlinks)
        }
        "chown" => with!(os::chown(a(), id(1), id(2)), k, dir dir_fd, flag follow_symlinks),
        "utime" => {
            let call = os::utime(a()).times(time(1), time(2));
            with!(call, k, dir dir_fd, flag follow_symlinks)
        }
        "listdir" => os::listdir(a()).await.map(|names| {
            let names = names.iter().map(|name| encode(name.as_ref(), cwd));
            Box::new(join(names.collect())) as Box<dyn Show>
        }),
        "scandir" => scan(a(), cwd)
            .await
            .map(|text| Box::new(text) as Box<dyn Show>),
        "entry_stat" => {
            let entries: Vec<_> = os::scandir(a())
                .await
                .expect("a folder")
                .try_collect()
                .await
                .expect("entries");
            let entry = entries.iter().find(|entry| entry.path() == a().join(b()));
            with!(entry.expect("it is there").stat(), k, flag follow_symlinks)
        }
        "getcwd" => with!(os::getcwd(), k),
        "sendfile" => {
            let append = words[0].ends_with("+a");
            let output = words[0].trim_end_matches("+a");
            let output = File::options()
                .write(!append)
                .append(append)
                .open(output)
                .expect("out");
            let input = File::open(b()).expect("in");
            let offset = words[2].parse().ok();
            let count = usize::try_from(number(3)).expect("a count");
            let sent = os::sendfile(&output, &input, offset, count).await;
            let position = std::io::Seek::stream_position(&mut &input).expect("a file");
            sent.map(|n| Box::new(format!("{n} {position}")) as Box<dyn Show>)
        }
        "exists" => with!(ospath::exists(a()), k),
        "lexists" => with!(ospath::lexists(a()), k),
        "isfile" => with!(ospath::isfile(a()), k),
        "isdir" => with!(ospath::isdir(a()), k),
        "islink" => with!(ospath::islink(a()), k),
        "ismount" => with!(ospath::ismount(a()), k),
        "getsize" => with!(ospath::getsize(a()), k),
        "getatime" => with!(ospath::getatime(a()), k),
        "getmtime" => with!(ospath::getmtime(a()), k),
        "getctime" => with!(ospath::getctime(a()), k),
        "samefile" => with!(ospath::samefile(a(), b()), k),
        "sameopenfile" => {
            let (one, two) = (File::open(a()).expect("one"), File::open(b()).expect("two"));
            with!(ospath::sameopenfile(&one, &two), k)
        }
        "abspath" => with!(ospath::abspath(a()), k),
        "realpath" => with!(ospath::realpath(a()), k, flag strict),
        "expanduser" => with!(ospath::expanduser(a()), k),
        other => panic!("no such function: {other}"),
    };
    assert!(k.0.is_empty(), "`{line}` has keywords left: {:?}", k.0);
    match outcome {
        Ok(value) => value.show(cwd),
        Err(error) => show_error(&error, cwd),
    }
}

async fn scan(path: &Path, cwd: &Path) -> aiofiles::Result<String> {
    let mut entries = os::scandir(path).await?;
    let mut lines = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        let inode = std::fs::symlink_metadata(entry.path())
            .expect("it is there")
            .ino();
        let flags = [
            entry.is_file(),
            entry.is_dir(),
            entry.is_symlink(),
            entry.inode() == inode,
        ];
        let flags: String = flags
            .map(|flag| if flag { '1' } else { '0' })
            .iter()
            .collect();
        lines.push(format!("{}:{flags}", encode(&entry.path(), cwd)));
    }
    Ok(join(lines))
}

fn join(mut items: Vec<String>) -> String {
    items.sort();
    if items.is_empty() {
        "-".to_owned()
    } else {
        items.join(" ")
    }
}

/// Where CPython names fewer paths in its errors than this crate.
const NAMES_MORE: &[&str] = &["utime no 0 0", "samefile f no"];

/// Replays the table in a folder of its own.
fn replay() {
    let table = include_str!("oracle/os.txt");
    let top = tempfile::tempdir().expect("a temporary folder");
    let top = top.path().canonicalize().expect("it is there");
    let cwd = top.join("root");
    std::fs::create_dir(&cwd).expect("a folder");
    std::env::set_current_dir(&cwd).expect("it is there");
    rustix::process::umask(0o022.into());
    let home = "/home/somebody";

    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    common::run(async {
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let (call, expected) = line.split_once(" => ").expect("a call and its outcome");
            seen.insert(call.split(' ').next().expect("a name"));
            let mut expected = expected.to_owned();
            let mut outcome = step(call, &cwd).await;
            if NAMES_MORE.contains(&call) {
                outcome.truncate(outcome.find(' ').expect("an errno and paths"));
                expected.truncate(expected.find(' ').unwrap_or(expected.len()));
            }
            if call.starts_with("expanduser ") {
                // The test does not change its environment.
                let real = std::env::home_dir().expect("a home");
                expected = expected.replace(home, real.to_str().expect("text"));
            }
            if outcome != expected {
                wrong.push(format!(
                    "{call}\n  CPython: {expected}\n  here:    {outcome}"
                ));
            }
        }
    });
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
    assert!(seen.len() > 40, "the table is not whole: {seen:?}");
    // Not out of a folder that is gone.
    std::env::set_current_dir("/").expect("it is there");
}

/// One test, as the second half changes the executor of the whole process.
#[test]
fn every_recorded_call_ends_as_in_cpython() {
    replay();
    // The same where what is cached is not always served without a job.
    let wavering = Wavering::new(InlineExecutor, 1);
    executor::set_default(wavering.clone()).expect("the first");
    replay();
    assert!(wavering.jobs() > 100, "{} jobs", wavering.jobs());
    let before = wavering.hits();
    common::run(async {
        for _ in 0..64 {
            os::stat("/").await.expect("it is there");
        }
    });
    if wavering.hits() == before {
        eprintln!("skipped: `/` is never answered without a job here");
    } else {
        assert!(before > 20, "{before} without a job");
    }
}
