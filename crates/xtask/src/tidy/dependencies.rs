//! What cargo itself says about the workspace: members, their edges, the tree below the engine.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

use super::edges::{self, Edge};
use super::{File, Violation, engine_tree, find, manifests};
use crate::process;

const ROOT: &str = "Cargo.toml";

pub(super) fn check(root: &Path, files: &[File]) -> Result<Vec<Violation>> {
    let metadata = MetadataCommand::new()
        .current_dir(root)
        .no_deps()
        .exec()
        .context("`cargo metadata` failed; is every Cargo.toml in order?")?;
    let packages = metadata.workspace_packages();
    let members: Vec<Member> = packages
        .into_iter()
        .map(|package| Member::new(package, root, files))
        .collect();

    let mut violations = edges::check(&all_edges(&members));
    violations.extend(members.iter().filter_map(unknown_member));
    violations.extend(members.iter().filter_map(missing_licence));
    let names = members
        .iter()
        .map(|member| member.package.name.as_str())
        .collect();
    let root_manifest = find(files, ROOT).context("the root has no Cargo.toml")?;
    violations.extend(default_members(&names, &defaults(&metadata), root_manifest));
    if let Some(engine) = members
        .iter()
        .find(|member| member.package.name.as_str() == "engine")
    {
        let arguments = [
            "tree",
            "--package",
            "engine",
            "--edges",
            "normal",
            "--prefix",
            "none",
        ];
        let tree = process::output(process::cargo(root).arg("--quiet").args(arguments))?;
        violations.extend(engine_tree::check(&tree, &engine.manifest));
    }
    Ok(violations)
}

struct Member<'a> {
    package: &'a Package,
    /// Path of its Cargo.toml below the root.
    manifest: String,
    text: &'a str,
}

impl<'a> Member<'a> {
    fn new(package: &'a Package, root: &Path, files: &'a [File]) -> Self {
        let path = package.manifest_path.as_std_path();
        let manifest = path
            .strip_prefix(root)
            .unwrap_or(path)
            .to_string_lossy()
            .replace('\\', "/");
        let text = find(files, &manifest).unwrap_or_default();
        Self {
            package,
            manifest,
            text,
        }
    }
}

fn all_edges(members: &[Member]) -> Vec<Edge> {
    let names: BTreeSet<&str> = members
        .iter()
        .map(|member| member.package.name.as_str())
        .collect();
    let mut edges = Vec::new();
    for member in members {
        let ours = member
            .package
            .dependencies
            .iter()
            .filter(|dependency| names.contains(dependency.name.as_str()));
        edges.extend(ours.map(|dependency| Edge {
            from: member.package.name.to_string(),
            to: dependency.name.clone(),
            is_dev: dependency.kind == DependencyKind::Development,
            manifest: member.manifest.clone(),
            line: manifests::line_of_dependency(member.text, &dependency.name),
        }));
    }
    edges
}

fn unknown_member(member: &Member) -> Option<Violation> {
    let name = member.package.name.as_str();
    (!edges::is_known(name)).then(|| {
        let message =
            format!("{name} has no row in the table of allowed edges, crates/xtask/src/tidy/edges.rs");
        Violation::new(
            &member.manifest,
            manifests::line_of_key(member.text, "name"),
            message,
        )
    })
}

fn missing_licence(member: &Member) -> Option<Violation> {
    let is_named = member
        .package
        .license
        .as_deref()
        .is_some_and(|licence| !licence.is_empty());
    (!is_named).then(|| {
        Violation::new(
            &member.manifest,
            1,
            "no licence: write `license.workspace = true`",
        )
    })
}

fn defaults(metadata: &Metadata) -> BTreeSet<&str> {
    metadata
        .workspace_default_packages()
        .into_iter()
        .map(|package| package.name.as_str())
        .collect()
}

/// A member that is left out would silently not be built and tested by a bare `cargo test`; xtask is no product.
fn default_members(members: &BTreeSet<&str>, defaults: &BTreeSet<&str>, manifest: &str) -> Vec<Violation> {
    let line = manifests::line_of_key(manifest, "default-members");
    let forgotten = members
        .iter()
        .filter(|name| **name != "xtask" && !defaults.contains(*name));
    let mut violations: Vec<Violation> = forgotten
        .map(|name| Violation::new(ROOT, line, format!("{name} is missing from default-members")))
        .collect();
    if defaults.contains("xtask") {
        violations.push(Violation::new(
            ROOT,
            line,
            "xtask does not belong to default-members",
        ));
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[workspace]\ndefault-members = [\n]\n";

    const MEMBER: &str = "[package]\nname = \"web\"\n[dependencies]\nengine.workspace = true\n";

    /// A member as cargo describes it, with one dependency on the engine.
    fn package(name: &str, licence: &str, kind: &str) -> Package {
        let dependency = format!(
            r#"{{"name": "engine", "req": "*", "kind": {kind}, "optional": false, "uses_default_features": true,
                "features": [], "target": null, "source": null, "rename": null, "registry": null}}"#
        );
        let json = format!(
            r#"{{"packages": [{{"name": "{name}", "version": "0.1.0", "id": "{name}", "license": {licence},
                "source": null, "dependencies": [{dependency}], "targets": [], "features": {{}},
                "manifest_path": "/house/crates/{name}/Cargo.toml"}}],
                "workspace_members": ["{name}"], "workspace_default_members": [], "resolve": null,
                "workspace_root": "/house", "target_directory": "/house/target", "version": 1}}"#
        );
        MetadataCommand::parse(json).unwrap().packages.remove(0)
    }

    fn member(package: &Package) -> Member<'_> {
        Member {
            package,
            manifest: "crates/web/Cargo.toml".into(),
            text: MEMBER,
        }
    }

    #[test]
    fn an_edge_carries_its_kind_and_its_line() {
        for (kind, is_dev) in [("null", false), (r#""build""#, false), (r#""dev""#, true)] {
            let (web, engine) = (package("web", "null", kind), package("engine", "null", kind));
            let edges = all_edges(&[
                member(&web),
                Member {
                    text: "",
                    ..member(&engine)
                },
            ]);
            assert_eq!(
                (edges[0].to.as_str(), edges[0].is_dev, edges[0].line),
                ("engine", is_dev, 4),
                "{kind}"
            );
        }
    }

    #[test]
    fn a_member_without_a_licence_is_found() {
        assert!(missing_licence(&member(&package("web", "null", "null"))).is_some());
        assert!(missing_licence(&member(&package("web", r#""MIT""#, "null"))).is_none());
    }

    #[test]
    fn a_member_that_the_table_does_not_know_is_found() {
        let found = unknown_member(&member(&package("shared", r#""MIT""#, "null"))).unwrap();
        assert_eq!((found.file.as_str(), found.line), ("crates/web/Cargo.toml", 2));
        assert!(unknown_member(&member(&package("web", r#""MIT""#, "null"))).is_none());
    }

    #[test]
    fn a_member_left_out_of_the_default_is_found() {
        let messages = default_members(&["engine", "web", "xtask"].into(), &["engine"].into(), MANIFEST);
        assert_eq!(
            messages,
            [Violation::new(
                "Cargo.toml",
                2,
                "web is missing from default-members"
            )]
        );
    }

    #[test]
    fn xtask_among_the_default_is_found() {
        let messages = default_members(&["xtask"].into(), &["xtask"].into(), MANIFEST);
        assert_eq!(
            messages,
            [Violation::new(
                "Cargo.toml",
                2,
                "xtask does not belong to default-members"
            )]
        );
    }
}
