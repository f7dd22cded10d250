//! Calls that read any bytes as text.

use futures::executor::block_on;

use crate::any_calls::{Case, NEWLINES, POLICIES};
use crate::encodings::ENCODINGS;
use crate::input::Input;

/// Reads what is behind the first bytes, which say how, by any calls.
pub fn reading(data: &[u8]) {
    let mut input = Input::new(data);
    let (encoding, policy, newline) = (input.of(ENCODINGS), input.of(POLICIES), input.of(NEWLINES));
    let buffering = 2 + input.below(30);
    let sizes = (0..input.below(8)).map(|_| 1 + input.below(7)).collect();
    let n = input.below(25);
    let mut calls = Input::new(input.bytes(3 * n));
    let case = Case {
        bytes: input.rest().to_vec(),
        encoding,
        policy,
        newline,
        sizes,
        buffering,
    };
    block_on(case.play(n, |n| calls.below(n)));
}
