//! Text that is written in any pieces, and read again.

use std::io::SeekFrom;

use aiofiles::executor::InlineExecutor;
use aiofiles::{Error, TextFile, text, wrap};
use encoding_rs::EncoderResult;
use futures::executor::block_on;

use crate::any_calls::{NEWLINES, POLICIES};
use crate::common::Chunks;
use crate::encodings::ENCODINGS;
use crate::input::Input;

/// What stands for a character that has no bytes.
fn stand_in(policy: &str, c: char) -> Option<String> {
    let code = u32::from(c);
    Some(match policy {
        "strict" => return None,
        "ignore" => String::new(),
        "replace" => "?".to_owned(),
        "backslashreplace" if code < 0x100 => format!("\\x{code:02x}"),
        "backslashreplace" if code < 0x1_0000 => format!("\\u{code:04x}"),
        "backslashreplace" => format!("\\U{code:08x}"),
        _ => format!("&#{code};"),
    })
}

/// The bytes of a text without mark; `Err` is the index of a character that has none.
fn encoded(encoding: &str, policy: &str, text: &str) -> Result<Vec<u8>, usize> {
    let little = cfg!(target_endian = "little");
    let by_code = |most: u32| {
        let mut bytes = Vec::new();
        for (n, c) in text.chars().enumerate() {
            match u8::try_from(u32::from(c)) {
                Ok(byte) if u32::from(byte) <= most => bytes.push(byte),
                _ => bytes.extend(stand_in(policy, c).ok_or(n)?.into_bytes()),
            }
        }
        Ok::<_, usize>(bytes)
    };
    let utf16 = |little: bool| {
        let order = if little {
            u16::to_le_bytes
        } else {
            u16::to_be_bytes
        };
        text.encode_utf16().flat_map(order).collect()
    };
    let utf32 = |little: bool| {
        let order = if little {
            u32::to_le_bytes
        } else {
            u32::to_be_bytes
        };
        text.chars().map(u32::from).flat_map(order).collect()
    };
    Ok(match encoding {
        "utf-8" | "utf-8-sig" => text.as_bytes().to_vec(),
        "utf-16" => utf16(little),
        "utf-16-le" => utf16(true),
        "utf-16-be" => utf16(false),
        "utf-32" => utf32(little),
        "utf-32-le" => utf32(true),
        "utf-32-be" => utf32(false),
        "latin-1" => by_code(0xff)?,
        "ascii" => by_code(0x7f)?,
        label => {
            let other = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap();
            // One encoder for all of it: ISO-2022-JP has a state.
            let mut encoder = other.new_encoder();
            let (mut bytes, mut rest) = (Vec::new(), text);
            loop {
                bytes.reserve(16 + 8 * rest.len());
                let (result, read) =
                    encoder.encode_from_utf8_to_vec_without_replacement(rest, &mut bytes, true);
                let done = &rest[..read];
                rest = &rest[read..];
                match result {
                    EncoderResult::InputEmpty => break bytes,
                    EncoderResult::OutputFull => {}
                    EncoderResult::Unmappable(_) => {
                        let c = done.chars().next_back().unwrap();
                        let index = text.chars().count() - rest.chars().count() - 1;
                        let instead = stand_in(policy, c).ok_or(index)?;
                        bytes.reserve(instead.len() + 16);
                        let (_, read) = encoder.encode_from_utf8_to_vec_without_replacement(
                            &instead, &mut bytes, false,
                        );
                        assert_eq!(read, instead.len(), "what stands in is ASCII");
                    }
                }
            }
        }
    })
}

/// Whether a text is read as it was written: some encoders put one character for another.
fn is_faithful(encoding: &str, text: &str) -> bool {
    let Ok(bytes) = encoded(encoding, "strict", text) else {
        return false;
    };
    let other = encoding_rs::Encoding::for_label(encoding.as_bytes());
    let ours = encoding.starts_with("utf-") || matches!(encoding, "latin-1" | "ascii");
    ours || other.is_some_and(|other| other.decode_without_bom_handling(&bytes).0 == text)
}

fn mark(encoding: &str) -> &'static [u8] {
    match (encoding, cfg!(target_endian = "little")) {
        ("utf-8-sig", _) => b"\xef\xbb\xbf",
        ("utf-16", true) => b"\xff\xfe",
        ("utf-16", false) => b"\xfe\xff",
        ("utf-32", true) => b"\xff\xfe\0\0",
        ("utf-32", false) => b"\0\0\xfe\xff",
        _ => b"",
    }
}

fn line_end(newline: Option<&str>) -> &str {
    match newline {
        None if cfg!(windows) => "\r\n",
        None | Some("") => "\n",
        Some(end) => end,
    }
}

