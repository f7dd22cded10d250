//! Misuse that the compiler stops: files that are read while a line is lent,
//! keywords of another kind, what is no stream or no executor, files used after
//! they were given away, calls that nobody awaits. Use after `close`, which may
//! come twice, is an error at run time: see `tests/closed.rs`.
//!
//! rustc itself is asked, on the library that this test is linked with. Only the
//! code of an error and the words that are ours are compared: the rest of a
//! message changes with the compiler.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What compiles, with a place for misuse in it.
fn program(body: &str) -> String {
    format!(
        "#![deny(unused_must_use)]
        pub async fn f(mut text: aiofiles::TextFile, mut bytes: aiofiles::BinaryFile)
            -> aiofiles::Result<()> {{
            text.write(\"x\").await?;
            bytes.write(b\"x\").await?;
            {body}
            Ok(())
        }}"
    )
}

/// A compiler and a library that it understands.
struct Compiler {
    dir: tempfile::TempDir,
    rustc: PathBuf,
    deps: PathBuf,
    library: PathBuf,
}

impl Compiler {
    /// `None`, and a line that says so, where there is none.
    fn find() -> Option<Self> {
        let test = std::env::current_exe().unwrap();
        let deps = test.parent().unwrap().to_owned();
        // Of the toolchain that runs the test, which is not always the first of
        // the search path.
        let rustc = std::env::var_os("CARGO")
            .map(|cargo| Path::new(&cargo).with_file_name("rustc"))
            .filter(|rustc| rustc.exists())
            .unwrap_or_else(|| "rustc".into());
        if Command::new(&rustc).arg("--version").output().is_err() {
            println!("skipped: there is no compiler here");
            return None;
        }
        let mut libraries: Vec<PathBuf> = fs::read_dir(&deps)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| {
                let name = path.file_name().unwrap().to_string_lossy();
                name.starts_with("libaiofiles-") && name.ends_with(".rlib")
            })
            .collect();
        // Older ones are of older sources, or of other flags and compilers.
        libraries.sort_by_key(|path| fs::metadata(path).unwrap().modified().unwrap());
        let dir = tempfile::tempdir().unwrap();
        let mut compiler = Self {
            dir,
            rustc,
            deps,
            library: PathBuf::new(),
        };
        let mut messages = String::new();
        for library in libraries.into_iter().rev() {
            compiler.library = library;
            match compiler.compile(&program("")) {
                Ok(()) => return Some(compiler),
                Err(message) => messages.push_str(&message),
            }
        }
        panic!("the program without misuse does not compile:\n{messages}");
    }

    /// What rustc says, if it does not compile.
    fn compile(&self, source: &str) -> Result<(), String> {
        let path = self.dir.path().join("program.rs");
        fs::write(&path, source).unwrap();
        let output = Command::new(&self.rustc)
            .args(["--edition=2024", "--crate-type=lib", "--emit=metadata"])
            .arg("--extern")
            .arg(format!("aiofiles={}", self.library.display()))
            .arg("-L")
            .arg(format!("dependency={}", self.deps.display()))
            .arg("--out-dir")
            .arg(self.dir.path())
            .arg(&path)
            .output()
            .unwrap();
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// Checks that each misuse fails, with these words in what rustc says.
    fn refuses(&self, cases: &[(&str, &[&str])]) {
        for (body, words) in cases {
            let message = self.compile(&program(body)).expect_err(body);
            for word in *words {
                assert!(message.contains(word), "{body}\n{message}");
            }
        }
    }
}

#[test]
fn lent_line_keeps_its_file_from_being_used() {
    let Some(compiler) = Compiler::find() else {
        return;
    };
    compiler.refuses(&[
        (
            "let line = text.next_line().await?; text.read().await?; drop(line);",
            &["E0499"],
        ),
        (
            "let line = bytes.next_line().await?; bytes.close().await?; drop(line);",
            &["E0499"],
        ),
        (
            "let peeked = bytes.peek(4).await?; bytes.read().await?; _ = peeked.len();",
            &["E0499"],
        ),
    ]);
}

#[test]
fn binary_files_have_no_keywords_of_text() {
    let words: &[&str] = &[
        "E0277",
        "a file of bytes takes no encoding",
        "for text, leave `.binary()` or `.raw()` out",
    ];
    let Some(compiler) = Compiler::find() else {
        return;
    };
    compiler.refuses(&[
        (
            "aiofiles::open(\"x\").binary().encoding(\"utf-8\").await?;",
            words,
        ),
        (
            "aiofiles::open(\"x\").raw().newline(\"\\n\").await?;",
            words,
        ),
        (
            "aiofiles::wrap(std::io::Cursor::new(Vec::new())).errors(\"ignore\").await?;",
            words,
        ),
    ]);
}

#[test]
fn what_is_no_stream_and_no_executor_is_told_what_is() {
    let Some(compiler) = Compiler::find() else {
        return;
    };
    compiler.refuses(&[
        (
            "aiofiles::wrap(std::io::empty()).await?;",
            &[
                "E0277",
                "does not implement `RawIo`",
                "`aiofiles::raw_io::reader`",
            ],
        ),
        (
            "aiofiles::open(\"x\").executor(4).await?;",
            &[
                "E0277",
                "`{integer}` does not implement `Executor`",
                "`ThreadPoolExecutor`",
            ],
        ),
    ]);
}

#[test]
fn closing_twice_is_no_misuse() {
    let body = "bytes.close().await?; bytes.close().await?;";
    let Some(compiler) = Compiler::find() else {
        return;
    };
    compiler.compile(&program(body)).unwrap();
}

#[test]
fn file_given_away_cannot_be_used() {
    let Some(compiler) = Compiler::find() else {
        return;
    };
    compiler.refuses(&[
        (
            "_ = bytes.into_std().await?; bytes.write(b\"x\").await?;",
            &["E0382"],
        ),
        (
            "_ = text.detach().await?; text.write(\"x\").await?;",
            &["E0382"],
        ),
        (
            "_ = text.into_lines(); text.write(\"x\").await?;",
            &["E0382"],
        ),
    ]);
}

#[test]
fn forgotten_await_is_warned_of() {
    let words: &[&str] = &["that must be used", "nothing unless you `.await`"];
    let calls = [
        "aiofiles::open(\"x\");",
        "aiofiles::open(\"x\").binary().mode(\"w\");",
        "aiofiles::os::remove(\"x\");",
        "aiofiles::os::makedirs(\"x\").exist_ok(true);",
        "aiofiles::ospath::exists(\"x\");",
        "aiofiles::write(\"x\", \"y\");",
        "aiofiles::delegate(|| ());",
        "aiofiles::wrap(std::io::Cursor::new(Vec::new()));",
        "aiofiles::tempfile::named_temporary_file();",
        "aiofiles::tempfile::atomic_file(\"x\");",
        "text.read();",
        "text.read().size(1);",
        "text.next_line();",
        "text.write(\"x\");",
        "text.close();",
        "bytes.read_at(0, 1);",
        "bytes.seek(std::io::SeekFrom::Start(0));",
    ];
    let cases: Vec<(&str, &[&str])> = calls.iter().map(|call| (*call, words)).collect();
    let Some(compiler) = Compiler::find() else {
        return;
    };
    compiler.refuses(&cases);
}
