//! Rules about the text of manifests: versions of dependencies stand in the root and nowhere else.

use super::{File, Violation};

pub(super) fn check(files: &[File]) -> Vec<Violation> {
    let members = files.iter().filter(|file| file.path.ends_with("/Cargo.toml"));
    members.flat_map(own_versions).collect()
}

/// The line on which a manifest names a dependency, else 1.
pub(super) fn line_of_dependency(manifest: &str, name: &str) -> usize {
    let found = dependencies(manifest)
        .into_iter()
        .find(|dependency| dependency.name == name);
    found.map_or(1, |dependency| dependency.line)
}

/// The line that sets a key, else 1.
pub(super) fn line_of_key(manifest: &str, key: &str) -> usize {
    let found = manifest.lines().position(|line| {
        line.strip_prefix(key)
            .is_some_and(|rest| rest.trim_start().starts_with('=') || rest.starts_with('.'))
    });
    found.map_or(1, |index| index + 1)
}

fn own_versions(file: &File) -> Vec<Violation> {
    let own = dependencies(&file.text)
        .into_iter()
        .filter(|dependency| !dependency.is_inherited);
    own.map(|dependency| {
        let name = &dependency.name;
        let message =
            format!("`{name}`: write `{name}.workspace = true`; its version stands in the root Cargo.toml");
        Violation::new(&file.path, dependency.line, message)
    })
    .collect()
}

#[derive(Debug)]
struct Dependency {
    name: String,
    line: usize,
    is_inherited: bool,
}

/// Every dependency that a manifest declares, of all kinds and platforms, in the three ways TOML can spell one.
fn dependencies(manifest: &str) -> Vec<Dependency> {
    let mut found: Vec<Dependency> = Vec::new();
    let mut section = Section::Other;
    let mut depth = 0_usize;
    for (index, line) in manifest.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if depth == 0 && line.starts_with('[') {
            section = Section::of(line);
            if let Section::Table(name) = &section {
                found.push(Dependency {
                    name: name.clone(),
                    line: index + 1,
                    is_inherited: false,
                });
            }
            continue;
        }
        let is_start = depth == 0 && line.contains('=');
        depth = (depth + line.matches(['[', '{']).count()).saturating_sub(line.matches([']', '}']).count());
        if !is_start {
            continue;
        }
        let is_inherited = line.replace(' ', "").contains("workspace=true");
        match &section {
            Section::List => {
                let name = line
                    .split(['.', '='])
                    .next()
                    .unwrap_or_default()
                    .trim()
                    .trim_matches('"');
                match found
                    .iter_mut()
                    .find(|dependency| dependency.name == name && dependency.line > 0)
                {
                    // `x.workspace = true` and `x.features = [...]` are two lines about one dependency.
                    Some(known) if line.contains('.') => known.is_inherited |= is_inherited,
                    _ => found.push(Dependency {
                        name: name.to_owned(),
                        line: index + 1,
                        is_inherited,
                    }),
                }
            }
            Section::Table(_) => {
                let table = found.last_mut().expect("the header of the table was pushed");
                table.is_inherited |= is_inherited;
            }
            Section::Other => {}
        }
    }
    found
}

enum Section {
    /// `[dependencies]`, `[dev-dependencies]`, `[target.'cfg(unix)'.dependencies]`
    List,
    /// `[dependencies.name]`
    Table(String),
    Other,
}

impl Section {
    fn of(header: &str) -> Self {
        let header = header.trim_matches(['[', ']']);
        let (head, last) = header.rsplit_once('.').unwrap_or(("", header));
        if is_list(last) && head != "workspace" {
            Self::List
        } else if is_list(head.rsplit('.').next().unwrap_or_default()) && !head.starts_with("workspace") {
            Self::Table(last.trim_matches('"').to_owned())
        } else {
            Self::Other
        }
    }
}

fn is_list(name: &str) -> bool {
    matches!(name, "dependencies" | "dev-dependencies" | "build-dependencies")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<String> {
        let file = File {
            path: "crates/web/Cargo.toml".into(),
            text: text.into(),
        };
        check(&[file]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn inherited_dependencies_are_fine() {
        let text = "[package]\nversion = \"1\"\n[dependencies]\na.workspace = true\nb = { workspace = true, features = [\"x\"] }\n\
                    c.workspace = true # why\n[dev-dependencies.d]\nworkspace = true\nfeatures = [\n  \"y\",\n]\n[features]\ne = []\n";
        assert_eq!(messages(text), Vec::<String>::new());
    }

    #[test]
    fn a_version_of_its_own_is_found_however_it_is_spelled() {
        for text in [
            "[dependencies]\na = \"1\"\n",
            "[dev-dependencies]\na = { version = \"1\", features = [\"x\"] }\n",
            "[build-dependencies]\na = { path = \"../a\" }\n",
            "[target.'cfg(unix)'.dependencies]\na.version = \"1\"\n",
        ] {
            let messages = messages(text);
            assert_eq!(messages.len(), 1, "{text}");
            assert!(
                messages[0].starts_with("crates/web/Cargo.toml:2: `a`: write `a.workspace = true`"),
                "{messages:?}"
            );
        }
        assert!(
            messages("[dependencies.a]\nversion = \"1\"\n")[0].starts_with("crates/web/Cargo.toml:1: `a`")
        );
    }

    #[test]
    fn the_root_may_name_versions() {
        let file = File {
            path: "Cargo.toml".into(),
            text: "[workspace.dependencies]\na = \"1\"\n".into(),
        };
        assert!(check(&[file]).is_empty());
    }

    #[test]
    fn places_are_found_in_the_text() {
        let text = "[package]\nlicense.workspace = true\n[dependencies]\nengine.workspace = true\n";
        assert_eq!(line_of_dependency(text, "engine"), 4);
        assert_eq!(line_of_key(text, "license"), 2);
        assert_eq!(line_of_dependency(text, "web"), 1);
    }
}
