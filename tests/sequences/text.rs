//! Random operations on text files.

use aiofiles::{RawIo, TextFile, TextPosition};
use std::cell::Cell;
use std::io::SeekFrom;
use std::rc::Rc;

use super::common::Random;
use super::driver::{Driver, Effect, Outcome};
use super::model::Model;

pub(crate) type Text = Driver<char>;

/// How characters and bytes go together, so that one model serves.
pub(crate) struct Coding {
    pub(crate) label: &'static str,
    /// Bytes of each character; 0: of any length, to be read only.
    pub(crate) width: usize,
}

pub(crate) const CODINGS: &[Coding] = &[
    Coding {
        label: "utf-8",
        width: 1,
    },
    Coding {
        label: "utf-32-le",
        width: 4,
    },
    Coding {
        label: "utf-16-be",
        width: 2,
    },
    Coding {
        label: "utf-8",
        width: 0,
    },
    Coding {
        label: "utf-16",
        width: 0,
    },
    Coding {
        label: "utf-8-sig",
        width: 0,
    },
    Coding {
        label: "shift_jis",
        width: 0,
    },
];

pub(crate) fn encode(coding: &Coding, text: &str) -> Vec<u8> {
    match (coding.label, coding.width) {
        ("utf-8", _) => text.as_bytes().to_vec(),
        ("utf-8-sig", _) => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        ("utf-32-le", _) => text
            .chars()
            .flat_map(|c| u32::from(c).to_le_bytes())
            .collect(),
        ("utf-16-be", _) => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        ("utf-16", _) => {
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            units.flat_map(u16::to_be_bytes).collect()
        }
        ("shift_jis", _) => text
            .chars()
            .flat_map(|c| match c {
                'あ' => vec![0x82, 0xa0],
                'ソ' => vec![0x83, 0x5c],
                c => vec![u8::try_from(c).unwrap()],
            })
            .collect(),
        _ => unreachable!("every coding is above"),
    }
}

pub(crate) fn text(random: &mut Random, coding: &Coding, most: usize) -> String {
    let wide: &[char] = match (coding.label, coding.width) {
        ("shift_jis", _) => &['あ', 'ソ'],
        (_, 0 | 4) => &['é', '€', '𝄞'],
        (_, 2) => &['é', '€'],
        _ => &['x'],
    };
    let n = random.below(most + 1);
    let character = |random: &mut Random| match random.below(8) {
        0 => '\n',
        1 | 2 => wide[random.below(wide.len())],
        _ => char::from(b'a' + random.below(26) as u8),
    };
    (0..n).map(|_| character(random)).collect()
}

fn string(chars: &[char]) -> String {
    chars.iter().collect()
}

/// How many characters the file has taken past where the model is: what became of
/// a write that was to be flushed at once, and failed or was given up.
fn accepted<R: RawIo>(d: &mut Text, file: &mut TextFile<R>, coding: &Coding) -> usize {
    let buffer = file.buffer();
    let at = loop {
        if let Outcome::Value(at) = d.complete("where".into(), buffer.tell()) {
            break at as usize;
        }
    };
    assert_eq!(at % coding.width, 0, "characters are whole");
    at / coding.width - d.model.pos
}

/// Positions that `tell` gave, with where they are in the model.
pub(crate) type Places = Vec<(TextPosition, usize)>;

