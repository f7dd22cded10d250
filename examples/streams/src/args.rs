//! The arguments of the tools.

/// Takes `--encoding LABEL` out of the arguments of the process; UTF-8 without.
/// `None` where the label is missing.
#[must_use]
pub fn encoding_and_rest() -> Option<(String, Vec<String>)> {
    let mut encoding = "utf-8".to_owned();
    let mut rest = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        if arg == "--encoding" {
            encoding = args.next()?;
        } else {
            rest.push(arg);
        }
    }
    Some((encoding, rest))
}
