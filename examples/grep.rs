//! `grep -F`: prints the lines that contain a fixed string.
//!
//! ```sh
//! cargo run --release --example grep -- [-n] [-i] [-v] [-c] PATTERN [FILE]...
//! ```
//!
//! `-n` numbers the lines, `-i` ignores the case of ASCII letters, `-v` selects the
//! others, `-c` counts. On a terminal what was found is coloured; NO_COLOR in the
//! environment forbids that. `-` is the standard input, and so is no file at all.
//! Ends with 0 if a line was selected, 1 if none, 2 after an error, as grep does.

use std::fmt::Write as _;
use std::process::ExitCode;

use aiofiles::Result;

#[derive(Default)]
struct Options {
    numbers: bool,
    ignore_case: bool,
    invert: bool,
    count: bool,
    colour: bool,
    /// Whether lines are preceded by the name of their file.
    names: bool,
    pattern: String,
}

impl Options {
    /// Where the pattern is in the line, from byte `from` on.
    fn find(&self, line: &str, from: usize) -> Option<usize> {
        let at = if self.ignore_case {
            let (line, pattern) = (line.to_ascii_lowercase(), self.pattern.to_ascii_lowercase());
            line[from..].find(&pattern)
        } else {
            line[from..].find(&self.pattern)
        };
        at.map(|at| from + at)
    }

    /// What is printed of a selected line.
    fn show(&self, out: &mut String, path: &str, number: usize, line: &str) {
        out.clear();
        let paint = |code: &'static str| if self.colour { code } else { "" };
        if self.names {
            let (on, off) = (paint("\x1b[35m"), paint("\x1b[m"));
            let _ = write!(out, "{on}{path}{off}:");
        }
        if self.numbers {
            let (on, off) = (paint("\x1b[32m"), paint("\x1b[m"));
            let _ = write!(out, "{on}{number}{off}:");
        }
        let mut done = 0;
        if self.colour && !self.invert && !self.pattern.is_empty() {
            while let Some(at) = self.find(line, done) {
                let end = at + self.pattern.len();
                let _ = write!(out, "{}\x1b[1;31m{}\x1b[m", &line[done..at], &line[at..end]);
                done = end;
            }
        }
        out.push_str(&line[done..]);
        out.push('\n');
    }
}

/// The lines of a file or of the standard input.
enum Source {
    File(Box<aiofiles::TextFile>),
    Stdin(aiofiles::stdio::TextInput),
}

impl Source {
    async fn open(path: &str) -> Result<Self> {
        if path == "-" {
            return Ok(Self::Stdin(aiofiles::stdin()));
        }
        // Bytes that are no text are shown as such, and do not end the search.
        let file = aiofiles::open(path)
            .errors("backslashreplace")
            .newline("\n");
        Ok(Self::File(Box::new(file.await?)))
    }

    async fn next_line(&mut self) -> Result<Option<&str>> {
        match self {
            Self::File(file) => file.next_line().await,
            Self::Stdin(stdin) => stdin.next_line().await,
        }
    }
}

/// Returns how many lines were selected.
async fn grep(options: &Options, path: &str) -> Result<usize> {
    let stdout = aiofiles::stdout();
    let mut lines = Source::open(path).await?;
    let (mut number, mut selected, mut out) = (0, 0, String::new());
    while let Some(line) = lines.next_line().await? {
        number += 1;
        if options.find(line, 0).is_some() == options.invert {
            continue;
        }
        selected += 1;
        if !options.count {
            options.show(&mut out, path, number, line);
            stdout.write(&out).await?;
        }
    }
    if options.count {
        let name = if options.names {
            format!("{path}:")
        } else {
            String::new()
        };
        stdout.write(&format!("{name}{selected}\n")).await?;
    }
    Ok(selected)
}

async fn run(options: &Options, paths: &[String]) -> Result<ExitCode> {
    let (mut any, mut failed) = (false, false);
    for path in paths {
        match grep(options, path).await {
            Ok(selected) => any |= selected > 0,
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Err(error),
            Err(error) => {
                aiofiles::stderr()
                    .write(&format!("grep: {error}\n"))
                    .await?;
                failed = true;
            }
        }
    }
    aiofiles::stdout().flush().await?;
    Ok(match (failed, any) {
        (true, _) => ExitCode::from(2),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::from(1),
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut options = Options {
        colour: aiofiles::stdout().isatty() && std::env::var_os("NO_COLOR").is_none(),
        ..Options::default()
    };
    let mut pattern = None;
    let mut paths = Vec::new();
    for arg in std::env::args().skip(1) {
        match (arg.as_str(), &pattern) {
            ("-n", None) => options.numbers = true,
            ("-i", None) => options.ignore_case = true,
            ("-v", None) => options.invert = true,
            ("-c", None) => options.count = true,
            (_, None) => pattern = Some(arg),
            (_, Some(_)) => paths.push(arg),
        }
    }
    let Some(pattern) = pattern else {
        let usage = "usage: grep [-n] [-i] [-v] [-c] PATTERN [FILE]...\n";
        drop(aiofiles::stderr().write(usage).await);
        return ExitCode::from(2);
    };
    options.pattern = pattern;
    options.names = paths.len() > 1;
    if paths.is_empty() {
        paths.push("-".to_owned());
    }
    match run(&options, &paths).await {
        Ok(code) => code,
        // Whoever read this has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            drop(aiofiles::stderr().write(&format!("grep: {error}\n")).await);
            ExitCode::from(2)
        }
    }
}
