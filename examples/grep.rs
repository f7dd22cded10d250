//! `grep -F`: prints the lines that contain a fixed string:
//! `cargo run --release --example grep -- [-n] [-i] [-v] [-c] PATTERN [FILE]...`.
//!
//! On a terminal the matches are coloured, unless NO_COLOR is in the environment; into a pipe
//! it writes the lines as they are. A file that cannot be read is reported, and the others
//! are searched.

use std::fmt::Write as _;
use std::process::ExitCode;

use aiofiles::Result;
use clap::Parser;

/// Prints the lines that contain a fixed string, as `grep -F`.
///
/// Ends with 0 if a line was selected, 1 if none, 2 after an error.
#[derive(Parser)]
#[command(name = "grep")]
struct Options {
    /// Show the numbers of the lines
    #[arg(short)]
    numbers: bool,
    /// Ignore the case of ASCII letters
    #[arg(short)]
    ignore_case: bool,
    /// Select the lines without the string
    #[arg(short = 'v')]
    invert: bool,
    /// Show how many lines are selected
    #[arg(short)]
    count: bool,
    /// What to search for
    #[arg(allow_hyphen_values = true)]
    pattern: String,
    /// Where to search; `-` is the standard input, and so is no file at all
    #[arg(value_name = "FILE", default_value = "-")]
    paths: Vec<String>,
    #[arg(skip)]
    colour: bool,
}

impl Options {
    /// Finds the pattern in the line, from byte `from` on; returns its offset.
    fn find(&self, line: &str, from: usize) -> Option<usize> {
        let at = if self.ignore_case {
            let (line, pattern) = (line.to_ascii_lowercase(), self.pattern.to_ascii_lowercase());
            line[from..].find(&pattern)
        } else {
            line[from..].find(&self.pattern)
        };
        at.map(|at| from + at)
    }

    /// Appends to `out` what is printed for a selected line.
    fn show(&self, out: &mut String, path: &str, number: usize, line: &str) {
        out.clear();
        let paint = |code: &'static str| if self.colour { code } else { "" };
        if self.paths.len() > 1 {
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
        // Bytes that are no text must not end the search, so they are shown as escapes.
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
        let name = if options.paths.len() > 1 {
            format!("{path}:")
        } else {
            String::new()
        };
        stdout.write(&format!("{name}{selected}\n")).await?;
    }
    Ok(selected)
}

async fn run(options: &Options) -> Result<ExitCode> {
    let (mut any, mut failed) = (false, false);
    for path in &options.paths {
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
    let mut options = Options::parse();
    options.colour = aiofiles::stdout().isatty() && std::env::var_os("NO_COLOR").is_none();
    match run(&options).await {
        Ok(code) => code,
        // The reader of our output has gone, which is no error.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            drop(aiofiles::stderr().write(&format!("grep: {error}\n")).await);
            ExitCode::from(2)
        }
    }
}
