//! Which operations the crate offers: its sources are read for them.

use std::collections::BTreeSet;
use std::path::Path;

/// The words behind `word` in `text`, up to what is no part of a name.
fn names_behind<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    let name = |rest: &'a str| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        &rest[..end.unwrap_or(rest.len())]
    };
    text.split(word).skip(1).map(name)
}

fn sources(folder: &Path, found: &mut Vec<(String, String)>, root: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found, root);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap().to_owned();
            let name = path.strip_prefix(root).unwrap();
            // With the separators of Unix on each system, as tables have them.
            let name = name
                .to_str()
                .unwrap()
                .replace(std::path::MAIN_SEPARATOR, "/");
            found.push((name, code));
        }
    }
}

/// All public functions that are async or give something to be awaited, as (file, name).
pub(crate) fn operations() -> BTreeSet<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&root, &mut found, &root);
    let mut pending = BTreeSet::new();
    for (_, code) in &found {
        pending.extend(names_behind(code, "Future for "));
        pending.extend(names_behind(code, "Stream for "));
        for line in code.lines().filter(|line| line.starts_with("pub type ")) {
            let of = ["= Call<", "= Lines<", "= Chunks<"];
            if of.iter().any(|of| line.contains(of)) {
                pending.extend(names_behind(line, "pub type "));
            }
        }
    }
    // Every file is a stream of lines; what gives a file is seldom awaited for them.
    pending.remove("File");
    pending.remove("");
    let mut all = BTreeSet::new();
    for (file, code) in &found {
        let code = format!("\n{code}");
        for (at, _) in code.match_indices("pub ") {
            let before = &code[..at];
            if !before.ends_with([' ', '\n']) || !before.trim_end_matches(' ').ends_with('\n') {
                continue;
            }
            let head = &code[at..];
            let head = &head[..head.find(['{', ';']).unwrap_or(head.len())];
            let head = head.split(" where").next().unwrap();
            let gives = head.rsplit_once(") -> ").map_or("", |(_, gives)| gives);
            let gives = gives.split(|c: char| !c.is_alphanumeric()).next().unwrap();
            let name = if head.starts_with("pub async fn ") {
                names_behind(head, "pub async fn ").next()
            } else if head.starts_with("pub fn ") && pending.contains(gives) {
                names_behind(head, "pub fn ").next()
            } else {
                None
            };
            all.extend(name.map(|name| (file.clone(), name.to_owned())));
        }
    }
    all
}

/// That what a table has rows for is what there is.
#[track_caller]
pub(crate) fn assert_all(known: &BTreeSet<(String, String)>) {
    let found = operations();
    assert!(found.len() > 150, "only {} were found", found.len());
    let missing: Vec<_> = found.difference(known).collect();
    assert!(missing.is_empty(), "without a row: {missing:?}");
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(gone.is_empty(), "there is no such operation: {gone:?}");
}

/// Rows as (file, names between blanks), one by one.
pub(crate) fn by_name<'a>(
    rows: impl IntoIterator<Item = &'a (&'a str, &'a str)>,
) -> BTreeSet<(String, String)> {
    let each = rows.into_iter().flat_map(|(file, names)| {
        let names = names.split_whitespace();
        names.map(|name| ((*file).to_owned(), name.to_owned()))
    });
    each.collect()
}
