//! The recorded cases: what they are, and whether a result is the recorded one.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::notation::Line;

/// The files of cases, by name.
const FILES: [(&str, &str); 6] = [
    ("utf8.txt", include_str!("utf8.txt")),
    ("utf16.txt", include_str!("utf16.txt")),
    ("utf32.txt", include_str!("utf32.txt")),
    ("single_byte.txt", include_str!("single_byte.txt")),
    ("east_asian.txt", include_str!("east_asian.txt")),
    ("bytes.txt", include_str!("bytes.txt")),
];

/// The modes of the cases, without `b`.
pub(crate) const MODES: [&str; 8] = ["r", "r+", "w", "w+", "a", "a+", "x", "x+"];

/// The kind of file a case opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Binary,
    Raw,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Binary => "binary",
            Self::Raw => "raw",
        }
    }
}

/// One case: a file, how it is opened, what is done with it, what is in it then.
#[derive(Debug)]
pub(crate) struct Case {
    /// Where it stands: `file:line`.
    pub(crate) at: String,
    pub(crate) kind: Kind,
    pub(crate) mode: String,
    /// `None`: the default.
    pub(crate) buffering: Option<usize>,
    pub(crate) line_buffering: bool,
    /// `-` where the kind is not text, like the next two.
    pub(crate) encoding: String,
    pub(crate) errors: String,
    /// `none`, `empty`, `lf`, `cr` or `crlf`.
    pub(crate) newline: String,
    /// `None`: the file does not exist.
    pub(crate) content: Option<Arc<[u8]>>,
    /// The decisions of this crate that make it differ from CPython as it is.
    pub(crate) decided: Vec<String>,
    /// The class of the error at open; then there are no steps and no end.
    pub(crate) open_error: Option<String>,
    pub(crate) steps: Vec<Step>,
    /// The bytes of the file at the end.
    pub(crate) end: Option<Value>,
}

/// One operation and what it gave.
#[derive(Debug)]
pub(crate) struct Step {
    /// The line as it stands, for messages.
    pub(crate) text: String,
    pub(crate) op: String,
    pub(crate) arg: Arg,
    pub(crate) expected: Expected,
    pub(crate) newlines: Newlines,
}

/// The argument of an operation. Text is in UTF-8.
#[derive(Debug)]
pub(crate) enum Arg {
    None,
    Number(u64),
    Data(Vec<u8>),
    List(Vec<Vec<u8>>),
    Seek(Seek),
}

/// Where a `seek` goes.
#[derive(Debug)]
pub(crate) enum Seek {
    /// The position of an earlier `tell`, by number.
    Position(usize),
    Start(u64),
    Current(i64),
    End(i64),
}

impl Seek {
    pub(crate) fn origin(&self) -> &'static str {
        match self {
            Self::Position(_) => "@",
            Self::Start(_) => "start",
            Self::Current(_) => "current",
            Self::End(_) => "end",
        }
    }
}

/// The recorded result of an operation.
#[derive(Debug)]
pub(crate) enum Expected {
    Ok,
    Number(u64),
    /// A text position; which it is does not matter.
    Position,
    Data(Value),
    /// Lines, and the class of the error that ended them, if one did.
    List(List, Option<String>),
    Error(String),
}

/// A result to compare with the recorded one.
#[derive(Debug)]
pub(crate) enum Got {
    Ok,
    Number(u64),
    Position,
    Data(Vec<u8>),
    List(Vec<Vec<u8>>, Option<String>),
    Error(String),
}

impl Expected {
    /// Returns the class of the error in it.
    pub(crate) fn error(&self) -> Option<&str> {
        match self {
            Self::List(_, class) => class.as_deref(),
            Self::Error(class) => Some(class),
            Self::Ok | Self::Number(_) | Self::Position | Self::Data(_) => None,
        }
    }

    pub(crate) fn admits(&self, got: &Got) -> bool {
        match (self, got) {
            (Self::Ok, Got::Ok) | (Self::Position, Got::Position) => true,
            (Self::Number(a), Got::Number(b)) => a == b,
            (Self::Data(a), Got::Data(b)) => a.is(b),
            (Self::List(a, e), Got::List(b, f)) => a.is(b) && e == f,
            (Self::Error(a), Got::Error(b)) => a == b,
            _ => false,
        }
    }
}

/// Bytes, or their length and hash where they are many.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Whole(Vec<u8>),
    Hashed { len: usize, hash: u32 },
}

impl Value {
    pub(crate) fn is(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Whole(whole) => whole == bytes,
            Self::Hashed { len, hash } => bytes.len() == *len && fnv1a(bytes) == *hash,
        }
    }
}

/// Lines, or their number and the hash of each followed by a byte FF.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum List {
    Whole(Vec<Vec<u8>>),
    Hashed { items: usize, joined: Value },
}

impl List {
    fn is(&self, lines: &[Vec<u8>]) -> bool {
        match self {
            Self::Whole(whole) => whole == lines,
            Self::Hashed { items, joined } => {
                let bytes: Vec<u8> = lines
                    .iter()
                    .flat_map(|line| [line, &[0xff][..]].concat())
                    .collect();
                lines.len() == *items && joined.is(&bytes)
            }
        }
    }
}

/// The least and the most that `newlines` may be.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Newlines {
    pub(crate) least: NewlineSet,
    pub(crate) most: NewlineSet,
}

impl Newlines {
    pub(crate) fn admits(self, seen: NewlineSet) -> bool {
        self.least.0 & !seen.0 == 0 && seen.0 & !self.most.0 == 0
    }
}

