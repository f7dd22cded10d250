//! Mode strings.

use std::fs;

use aiofiles::executor::InlineExecutor;
use aiofiles::{AnyFile, Error};
use futures::executor::block_on;

use crate::common::Dir;
use crate::input::Input;

/// What a mode says: its action, `+`, and whether it is of bytes.
type Parsed = (char, bool, bool);

/// CPython's rule: each character once, one action, not both of `b` and `t`.
fn parsed(mode: &str) -> Option<Parsed> {
    let chars: Vec<char> = mode.chars().collect();
    let count = |these: &str| chars.iter().filter(|c| these.contains(**c)).count();
    let once = "rwxabt+".chars().all(|c| count(&c.to_string()) <= 1);
    let known = count("rwxabt+") == chars.len();
    if !once || !known || count("rwxa") != 1 || count("bt") > 1 {
        return None;
    }
    let action = chars.iter().find(|c| "rwxa".contains(**c));
    Some((*action?, count("+") == 1, count("b") == 1))
}

fn open(mode: &str, there: bool, buffering: Option<usize>) {
    let dir = Dir::new();
    let path = dir.join("file");
    if there {
        fs::write(&path, "before").unwrap();
    }
    let mut made = aiofiles::open(&path)
        .any()
        .mode(mode)
        .executor(InlineExecutor);
    if let Some(size) = buffering {
        made = made.buffering(size);
    }
    let result = block_on(made.into_future());
    let names = fs::read_dir(dir.path()).unwrap().count();
    let Some((action, update, bytes)) = parsed(mode) else {
        let error = result.unwrap_err();
        assert!(
            matches!(&error, Error::InvalidMode { mode: given, .. } if given == mode),
            "{error:?}"
        );
        assert_eq!(names, usize::from(there), "{mode:?} made something");
        return;
    };
    if buffering == Some(0) && !bytes {
        let error = result.unwrap_err();
        assert!(
            matches!(error, Error::InvalidArgument { .. }),
            "{mode:?}: {error:?}"
        );
        assert_eq!(names, usize::from(there), "{mode:?} made something");
        return;
    }
    let mut file = match (action, there) {
        ('r', false) | ('x', true) => {
            let kind = result.unwrap_err().kind();
            let (missing, exists) = (
                std::io::ErrorKind::NotFound,
                std::io::ErrorKind::AlreadyExists,
            );
            assert_eq!(kind, if there { exists } else { missing }, "{mode:?}");
            return;
        }
        _ => result.unwrap(),
    };
    assert_eq!(file.readable(), action == 'r' || update, "{mode:?}");
    assert_eq!(file.writable(), action != 'r' || update, "{mode:?}");
    match &file {
        AnyFile::Text(_) => assert!(!bytes, "{mode:?}"),
        AnyFile::Binary(_) => assert!(bytes && buffering != Some(0), "{mode:?}"),
        AnyFile::Raw(_) => assert!(bytes && buffering == Some(0), "{mode:?}"),
    }
    let written = block_on(async {
        match &mut file {
            AnyFile::Text(file) => file.write("new").await.map(drop),
            AnyFile::Binary(file) => file.write(b"new").await.map(drop),
            AnyFile::Raw(file) => file.write(b"new").await.map(drop),
        }
    });
    assert_eq!(written.is_ok(), action != 'r' || update, "{mode:?}");
    block_on(file.close()).unwrap();
    let expected = match (action, update, there) {
        ('r', false, _) => "before",
        ('r', true, _) => "newore",
        ('a', _, true) => "beforenew",
        _ => "new",
    };
    assert_eq!(fs::read_to_string(&path).unwrap(), expected, "{mode:?}");
}

/// Opens a file in any mode, and looks at what it can do and did.
pub fn modes(data: &[u8]) {
    let mut input = Input::new(data);
    let there = input.below(2) == 0;
    let buffering = [None, Some(0), Some(1), Some(7)][input.below(4)];
    let by_letters = input.below(2) == 0;
    let rest = input.rest();
    let rest = &rest[..rest.len().min(8)];
    if by_letters {
        let mode: String = rest
            .iter()
            .map(|byte| char::from(b"rwxabt+U"[usize::from(byte % 8)]))
            .collect();
        open(&mode, there, buffering);
    } else {
        open(&String::from_utf8_lossy(rest), there, buffering);
    }
}
