//! What is fuzzed: each function takes any bytes, makes calls of them, and panics where
//! the crate does not do what a model of it does.
//!
//! `just fuzz` runs them under libFuzzer, which finds its way by what is covered. The
//! tests here run them with bytes at random, so that they cannot rot.

#![allow(
    missing_docs,
    missing_debug_implementations,
    dead_code,
    clippy::missing_panics_doc,
    reason = "a target fails by panicking, and uses a part of what the tests share"
)]

#[path = "../../common/any_calls.rs"]
mod any_calls;
#[path = "../../common/mod.rs"]
mod common;
#[path = "../../common/encodings.rs"]
mod encodings;
mod input;
mod modes;
mod paths;
mod positions;
mod reading;
#[path = "../../common/whole_text.rs"]
mod whole_text;
mod writing;

pub use self::modes::modes;
pub use self::paths::paths;
pub use self::positions::positions;
pub use self::reading::reading;
pub use self::writing::writing;

#[cfg(test)]
mod tests {
    /// SplitMix64.
    fn next(state: &mut u64) -> u64 {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn at_random(target: fn(&[u8]), runs: u64) {
        for seed in 0..runs {
            let mut state = seed;
            let len = next(&mut state) % 120;
            let data: Vec<u8> = (0..len).map(|_| next(&mut state) as u8).collect();
            target(&data);
        }
    }

    #[test]
    fn reading() {
        at_random(super::reading, 3000);
    }

    #[test]
    fn writing() {
        at_random(super::writing, 3000);
    }

    #[test]
    fn modes() {
        at_random(super::modes, 2000);
    }

    #[test]
    fn paths() {
        at_random(super::paths, 1000);
    }

    #[test]
    fn positions() {
        at_random(super::positions, 3000);
    }
}