/// Some of `\r` (1), `\n` (2) and `\r\n` (4).
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct NewlineSet(pub(crate) u8);

impl NewlineSet {
    /// In the order in which `newlines()` must give them.
    const NAMES: [(&str, &str, u8); 3] = [("cr", "\r", 1), ("lf", "\n", 2), ("crlf", "\r\n", 4)];

    /// The set of these line ends; `None` where they are out of order or none of the three.
    pub(crate) fn of(ends: &[&str]) -> Option<Self> {
        ends.iter().try_fold(Self(0), |set, end| {
            let (_, _, bit) = Self::NAMES.iter().find(|(_, text, _)| text == end)?;
            (set.0 < *bit).then_some(Self(set.0 | bit))
        })
    }

    fn parse(names: &str) -> Self {
        let bit = |name| {
            Self::NAMES
                .iter()
                .find(|row| row.0 == name)
                .expect("lf, cr or crlf")
                .2
        };
        Self(names.split(',').filter(|name| *name != "-").map(bit).sum())
    }
}

impl fmt::Debug for NewlineSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ends = Self::NAMES.iter().filter(|(_, _, bit)| self.0 & bit != 0);
        f.debug_set()
            .entries(ends.map(|(_, text, _)| text))
            .finish()
    }
}

/// What CPython says to one mode string.
#[derive(Debug)]
pub(crate) struct ModeRow {
    pub(crate) mode: String,
    pub(crate) verdict: Result<Opened, &'static str>,
}

/// A file that a mode string opened.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) text: bool,
    /// Its `.mode`.
    pub(crate) canonical: String,
    pub(crate) readable: bool,
    pub(crate) writable: bool,
}

/// Reads every case of every file.
pub(crate) fn all_cases() -> Vec<Case> {
    FILES
        .iter()
        .flat_map(|(name, text)| cases(name, text))
        .collect()
}

/// Reads the table of mode strings.
pub(crate) fn mode_table() -> Vec<ModeRow> {
    let lines = include_str!("modes.txt").lines();
    let rows = lines.filter(|line| !line.starts_with('#'));
    rows.map(|line| {
        let mut line = Line {
            rest: line,
            at: "modes.txt",
        };
        let mode = String::from_utf8(line.literal()).expect("ASCII");
        let verdict = match line.word() {
            "ok" => Ok(Opened {
                text: line.word() == "text",
                canonical: line.word().to_owned(),
                readable: line.word() == "r",
                writable: line.word() == "w",
            }),
            reason => Err(reason.strip_prefix('!').expect("a verdict")),
        };
        ModeRow { mode, verdict }
    })
    .collect()
}

fn cases(file: &str, text: &'static str) -> Vec<Case> {
    let mut contents = HashMap::new();
    let mut cases: Vec<Case> = Vec::new();
    for (number, text) in text.lines().enumerate() {
        let at = format!("{file}:{}", number + 1);
        let mut line = Line {
            rest: text,
            at: &at,
        };
        match line.word() {
            "#" => {}
            "content" => {
                let name = line.word();
                let mut bytes = Vec::new();
                while !line.rest.is_empty() {
                    bytes.extend(line.repeated());
                }
                contents.insert(name.to_owned(), Arc::from(bytes));
            }
            "case" => cases.push(header(&mut line, &contents)),
            op => {
                let case = cases
                    .last_mut()
                    .unwrap_or_else(|| panic!("{at}: no case yet"));
                match op {
                    "open" => {
                        line.word();
                        case.open_error = line.word().strip_prefix('!').map(str::to_owned);
                    }
                    "end" => case.end = Some(line.value()),
                    _ => {
                        let before = case
                            .steps
                            .last()
                            .map(|step| step.newlines)
                            .unwrap_or_default();
                        case.steps.push(step(op, text, &mut line, before));
                    }
                }
            }
        }
    }
    cases
}

fn header(line: &mut Line<'_>, contents: &HashMap<String, Arc<[u8]>>) -> Case {
    let kind = match line.word() {
        "text" => Kind::Text,
        "binary" => Kind::Binary,
        "raw" => Kind::Raw,
        other => line.fail(other),
    };
    Case {
        at: line.at.to_owned(),
        kind,
        mode: line.word().to_owned(),
        buffering: line.word().parse().ok(),
        line_buffering: line.word() == "lb",
        encoding: line.word().to_owned(),
        errors: line.word().to_owned(),
        newline: line.word().to_owned(),
        content: match line.word() {
            "missing" => None,
            name => Some(
                contents
                    .get(name)
                    .unwrap_or_else(|| line.fail(name))
                    .clone(),
            ),
        },
        decided: match line.word().strip_prefix("decided:") {
            Some(names) => names.split(',').map(str::to_owned).collect(),
            None => Vec::new(),
        },
        open_error: None,
        steps: Vec::new(),
        end: None,
    }
}

fn step(op: &str, text: &str, line: &mut Line<'_>, before: Newlines) -> Step {
    let arg = line.arg();
    let expected = line.expected();
    let newlines = match line.word().strip_prefix('~') {
        Some(range) => {
            let (least, most) = range.split_once("..").unwrap_or((range, range));
            Newlines {
                least: NewlineSet::parse(least),
                most: NewlineSet::parse(most),
            }
        }
        None => before,
    };
    assert!(
        line.rest.is_empty(),
        "{}: {:?} is left over",
        line.at,
        line.rest
    );
    Step {
        text: text.to_owned(),
        op: op.to_owned(),
        arg,
        expected,
        newlines,
    }
}

/// The 32-bit FNV-1a hash.
fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}
