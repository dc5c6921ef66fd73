//! The rules of the house that no compiler checks. Each rule is a function from text to violations, so that a test can
//! show that it fails; this file reads the tree and runs them all.

mod dependencies;
mod edges;
mod engine_tree;
mod lexer;
mod manifests;
mod metrics;
mod migrations;
mod ratchet;
mod sources;
mod sql;

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use lexer::Source;

/// One broken rule, at a place to open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) message: String,
}

impl Violation {
    fn new(file: impl Into<String>, line: usize, message: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            line,
            message: message.into(),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// A text file of the tree; the path is relative to its root, with forward slashes.
#[derive(Debug)]
struct File {
    path: String,
    text: String,
}

/// Prints every violation; any at all is an error.
pub(crate) fn run(root: &Path) -> Result<()> {
    let violations = check(root)?;
    for violation in &violations {
        println!("{violation}");
    }
    if !violations.is_empty() {
        bail!("tidy: {} broken", violations.len());
    }
    println!("tidy: the house is in order");
    Ok(())
}

/// All violations of the tree under `root`, in order of place.
pub(crate) fn check(root: &Path) -> Result<BTreeSet<Violation>> {
    let root = root
        .canonicalize()
        .with_context(|| format!("cannot open {}", root.display()))?;
    let mut files = Vec::new();
    walk(&root, &root, &mut files)?;

    let mut violations = dependencies::check(&root, &files)?;
    violations.extend(manifests::check(&files));
    violations.extend(migrations::check(&files));
    let rust: Vec<Source> = files
        .iter()
        .filter(|file| has_extension(&file.path, "rs"))
        .map(|file| Source::new(&file.path, &file.text))
        .collect();
    for source in &rust {
        violations.extend(sources::check(source));
        violations.extend(sql::check(source));
    }
    violations.extend(metrics::check(&rust));
    violations.extend(ratchet::check(&rust, find(&files, ratchet::LIST)));
    Ok(violations.into_iter().collect())
}

/// Reads what the rules look at; hidden folders and build output are nobody's code.
fn walk(root: &Path, folder: &Path, files: &mut Vec<File>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let path = entry
            .with_context(|| format!("cannot list {}", folder.display()))?
            .path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_symlink()
            || name.starts_with('.')
            || path.join("CACHEDIR.TAG").exists()
            || name == "target"
        {
            continue;
        }
        if path.is_dir() {
            walk(root, &path, files)?;
        } else if ["rs", "toml", "sql", "txt"]
            .iter()
            .any(|extension| has_extension(&name, extension))
        {
            let Some(text) = read(&path)? else { continue };
            let relative = path.strip_prefix(root).expect("the walk starts at the root");
            files.push(File {
                path: relative.to_string_lossy().replace('\\', "/"),
                text,
            });
        }
    }
    Ok(())
}

/// `None` when the file went away since it was listed: an editor's temporary file is no violation.
fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        // Test data may hold any bytes; the rules are about text.
        Err(error)
            if error.kind() == std::io::ErrorKind::InvalidData
                && !has_extension(&path.to_string_lossy(), "rs") =>
        {
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|found| found == extension)
}

fn find<'a>(files: &'a [File], path: &str) -> Option<&'a str> {
    files
        .iter()
        .find(|file| file.path == path)
        .map(|file| file.text.as_str())
}

/// The crate that a file belongs to: `store-sqlite` for `crates/store-sqlite/src/lib.rs`.
fn crate_of(path: &str) -> Option<&str> {
    path.strip_prefix("crates/")?.split('/').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_tidy() {
        let violations = check(crate::root()).unwrap();
        let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "{}", lines.join("\n"));
    }

    #[test]
    fn a_violation_reads_as_a_place_to_open() {
        assert_eq!(Violation::new("a.rs", 7, "no").to_string(), "a.rs:7: no");
    }

    #[test]
    fn the_crate_of_a_file_is_its_folder() {
        assert_eq!(crate_of("crates/store-sqlite/src/lib.rs"), Some("store-sqlite"));
        assert_eq!(crate_of("tests/e2e/main.rs"), None);
    }
}