pub(crate) fn text_step<R: RawIo>(
    d: &mut Text,
    file: &mut TextFile<R>,
    coding: &Coding,
    places: &mut Places,
) {
    let most = d.random.below(24);
    // Whether a write may fail, or be given up, with its text in the buffer.
    let through = file.write_through() || file.line_buffering();
    let writable = coding.width > 0;
    match d.random.below(if writable { 18 } else { 13 }) {
        0 | 1 => {
            let read = file.read().size(most);
            if let Some(got) = d
                .drive(format!("read({most})"), read, "", None, false)
                .value()
            {
                assert_eq!(got, string(&d.model.read(most)));
            }
        }
        2 => {
            if let Some(got) = d
                .drive("read()".into(), file.read(), "", None, false)
                .value()
            {
                assert_eq!(got, string(&d.model.read(usize::MAX)));
            }
        }
        3 | 4 => {
            let size = if d.random.one_in(2) { usize::MAX } else { most };
            let line = file.readline().size(size);
            if let Some(got) = d
                .drive(format!("readline({size})"), line, "", None, false)
                .value()
            {
                assert_eq!(got, string(&d.model.read_line(size)));
            }
        }
        5 => {
            let line = file.next_line();
            if let Outcome::Value(got) = d.drive("next_line".into(), line, "", None, false) {
                let line = string(&d.model.read_line(usize::MAX));
                let expected = (!line.is_empty()).then(|| line.trim_end_matches('\n'));
                assert_eq!(got, expected);
            }
        }
        6 => {
            let hint = d.random.below(20);
            let lines = file.readlines().hint(hint);
            if let Some(got) = d
                .drive(format!("readlines({hint})"), lines, "", None, false)
                .value()
            {
                let hint = if hint == 0 { usize::MAX } else { hint };
                let expected: Vec<_> = d.model.read_lines(hint).iter().map(|l| string(l)).collect();
                assert_eq!(got, expected);
            }
        }
        7 => {
            let line = futures::stream::StreamExt::next(file);
            let line = async { line.await.transpose() };
            if let Some(got) = d.drive("next".into(), line, "", None, false).value() {
                assert_eq!(
                    got.unwrap_or_default(),
                    string(&d.model.read_line(usize::MAX))
                );
            }
        }
        8 | 9 => {
            if let Some(at) = d.drive("tell".into(), file.tell(), "", None, false).value() {
                // What waits to be appended is counted from where it is.
                let there = encode(coding, &string(&d.model.data));
                if !d.model.append || d.memory.data() == there {
                    places.push((at, d.model.pos));
                }
            }
        }
        10 | 11 if !places.is_empty() => {
            let (at, pos) = places[d.random.below(places.len())];
            let effect: Effect<char> = Box::new(move |m| m.pos = pos);
            d.drive(
                format!("seek({pos})"),
                file.seek(at),
                "seek",
                Some(effect),
                false,
            );
        }
        12 => {
            let (to, effect): (_, Effect<char>) = match d.random.below(3) {
                0 => (
                    SeekFrom::Start(0),
                    Box::new(|m: &mut Model<char>| m.pos = 0),
                ),
                1 => (
                    SeekFrom::End(0),
                    Box::new(|m: &mut Model<char>| m.pos = m.data.len()),
                ),
                _ => (SeekFrom::Current(0), Box::new(|_: &mut Model<char>| ())),
            };
            d.drive(
                format!("seek({to:?})"),
                file.seek(to),
                "seek",
                Some(effect),
                false,
            );
        }
        13 | 14 => {
            let text = text(&mut d.random, coding, 40);
            let chars: Vec<char> = text.chars().collect();
            let write = file.write(&text);
            let outcome = d.drive(format!("write({text:?})"), write, "", None, false);
            if matches!(outcome, Outcome::Value(_)) || (through && accepted(d, file, coding) > 0) {
                d.model.write(&chars);
            }
        }
        15 => {
            let n = d.random.below(4);
            let items: Vec<_> = (0..n).map(|_| text(&mut d.random, coding, 12)).collect();
            let taken = Rc::new(Cell::new(0_usize));
            let count = taken.clone();
            let lines = items.iter().inspect(move |_| count.set(count.get() + 1));
            let write = file.writelines(lines);
            let done = match d.drive(format!("writelines({n})"), write, "", None, false) {
                Outcome::Value(()) => items.len(),
                Outcome::Failed | Outcome::Abandoned if through => {
                    let mut left = accepted(d, file, coding);
                    let done = items.iter().take_while(|item| {
                        let whole = item.chars().count() <= left;
                        left -= if whole { item.chars().count() } else { 0 };
                        whole
                    });
                    let done = done.count();
                    assert_eq!(left, 0, "items are whole");
                    done
                }
                Outcome::Failed | Outcome::Abandoned => taken.get().saturating_sub(1),
            };
            for item in &items[..done] {
                d.model.write(&item.chars().collect::<Vec<_>>());
            }
        }
        16 => {
            let flushed = d
                .drive("flush".into(), file.flush(), "", None, false)
                .value();
            if flushed.is_some() {
                assert_eq!(
                    d.memory.data(),
                    encode(coding, &string(&d.model.data)),
                    "flushed"
                );
            }
        }
        17 => {
            // Never longer than it is: what is added would be bytes, not text.
            let size = d.random.below(d.model.data.len() + 1);
            let effect: Effect<char> = Box::new(move |m| m.truncate(size));
            let bytes = (size * coding.width) as u64;
            let truncate = file.truncate().size(bytes);
            d.drive(
                format!("truncate({size})"),
                truncate,
                "truncate",
                Some(effect),
                false,
            );
            // Beyond the end a write would leave a gap.
            d.settle();
            let end = d.complete("seek(End)".into(), file.seek(SeekFrom::End(0)));
            match end {
                Outcome::Value(_) => d.model.pos = d.model.data.len(),
                _ => places.clear(),
            }
            places.retain(|(_, pos)| *pos <= d.model.data.len());
        }
        _ => {}
    }
}
