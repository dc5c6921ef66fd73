//! The engine is pure: what it is built from, to the last transitive crate, can neither wait nor talk nor roll dice.

use super::Violation;

/// Starts of the names that may not appear anywhere below the engine.
const FORBIDDEN: &[(&str, &str)] = &[
    ("tokio", "the core does not wait"),
    ("async", "the core does not wait"),
    ("futures", "the core does not wait"),
    ("sqlx", "the core knows no store"),
    ("libsqlite3", "the core knows no store"),
    ("reqwest", "the core knows no network"),
    ("hyper", "the core knows no network"),
    ("rustls", "the core knows no network"),
    ("axum", "the core knows no network"),
    ("serde", "shapes of bytes live in formats"),
    ("rand", "chance is an argument"),
    ("getrandom", "chance is an argument"),
    ("fastrand", "chance is an argument"),
    ("chrono", "there is one library of time, and no clock"),
    ("metrics", "the core is not observed, its results are"),
    ("tracing", "the core is not observed, its results are"),
];

/// `tree` is what `cargo tree --package engine --edges normal --prefix none` prints: a crate a line, name first. Cargo
/// resolves features for the package alone there, so a feature that another member turns on is not blamed on the engine.
pub(super) fn check(tree: &str, manifest: &str) -> Vec<Violation> {
    let mut names: Vec<&str> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    names.sort_unstable();
    names.dedup();
    let mut violations = Vec::new();
    for name in names {
        if let Some((_, why)) = FORBIDDEN.iter().find(|(start, _)| name.starts_with(start)) {
            let message = format!(
                "the engine is built from `{name}`, but {why}; see `cargo tree -p engine -e normal -i {name}`"
            );
            violations.push(Violation::new(manifest, 1, message));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(tree: &str) -> Vec<String> {
        check(tree, "crates/engine/Cargo.toml")
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_pure_tree_is_fine() {
        assert!(messages("engine v0.1.0 (/x)\njiff v0.2.1\nsha2 v0.11.0\ncfg-if v1.0.0\n").is_empty());
    }

    #[test]
    fn a_forbidden_crate_is_found_once_however_deep() {
        let messages = messages("engine v0.1.0\njiff v0.2.1\nserde_core v1.0.0\nserde_core v1.0.0 (*)\n");
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert!(messages[0].starts_with("crates/engine/Cargo.toml:1: the engine is built from `serde_core`"));
    }

    #[test]
    fn every_door_to_the_world_is_forbidden() {
        for name in [
            "tokio",
            "tokio-util",
            "sqlx-core",
            "serde",
            "rand_core",
            "reqwest",
            "getrandom",
        ] {
            assert_eq!(messages(&format!("{name} v1.0.0\n")).len(), 1, "{name}");
        }
    }
}