/// Text of whatever a byte chooses, mostly of what most encodings have.
fn piece(input: &mut Input<'_>) -> String {
    let n = input.below(12);
    let c = |input: &mut Input<'_>| match input.byte() {
        byte @ 0..=0x7f => char::from(byte),
        0x80..=0x8f => '\n',
        0x90..=0x9f => '\r',
        byte @ 0xa0..=0xdf => input
            .of(&['\u{e9}', '\u{df}', '\u{416}', '\u{3b1}', '\u{627}'])
            .max(char::from(byte)),
        0xe0..=0xef => input.of(&[
            '\u{3042}', '\u{6f22}', '\u{ac00}', '\u{ff71}', '\u{20ac}', '\u{a5}',
        ]),
        _ => {
            let code = u32::from(input.byte()) << 12 | u32::from(input.byte()) << 4;
            char::from_u32(code).unwrap_or('\u{1d11e}')
        }
    };
    (0..n).map(|_| c(input)).collect()
}

async fn made(
    stream: Chunks,
    encoding: &'static str,
    policy: &'static str,
    newline: Option<&'static str>,
    buffering: usize,
) -> TextFile<Chunks> {
    let made = wrap(stream).text().mode("r+").encoding(encoding);
    let mut made = made.errors(policy).buffering(buffering);
    if let Some(newline) = newline {
        made = made.newline(newline);
    }
    made.executor(InlineExecutor).await.unwrap()
}

/// Writes pieces to a file and to a stream, and compares the bytes.
pub fn writing(data: &[u8]) {
    let mut input = Input::new(data);
    let (encoding, policy, newline) = (input.of(ENCODINGS), input.of(POLICIES), input.of(NEWLINES));
    let (buffering, chunk) = (2 + input.below(40), 1 + input.below(20));
    let stream = Chunks::new(Vec::new(), chunk);
    block_on(async {
        let mut file = made(stream.clone(), encoding, policy, newline, buffering).await;
        let mut sink = Vec::new();
        let mut writer = text::writer(&mut sink).encoding(encoding).errors(policy);
        if let Some(newline) = newline {
            writer = writer.newline(newline);
        }
        let mut writer = writer.await.unwrap();
        // What the file has, and the text that it was.
        let (mut bytes, mut whole, mut faithful) = (Vec::new(), String::new(), true);
        // The first write of a stream, be it of nothing, begins with the mark; a file that
        // can be read too has none for nothing.
        let mut sent = Vec::new();
        let mut places = Vec::new();
        while !input.is_empty() {
            match input.below(8) {
                0 => {
                    file.flush().await.unwrap();
                    assert_eq!(stream.data(), bytes, "{encoding} {policy}");
                }
                1 => places.push((file.tell().await.unwrap(), bytes.len(), whole.len())),
                2 if !places.is_empty() => {
                    // Only where nothing is behind: a write in the middle leaves halves.
                    let (position, at, text_at) = places[input.below(places.len())];
                    file.seek(position).await.unwrap();
                    if at == bytes.len() {
                        assert_eq!(file.read().await.unwrap(), "");
                    } else if faithful {
                        let rest = file.read().await;
                        let expected = seen(&whole[text_at..], newline);
                        assert_eq!(rest.unwrap(), expected, "{encoding} {at}");
                    }
                    file.seek(SeekFrom::End(0)).await.unwrap();
                }
                _ => {
                    let piece = piece(&mut input);
                    let written = piece.replace('\n', line_end(newline));
                    let results = [
                        file.write(&piece).await.map(drop),
                        writer.write(&piece).await.map(drop),
                    ];
                    match encoded(encoding, policy, &written) {
                        Ok(encoded) => {
                            for result in results {
                                result.unwrap();
                            }
                            if sent.is_empty() {
                                sent.extend_from_slice(mark(encoding));
                            }
                            sent.extend_from_slice(&encoded);
                            if bytes.is_empty() && !piece.is_empty() {
                                bytes.extend_from_slice(mark(encoding));
                            }
                            bytes.extend_from_slice(&encoded);
                            whole.push_str(&written);
                            faithful &= is_faithful(encoding, &written);
                        }
                        Err(_) => {
                            for result in results {
                                let error = result.unwrap_err();
                                assert!(matches!(error, Error::Encode { .. }), "{error:?}");
                            }
                        }
                    }
                }
            }
        }
        file.close().await.unwrap();
        writer.close().await.unwrap();
        drop(writer);
        assert_eq!(stream.data(), bytes, "{encoding} {policy} {newline:?}");
        assert_eq!(sink, sent, "{encoding} {policy} {newline:?}, over a stream");
        if faithful && !bytes.is_empty() {
            let again = Chunks::new(bytes, chunk);
            let mut file = made(again, encoding, policy, newline, buffering).await;
            assert_eq!(file.read().await.unwrap(), seen(&whole, newline));
        }
    });
}

/// How a text is read that was written so.
fn seen(text: &str, newline: Option<&str>) -> String {
    match newline {
        None => text.replace("\r\n", "\n").replace('\r', "\n"),
        Some(_) => text.to_owned(),
    }
}
