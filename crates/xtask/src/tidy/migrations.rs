//! The two databases change together: the same migrations, by number and name, in both stores.

use std::collections::BTreeSet;

use super::{File, Violation};

const TWINS: [&str; 2] = [
    "crates/store-sqlite/migrations/",
    "crates/store-postgres/migrations/",
];

pub(super) fn check(files: &[File]) -> Vec<Violation> {
    let [sqlite, postgres] = TWINS.map(|folder| names(files, folder));
    // A folder that is not there yet has nothing to be a twin of.
    if sqlite.is_empty() || postgres.is_empty() {
        return Vec::new();
    }
    let lonely = |names: &BTreeSet<&str>, others: &BTreeSet<&str>, folder: &str, other: &str| {
        let difference = names.difference(others).copied();
        difference
            .map(|name| Violation::new(format!("{folder}{name}"), 1, format!("no twin in {other}")))
            .collect::<Vec<_>>()
    };
    let mut violations = lonely(&sqlite, &postgres, TWINS[0], TWINS[1]);
    violations.extend(lonely(&postgres, &sqlite, TWINS[1], TWINS[0]));
    violations
}

fn names<'a>(files: &'a [File], folder: &str) -> BTreeSet<&'a str> {
    files
        .iter()
        .filter_map(|file| file.path.strip_prefix(folder))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(paths: &[&str]) -> Vec<String> {
        let files: Vec<File> = paths
            .iter()
            .map(|path| File {
                path: (*path).into(),
                text: String::new(),
            })
            .collect();
        check(&files).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_migration_without_a_twin_is_found_on_either_side() {
        let messages = messages(&[
            "crates/store-sqlite/migrations/0001_first.sql",
            "crates/store-postgres/migrations/0001_first.sql",
            "crates/store-sqlite/migrations/0002_notices.sql",
            "crates/store-postgres/migrations/0002_notice.sql",
        ]);
        assert_eq!(
            messages,
            [
                "crates/store-sqlite/migrations/0002_notices.sql:1: no twin in crates/store-postgres/migrations/",
                "crates/store-postgres/migrations/0002_notice.sql:1: no twin in crates/store-sqlite/migrations/",
            ]
        );
    }

    #[test]
    fn one_store_alone_needs_no_twin() {
        assert!(messages(&["crates/store-sqlite/migrations/0001_first.sql"]).is_empty());
    }
}
