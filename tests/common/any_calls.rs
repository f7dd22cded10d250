//! Any calls that read a text, in any order, against the model of it.

use std::io::SeekFrom;

use aiofiles::executor::InlineExecutor;
use aiofiles::{Error, TextFile, wrap};
use futures::StreamExt as _;

use crate::common::Chunks;
use crate::whole_text::{Answer, WholeText};

pub(crate) const POLICIES: &[&str] = &[
    "strict",
    "ignore",
    "replace",
    "backslashreplace",
    "xmlcharrefreplace",
];

pub(crate) const NEWLINES: &[Option<&str>] =
    &[None, Some(""), Some("\n"), Some("\r"), Some("\r\n")];

/// A file, and how its bytes come.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) bytes: Vec<u8>,
    pub(crate) encoding: &'static str,
    pub(crate) policy: &'static str,
    pub(crate) newline: Option<&'static str>,
    /// How much the first reads of the stream give; then it is three bytes each.
    pub(crate) sizes: Vec<usize>,
    pub(crate) buffering: usize,
}

fn answer<T>(result: aiofiles::Result<T>) -> Answer<T> {
    result.map_err(|error| match error {
        Error::Decode { offset, bytes, .. } => (offset, bytes),
        other => panic!("{other:?}"),
    })
}

impl Case {
    async fn file(&self) -> TextFile<Chunks> {
        let stream = Chunks::new(self.bytes.clone(), 3).sizes(&self.sizes);
        let mut made = wrap(stream)
            .text()
            .encoding(self.encoding)
            .errors(self.policy);
        if let Some(newline) = self.newline {
            made = made.newline(newline);
        }
        made.buffering(self.buffering)
            .executor(InlineExecutor)
            .await
            .unwrap()
    }

    /// Makes `calls` calls, and then reads to the end; `below` is to give a number less than
    /// its argument. Whether there were bad bytes, or `None` where no model knows.
    ///
    /// # Panics
    ///
    /// Where the file gives anything else than the model, with what was called before.
    pub(crate) async fn play(
        &self,
        calls: usize,
        mut below: impl FnMut(usize) -> usize,
    ) -> Option<bool> {
        let mut model = WholeText::new(self.encoding, self.policy, self.newline, &self.bytes)?;
        let mut file = self.file().await;
        let (mut log, mut failed, mut places) = (Vec::new(), false, Vec::new());
        macro_rules! same {
            ($call:expr, $got:expr, $expected:expr) => {{
                log.push($call);
                let (got, expected) = ($got, $expected);
                failed |= expected.is_err();
                assert!(
                    got == expected,
                    "{log:?}\n gave {got:?}\n not  {expected:?}\n of {self:?}"
                );
                got
            }};
        }
        for _ in 0..calls {
            let size = match below(4) {
                0 => usize::MAX,
                _ => below(9),
            };
            match below(12) {
                0 | 1 => {
                    let got = answer(file.read().size(size).await);
                    let _ = same!(format!("read({size})"), got, model.read(Some(size)));
                }
                2 if below(3) == 0 => {
                    let got = answer(file.read().await);
                    let _ = same!("read()".to_owned(), got, model.read(None));
                }
                2 | 3 => {
                    let got = answer(file.readline().await);
                    let _ = same!("readline()".to_owned(), got, model.readline(None));
                }
                4 => {
                    let got = answer(file.readline().size(size).await);
                    let _ = same!(format!("readline({size})"), got, model.readline(Some(size)));
                }
                5 => {
                    let line = file.next_line().await;
                    let got = answer(line.map(|line| line.map(str::to_owned)));
                    let _ = same!("next_line".to_owned(), got, model.next_line());
                }
                6 => {
                    let got = answer(file.next().await.transpose());
                    let expected = model.readline(None);
                    let expected = expected.map(|line| Some(line).filter(|line| !line.is_empty()));
                    let _ = same!("next".to_owned(), got, expected);
                }
                7 => {
                    // How many come at once is the file's affair.
                    let block = file.next_lines().await;
                    let block = block.map(|block| {
                        block.map(|lines| lines.map(str::to_owned).collect::<Vec<_>>())
                    });
                    let got = answer(block);
                    let n = got
                        .as_ref()
                        .map_or(1, |got| got.as_ref().map_or(1, Vec::len));
                    let lines: Answer<Option<Vec<String>>> =
                        (0..n).map(|_| model.next_line()).collect();
                    let _ = same!("next_lines".to_owned(), got, lines);
                }
                8 => {
                    // None is for all, as in Python.
                    let hint = Some(size).filter(|&size| size > 0);
                    let got = answer(file.readlines().hint(size).await);
                    let _ = same!(format!("readlines({size})"), got, model.readlines(hint));
                }
                9 => {
                    log.push("tell".to_owned());
                    places.push((file.tell().await.unwrap(), model.place()));
                }
                10 if !places.is_empty() => {
                    let n = below(places.len());
                    log.push(format!("seek({n})"));
                    let (position, place) = places[n];
                    // Also as it is written down.
                    let written = position.to_string();
                    assert_eq!(written.parse::<aiofiles::TextPosition>().unwrap(), position);
                    file.seek(position).await.unwrap();
                    model.go(place);
                }
                10 => {
                    log.push("seek(start)".to_owned());
                    file.seek(SeekFrom::Start(0)).await.unwrap();
                    model.start();
                }
                _ => {
                    let got = answer(file.readline().size(1).await);
                    let _ = same!("readline(1)".to_owned(), got, model.readline(Some(1)));
                }
            }
        }
        loop {
            let got = answer(file.read().await);
            let got = same!("read to the end".to_owned(), got, model.read(None));
            if got.is_ok_and(|text| text.is_empty()) {
                return Some(failed);
            }
        }
    }
}
