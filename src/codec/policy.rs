//! What to do with bytes that cannot be decoded and characters that cannot be encoded.

use crate::{Error, Result};

/// What happens to bytes that cannot be decoded and to characters that cannot
/// be encoded: Python's `errors`.
///
/// Python's `surrogateescape` and `surrogatepass` are missing, because a `String` cannot
/// hold lone surrogates (a binary file keeps any bytes), and `namereplace`, because it
/// needs a table of all character names. An unknown name is refused at once; Python
/// refuses it at the first bad character.
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
    /// The bad bytes or the character are left out.
    Ignore,
    /// Bad bytes are read as U+FFFD; a character is written as `?`.
    Replace,
    /// Each bad byte is read as `\xff` (with its value); a character is written as
    /// `\xe9`, `\u6f22` or `\U0001f600`.
    BackslashReplace,
    /// A character is written as `&#233;`. Bad bytes fail, as under `Strict`.
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

    /// Finds the policy that has this name in Python. As there, upper and lower case are
    /// different.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`], with the reason, for any other name.
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
