//! `policy list` and `policy show`: the versions that the store has published, and those of the configured files.

use std::collections::BTreeMap;

use engine::policy::Policy;
use engine::time::Timestamp;
use formats::policy;
use ports::read::{ReadStore as _, StoredPolicy};
use serde_json::{Value, json};

use super::{Context, lint};
use crate::cli::PolicyCommand;
use crate::config::Settings;
use crate::failure::{Code, Failure};
use crate::output::{self, Output};
use crate::telemetry::{self, Talk};
use crate::wiring::{self, Access};

pub(crate) fn run(context: &Context, command: &PolicyCommand) -> Result<(), Failure> {
    match command {
        PolicyCommand::Lint(args) => lint::run(context, args),
        PolicyCommand::List => list(context),
        PolicyCommand::Show { policy } => show(context, policy),
    }
}

/// One version, wherever it is known.
struct Version {
    policy: Policy,
    text: String,
    /// The configured file.
    file: Option<String>,
    /// When and by whom.
    published: Option<(Timestamp, String)>,
    /// Whether the file says something else than what was published.
    differs: bool,
}

impl Version {
    fn state(&self) -> &'static str {
        match (&self.published, &self.file, self.differs) {
            (Some(_), _, true) => "changed in the file",
            (Some(_), Some(_), false) => "published",
            (Some(_), None, _) => "published, no file",
            (None, _, _) => "not published",
        }
    }

    fn row(&self) -> Vec<String> {
        let instant = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        let policy = &self.policy;
        vec![
            policy.name(),
            self.state().to_owned(),
            policy.from.to_string(),
            instant(policy.to),
            instant(self.published.as_ref().map(|(at, _)| *at)),
            self.file.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    }

    fn to_json(&self) -> Value {
        json!({
            "policy": self.policy.name(),
            "state": self.state(),
            "from": self.policy.from.to_string(),
            "to": self.policy.to.map(|at| at.to_string()),
            "authority": self.policy.authority.as_deref(),
            "published_at": self.published.as_ref().map(|(at, _)| at.to_string()),
            "published_by": self.published.as_ref().map(|(_, by)| by),
            "file": self.file,
        })
    }
}

fn list(context: &Context) -> Result<(), Failure> {
    let versions = versions(context)?;
    if context.json {
        let list: Vec<Value> = versions.values().map(Version::to_json).collect();
        return output::print_json(&list);
    }
    let rows: Vec<Vec<String>> = versions.values().map(Version::row).collect();
    let mut out = Output::new();
    out.table(&["policy", "state", "from", "to", "published", "file"], &rows)?;
    out.end()
}

/// A published text is shown as it was published, whatever its file says now.
fn show(context: &Context, wanted: &str) -> Result<(), Failure> {
    let versions = versions(context)?;
    let exact = versions.values().find(|version| version.policy.name() == wanted);
    let latest = || {
        let of_id = versions.values().filter(|version| *version.policy.id == *wanted);
        of_id.max_by_key(|version| version.policy.from)
    };
    let Some(version) = exact.or_else(latest) else {
        let names: Vec<String> = versions.values().map(|version| version.policy.name()).collect();
        let failure = Failure::new(Code::NotFound, format!("there is no policy {wanted}"));
        return Err(failure.hint(if names.is_empty() {
            "there is none at all; see rules.policies".to_owned()
        } else {
            format!("there are {}", names.join(", "))
        }));
    };
    if context.json {
        let mut document = version.to_json();
        document["text"] = version.text.as_str().into();
        return output::print_json(&document);
    }
    output::print(&version.text)
}

/// By id and start.
fn versions(context: &Context) -> Result<BTreeMap<(String, Timestamp, String), Version>, Failure> {
    let settings = context.settings()?;
    let mut versions = BTreeMap::new();
    for stored in published(context, &settings)? {
        let name = format!("{}@{} as it was published", stored.id, stored.version);
        let policy = policy::parse(&name, &stored.text).map_err(Failure::configuration)?;
        let version = Version {
            text: stored.text.to_string(),
            file: None,
            published: Some((stored.at, stored.by.to_string())),
            differs: false,
            policy,
        };
        versions.insert(key(&version.policy), version);
    }
    for (file, text) in settings.rules_files()?.policies {
        let policy = policy::parse(&file, &text).map_err(Failure::configuration)?;
        let name = policy.name();
        if let Some(version) = versions
            .values_mut()
            .find(|version| version.policy.name() == name)
        {
            version.differs = version.text != text;
            version.file = Some(file);
            continue;
        }
        let version = Version {
            text,
            file: Some(file),
            published: None,
            differs: false,
            policy,
        };
        versions.insert(key(&version.policy), version);
    }
    Ok(versions)
}

fn key(policy: &Policy) -> (String, Timestamp, String) {
    (policy.id.to_string(), policy.from, policy.version.to_string())
}

/// Without a store nothing is published yet.
fn published(context: &Context, settings: &Settings) -> Result<Vec<StoredPolicy>, Failure> {
    if !settings.database.exists() {
        return Ok(Vec::new());
    }
    telemetry::start(context.json, Talk::Quiet)?;
    super::runtime()?.block_on(async {
        let store = wiring::open(settings, Access::Use).await?;
        Ok(store.policies().await?)
    })
}
