//! What to do about bytes that are no text and characters that have no bytes.

use std::str::FromStr;

use crate::{Error, Result};

/// What happens to bytes that cannot be decoded and to characters that cannot
/// be encoded: Python's `errors`.
///
/// Python's `surrogateescape` and `surrogatepass` are missing because a
/// `String` cannot hold lone surrogates (any bytes survive in a binary file),
/// and `namereplace` because it needs the table of all character names.
/// Unlike in Python an unknown name is refused at once, not at the first bad
/// character.
///
/// # Examples
///
/// ```
/// use aiofiles::codec::ErrorPolicy;
///
/// let policy: ErrorPolicy = "backslashreplace".parse()?;
/// assert_eq!(policy, ErrorPolicy::BackslashReplace);
/// assert_eq!(policy.as_str(), "backslashreplace");
/// assert_eq!(ErrorPolicy::default(), ErrorPolicy::Strict);
/// assert!(ErrorPolicy::try_from("surrogateescape").is_err());
/// # Ok::<(), aiofiles::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorPolicy {
    /// The operation fails. The default.
    #[default]
    Strict,
    /// They are left out.
    Ignore,
    /// U+FFFD stands for bad bytes, `?` for a character.
    Replace,
    /// `\xff` stands for each bad byte; `\xe9`, `\u6f22` or `\U0001f600` for a
    /// character.
    BackslashReplace,
    /// `&#233;` stands for a character. Bad bytes fail as under `Strict`.
    XmlCharRefReplace,
}

impl ErrorPolicy {
    /// Returns Python's name of the policy.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Ignore => "ignore",
            Self::Replace => "replace",
            Self::BackslashReplace => "backslashreplace",
            Self::XmlCharRefReplace => "xmlcharrefreplace",
        }
    }
}

impl TryFrom<&str> for ErrorPolicy {
    type Error = Error;

    /// Finds the policy that has this name in Python; case counts, as there.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] with the reason for any other name.
    fn try_from(name: &str) -> Result<Self> {
        let reason = match name {
            "strict" => return Ok(Self::Strict),
            "ignore" => return Ok(Self::Ignore),
            "replace" => return Ok(Self::Replace),
            "backslashreplace" => return Ok(Self::BackslashReplace),
            "xmlcharrefreplace" => return Ok(Self::XmlCharRefReplace),
            "surrogateescape" | "surrogatepass" => format!(
                "the error policy `{name}` needs lone surrogates, which a `String` cannot hold; \
                 open the file as binary to keep any bytes"
            ),
            "namereplace" => "the error policy `namereplace` needs the names of all characters, \
                              which this crate does not carry; `backslashreplace` is the nearest"
                .to_owned(),
            _ => format!("unknown error policy {name:?}"),
        };
        Err(Error::InvalidArgument {
            op: "open",
            path: None,
            reason,
        })
    }
}

impl TryFrom<&String> for ErrorPolicy {
    type Error = Error;

    /// As `TryFrom<&str>`.
    fn try_from(name: &String) -> Result<Self> {
        Self::try_from(name.as_str())
    }
}

impl TryFrom<String> for ErrorPolicy {
    type Error = Error;

    /// As `TryFrom<&str>`.
    fn try_from(name: String) -> Result<Self> {
        Self::try_from(name.as_str())
    }
}

impl FromStr for ErrorPolicy {
    type Err = Error;

    /// As `TryFrom<&str>`.
    fn from_str(name: &str) -> Result<Self> {
        Self::try_from(name)
    }
}
