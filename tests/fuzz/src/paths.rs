//! Paths, in a folder with links that lead anywhere.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

use aiofiles::executor::InlineExecutor;
use aiofiles::ospath;
use futures::executor::block_on;
use rustix::io::Errno;

use crate::common::Dir;
use crate::input::Input;

const LINKS: [&str; 4] = ["l0", "l1", "l2", "l3"];

/// A path of a few names, most of which are there, below `root` or relative.
fn path(input: &mut Input<'_>, root: &Path) -> Vec<u8> {
    let mut path = Vec::new();
    if input.below(8) == 0 {
        path.extend_from_slice(root.as_os_str().as_bytes());
        path.push(b'/');
    }
    for n in 0..1 + input.below(5) {
        if n > 0 {
            path.push(b'/');
        }
        match input.below(14) {
            0 => path.push(b'/'),
            1 => path.push(b'.'),
            2 | 3 => path.extend_from_slice(b".."),
            4 => path.extend_from_slice(b"missing"),
            5 => path.push(b'f'),
            6 => path.push(b'b'),
            7 => path.push(b'a'),
            8 => {
                let n = 1 + input.below(6);
                path.extend_from_slice(input.bytes(n));
            }
            _ => path.extend_from_slice(input.of(&LINKS).as_bytes()),
        }
    }
    if input.below(5) == 0 {
        path.extend_from_slice(input.of::<&[u8]>(&[b"/", b"/.", b"//", b"/.."]));
    }
    path
}

/// By name alone, as `posixpath.abspath`.
fn absolute(path: &Path) -> PathBuf {
    let given = path.as_os_str().as_bytes();
    let two = given.starts_with(b"//") && !given.starts_with(b"///");
    let mut normal = if path.is_absolute() {
        PathBuf::from("/")
    } else {
        std::env::current_dir().unwrap()
    };
    for component in path.components() {
        match component {
            Component::Normal(name) => normal.push(name),
            Component::ParentDir => drop(normal.pop()),
            _ => {}
        }
    }
    if two {
        let mut slashes = OsString::from("/");
        slashes.push(normal);
        normal = slashes.into();
    }
    normal
}

/// As CPython's `posixpath.realpath` goes, by recursion: a link that is being followed
/// stays as it is.
fn real(mut at: PathBuf, rest: &[u8], seen: &mut HashMap<PathBuf, Option<PathBuf>>) -> PathBuf {
    if rest.starts_with(b"/") {
        at = PathBuf::from("/");
    }
    for name in rest.split(|&byte| byte == b'/') {
        match name {
            b"" | b"." => continue,
            b".." => {
                at.pop();
                continue;
            }
            _ => {}
        }
        let here = at.join(OsStr::from_bytes(name));
        let Ok(target) = fs::read_link(&here) else {
            at = here;
            continue;
        };
        at = match seen.get(&here) {
            Some(Some(known)) => known.clone(),
            Some(None) => here,
            None => {
                seen.insert(here.clone(), None);
                let led = real(at, target.as_os_str().as_bytes(), seen);
                seen.insert(here, Some(led.clone()));
                led
            }
        };
    }
    at
}

/// Asks about any path below a folder of links.
pub fn paths(data: &[u8]) {
    let mut input = Input::new(data);
    let dir = Dir::new();
    let root = dir.path().canonicalize().unwrap();
    fs::create_dir_all(root.join("a/b")).unwrap();
    fs::write(root.join("f"), "1").unwrap();
    fs::write(root.join("a/f"), "22").unwrap();
    for (n, link) in LINKS.iter().enumerate() {
        let target = path(&mut input, &root);
        // Some are in the folder below.
        let at = if n == 3 {
            root.join("a").join(link)
        } else {
            root.join(link)
        };
        let target = OsString::from_vec(target);
        // What is too long or has a NUL is no link.
        let _ = symlink(target, at);
    }
    let mut given = root.clone().into_os_string().into_vec();
    given.push(b'/');
    given.extend(path(&mut input, &root));
    let given = PathBuf::from(OsString::from_vec(given));
    let shown = format!("{given:?}");
    let (followed, itself) = (fs::metadata(&given), fs::symlink_metadata(&given));
    block_on(async {
        macro_rules! asked {
            ($name:ident) => {
                ospath::$name(&given).executor(InlineExecutor).await
            };
        }
        let is = |what: fn(&fs::Metadata) -> bool| followed.as_ref().is_ok_and(what);
        assert_eq!(asked!(exists).unwrap(), followed.is_ok(), "{shown}");
        assert_eq!(asked!(lexists).unwrap(), itself.is_ok(), "{shown}");
        assert_eq!(
            asked!(isfile).unwrap(),
            is(fs::Metadata::is_file),
            "{shown}"
        );
        assert_eq!(asked!(isdir).unwrap(), is(fs::Metadata::is_dir), "{shown}");
        let link = itself.as_ref().is_ok_and(fs::Metadata::is_symlink);
        assert_eq!(asked!(islink).unwrap(), link, "{shown}");
        match (asked!(getsize), &followed) {
            (Ok(size), Ok(metadata)) => assert_eq!(size, metadata.len(), "{shown}"),
            (Err(error), Err(expected)) => assert_eq!(error.kind(), expected.kind(), "{shown}"),
            (got, _) => panic!("{shown}: {got:?}, not {followed:?}"),
        }
        assert_eq!(asked!(abspath).unwrap(), absolute(&given), "{shown}");
        let relative = given.strip_prefix(&root).unwrap_or(&given);
        let got = ospath::abspath(relative).executor(InlineExecutor).await;
        assert_eq!(got.unwrap(), absolute(relative), "{relative:?}");

        let strict = ospath::realpath(&given)
            .strict(true)
            .executor(InlineExecutor)
            .await;
        match (strict, fs::canonicalize(&given)) {
            (Ok(got), Ok(expected)) => assert_eq!(got, expected, "{shown}"),
            // Any number of links is followed; the system gives up at 40.
            (Ok(_), Err(error)) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {}
            (Err(error), Err(expected)) => assert_eq!(error.kind(), expected.kind(), "{shown}"),
            (got, expected) => panic!("{shown}: {got:?}, not {expected:?}"),
        }
        let lenient = asked!(realpath);
        if given.as_os_str().as_bytes().contains(&0) {
            assert_eq!(
                lenient.unwrap_err().kind(),
                ErrorKind::InvalidInput,
                "{shown}"
            );
        } else {
            let bytes = given.as_os_str().as_bytes();
            let expected = real(PathBuf::from("/"), bytes, &mut HashMap::new());
            assert_eq!(lenient.unwrap(), expected, "{shown}");
        }
    });
}
