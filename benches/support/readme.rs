//! Tables of README.md, each between two comments that have its name.

use std::io;
use std::path::{Path, PathBuf};

/// The file that `--readme PATH` names, and the other arguments.
pub(crate) fn argument(
    args: impl Iterator<Item = String>,
) -> io::Result<(Option<PathBuf>, Vec<String>)> {
    let mut args = args.filter(|arg| arg != "--bench");
    let (mut readme, mut others) = (None, Vec::new());
    while let Some(arg) = args.next() {
        if arg == "--readme" {
            let path = args.next();
            let path = path.ok_or_else(|| io::Error::other("--readme takes a path"))?;
            readme = Some(path.into());
        } else {
            others.push(arg);
        }
    }
    Ok((readme, others))
}

/// Puts `table` in the place of the one with this name.
pub(crate) fn put(readme: &Path, name: &str, table: &str) -> io::Result<()> {
    let text = std::fs::read_to_string(readme)?;
    let (begin, end) = (
        format!("<!-- {name} -->\n"),
        format!("<!-- end of {name} -->"),
    );
    let missing = || io::Error::other(format!("{}: no table {name}", readme.display()));
    let (before, rest) = text.split_once(&begin).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    std::fs::write(readme, format!("{before}{begin}{table}{end}{after}"))
}
