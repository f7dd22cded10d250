//! Positions of text that were written down, or might have been.

use aiofiles::executor::InlineExecutor;
use aiofiles::{TextPosition, wrap};
use futures::executor::block_on;

use crate::any_calls::{NEWLINES, POLICIES};
use crate::common::Chunks;
use crate::encodings::ENCODINGS;
use crate::input::Input;

/// Whether this is written as positions are: a number, and three more where it needs them.
fn may_be(text: &str) -> bool {
    let number = |text: &str, most: u64| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits && text.parse::<u64>().is_ok_and(|number| number <= most)
    };
    let (offset, rest) = text.split_once(':').unwrap_or((text, "0.0.0"));
    let parts: Vec<&str> = rest.split('.').collect();
    match parts[..] {
        [state, skip, flags] => {
            let there = number(offset, u64::MAX);
            there && number(state, 255) && number(skip, u32::MAX.into()) && number(flags, 3)
        }
        _ => false,
    }
}

/// Parses any text as a position, and goes there in any file.
pub fn positions(data: &[u8]) {
    let mut input = Input::new(data);
    let (encoding, policy, newline) = (input.of(ENCODINGS), input.of(POLICIES), input.of(NEWLINES));
    let n = input.below(30);
    let text = if input.below(2) == 0 {
        let bytes = input.bytes(n).iter();
        bytes
            .map(|byte| char::from(b"0123456789.:000123+- "[usize::from(byte % 21)]))
            .collect()
    } else if input.below(4) == 0 {
        String::from_utf8_lossy(input.bytes(n)).into_owned()
    } else {
        let (offset, state, skip) = (input.below(40), input.below(16), input.below(6));
        format!("{offset}:{state}.{skip}.{}", input.below(5))
    };
    let parsed = text.parse::<TextPosition>();
    let Ok(position) = parsed else {
        // A state that no encoding has is none, too.
        let state = text
            .split_once(':')
            .and_then(|(_, rest)| rest.split('.').next());
        let state = state.and_then(|state| state.parse::<u64>().ok());
        assert!(
            !may_be(&text) || state.is_some_and(|state| state >= 4),
            "{text:?}"
        );
        return;
    };
    assert!(may_be(&text), "{text:?}");
    let written = position.to_string();
    assert_eq!(
        written.parse::<TextPosition>().unwrap(),
        position,
        "{text:?}"
    );
    assert!(may_be(&written), "{text:?}: {written:?}");
    // Wherever that is: it fails or reads something, and it ends.
    block_on(async {
        let bytes = input.rest();
        let made = wrap(Chunks::new(bytes, 3)).text().encoding(encoding);
        let mut made = made.errors(policy).buffering(7);
        if let Some(newline) = newline {
            made = made.newline(newline);
        }
        let mut file = made.executor(InlineExecutor).await.unwrap();
        if file.seek(position).await.is_err() {
            return;
        }
        let told = file.tell().await.unwrap();
        // In the middle of a line end it can be only where both halves are read.
        if newline == Some("") || !text.ends_with(['1', '3']) {
            assert_eq!(told, position, "{text:?}");
        }
        let mut whole = Vec::new();
        for _ in 0..3 * bytes.len() + 3 {
            let read = file.read().size(2).await;
            let over = read.as_ref().is_ok_and(String::is_empty);
            whole.push(read.map_err(|error| error.to_string()));
            if over {
                break;
            }
        }
        assert_eq!(whole.last(), Some(&Ok(String::new())), "{text:?}: it ends");
        // The same again.
        file.seek(position).await.unwrap();
        for read in whole {
            let again = file.read().size(2).await.map_err(|error| error.to_string());
            assert_eq!(again, read, "{text:?}");
        }
    });
}
