//! Which crate may depend on which of ours.

use super::Violation;

/// What normal and build dependencies may name, by crate. A new crate needs a row here and a reason in ARCHITECTURE.md.
const ALLOWED: &[(&str, &[&str])] = &[
    ("engine", &[]),
    ("formats", &["engine"]),
    ("ports", &["engine"]),
    ("pipeline", &["engine", "formats", "ports"]),
    ("store-sqlite", &["engine", "formats", "ports"]),
    ("store-postgres", &["engine", "formats", "ports"]),
    ("source-kafka", &["engine", "formats", "ports"]),
    ("web", &["engine", "formats", "ports"]),
    ("gateway-sms", &["engine", "ports"]),
    ("registry", &["engine", "ports"]),
    (
        "clearwalk",
        &[
            "engine",
            "formats",
            "ports",
            "pipeline",
            "store-sqlite",
            "store-postgres",
            "source-kafka",
            "web",
            "gateway-sms",
            "registry",
            "world",
        ],
    ),
    ("world", &[]),
    ("testkit", &["engine", "formats", "ports", "pipeline"]),
    ("xtask", &[]),
];

/// Packages that only test or measure: they may see every crate.
const OBSERVERS: &[&str] = &["system-tests", "chaos", "fuzz", "benches"];

/// Crates whose worth is that they share nothing with the product, not even in their tests.
const ALONE: &[&str] = &["world", "xtask"];

/// A dependency of one member on another.
#[derive(Debug, Clone)]
pub(super) struct Edge {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) is_dev: bool,
    pub(super) manifest: String,
    pub(super) line: usize,
}

pub(super) fn check(edges: &[Edge]) -> Vec<Violation> {
    let refused = edges
        .iter()
        .filter_map(|edge| refuse(edge).map(|why| (edge, why)));
    refused
        .map(|(edge, why)| {
            let message = format!("{} may not depend on {}: {why}", edge.from, edge.to);
            Violation::new(&edge.manifest, edge.line, message)
        })
        .collect()
}

/// A member that the table does not know could depend on anything.
pub(super) fn is_known(member: &str) -> bool {
    OBSERVERS.contains(&member) || ALLOWED.iter().any(|(name, _)| *name == member)
}

fn refuse(edge: &Edge) -> Option<String> {
    let from = edge.from.as_str();
    if OBSERVERS.contains(&from) {
        return None;
    }
    if ALONE.contains(&from) {
        return Some("it shares no code with any crate of ours".into());
    }
    // An unknown member is reported once by itself, not once for each of its edges.
    let (_, allowed) = ALLOWED.iter().find(|(name, _)| *name == from)?;
    let is_allowed = allowed.contains(&edge.to.as_str()) || (edge.is_dev && edge.to == "testkit");
    if is_allowed {
        return None;
    }
    let allowed = if allowed.is_empty() {
        "none of ours".to_owned()
    } else {
        allowed.join(", ")
    };
    let tests = if edge.is_dev {
        ", and testkit for its tests"
    } else {
        ""
    };
    Some(format!("it may see {allowed}{tests}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(from: &str, to: &str, is_dev: bool) -> Edge {
        let manifest = format!("crates/{from}/Cargo.toml");
        Edge {
            from: from.into(),
            to: to.into(),
            is_dev,
            manifest,
            line: 14,
        }
    }

    fn messages(from: &str, to: &str, is_dev: bool) -> Vec<String> {
        check(&[edge(from, to, is_dev)])
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn the_directions_of_the_house_are_allowed() {
        for (from, to) in [
            ("pipeline", "formats"),
            ("store-sqlite", "ports"),
            ("clearwalk", "world"),
            ("benches", "clearwalk"),
        ] {
            assert!(messages(from, to, false).is_empty(), "{from} -> {to}");
        }
    }

    #[test]
    fn every_other_direction_is_found() {
        for (from, to) in [
            ("engine", "ports"),
            ("ports", "formats"),
            ("web", "pipeline"),
            ("web", "store-sqlite"),
            ("gateway-sms", "formats"),
            ("pipeline", "clearwalk"),
            ("pipeline", "testkit"),
            ("clearwalk", "testkit"),
            ("testkit", "store-sqlite"),
        ] {
            assert_eq!(messages(from, to, false).len(), 1, "{from} -> {to}");
        }
        assert_eq!(
            messages("gateway-sms", "web", false),
            ["crates/gateway-sms/Cargo.toml:14: gateway-sms may not depend on web: it may see engine, ports"]
        );
    }

    #[test]
    fn tests_may_add_the_testkit_and_nothing_else() {
        assert!(messages("store-sqlite", "testkit", true).is_empty());
        assert_eq!(messages("store-sqlite", "pipeline", true).len(), 1);
    }

    #[test]
    fn the_world_and_xtask_stand_alone_even_in_their_tests() {
        for from in ["world", "xtask"] {
            for is_dev in [false, true] {
                assert_eq!(messages(from, "testkit", is_dev).len(), 1);
                assert_eq!(messages(from, "engine", is_dev).len(), 1);
            }
        }
    }

    #[test]
    fn a_crate_without_a_row_is_not_known() {
        assert!(is_known("engine") && is_known("system-tests"));
        assert!(!is_known("common"));
    }
}
