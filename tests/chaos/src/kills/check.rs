//! What must hold after the kills: what was answered for is there once, what was refused is not, and everything was
//! decided as the recorded facts say.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::facts::{Kind, content};
use super::log::Log;
use crate::evidence::{Violations, each_line};
use crate::site::Site;

/// A command that reads everything.
const PATIENCE: Duration = Duration::from_mins(15);

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) violations: Violations,
    pub(super) records: u64,
    pub(super) cases: u64,
    pub(super) dispositions: BTreeMap<String, u64>,
    pub(super) verify: Value,
}

#[derive(Debug, Deserialize)]
struct RecordRow {
    source: Option<String>,
    id: Option<String>,
    disposition: String,
}

#[derive(Deserialize)]
struct FactRow {
    received_at: String,
    fact: Option<Value>,
}

pub(super) fn look(site: &Site, log: &Log) -> Result<Findings> {
    let mut findings = Findings::default();
    for wrong in log.wrong.iter().take(5) {
        findings.violations.add("an answer adds up", || wrong.clone());
    }
    let exports = site.path("exports");
    let folder = exports.display().to_string();
    let mut verify = site.start(&["verify", "--json", "--keep", &folder], "verify")?;
    verify.ends_within(PATIENCE)?.context("verify does not end")?;
    let said = verify.printed()?;
    findings.verify = serde_json::from_str(&said).with_context(|| format!("verify: {}", verify.said()))?;
    let promises = findings.verify["promises"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    for promise in promises.iter().filter(|promise| promise["verdict"] == "broken") {
        findings
            .violations
            .add("verify finds nothing", || promise.to_string());
    }
    records(site, log, &mut findings)?;
    contents(site, log, &mut findings)?;
    decisions(site, &mut findings)?;
    Ok(findings)
}

/// Records of a name: first ones, and conflicts.
#[derive(Clone, Copy, Default)]
struct Seen {
    first: u32,
    conflicts: u32,
}

/// Records against the log: once each, with a disposition that its kind may have.
fn records(site: &Site, log: &Log, findings: &mut Findings) -> Result<()> {
    let mut seen: HashMap<String, Seen> = HashMap::with_capacity(log.names.len());
    each_line(&site.path("exports/records.jsonl"), |row: RecordRow| {
        findings.records += 1;
        *findings.dispositions.entry(row.disposition.clone()).or_default() += 1;
        let name = format!(
            "{}#{}",
            row.source.as_deref().unwrap_or_default(),
            row.id.as_deref().unwrap_or_default()
        );
        let Some(named) = log.names.get(&name) else {
            return findings
                .violations
                .add("nothing is recorded that nobody sent", || format!("{row:?}"));
        };
        let seen = seen.entry(name).or_default();
        match &*row.disposition {
            "duplicate" => return,
            "conflict" => {
                seen.conflicts += 1;
                let holds = named.said.len() > 1;
                let example = || format!("{row:?}");
                return findings
                    .violations
                    .must(holds, "only another content is a conflict", example);
            }
            _ => seen.first += 1,
        }
        let allowed: &[&str] = match named.kind {
            Kind::Good => &["decided", "merged"],
            Kind::Unread => &["quarantined"],
            Kind::Void => &["applied", "waiting"],
            Kind::Ahead | Kind::Broken => &[],
        };
        let holds = allowed.contains(&&*row.disposition);
        findings
            .violations
            .must(holds, "a record has a disposition of its kind", || {
                format!("{:?}: {row:?}", named.kind)
            });
    })?;
    named(&seen, log, findings);
    Ok(())
}

/// The log against records: what was answered for, and what was refused.
fn named(seen: &HashMap<String, Seen>, log: &Log, findings: &mut Findings) {
    for (name, named) in &log.names {
        let found = seen.get(name).copied().unwrap_or_default();
        let is_taken = named.said.iter().any(|said| said.is_taken);
        let example = || {
            format!(
                "{name}: {named:?}, {} first records, {} conflicts",
                found.first, found.conflicts
            )
        };
        let violations = &mut findings.violations;
        violations.must(
            !is_taken || found.first > 0,
            "what was answered for is recorded",
            example,
        );
        violations.must(found.first <= 1, "a fact is judged once", example);
        let is_refused = named.said.iter().all(|said| said.is_refused && !said.is_taken);
        violations.must(
            !is_refused || found.first == 0,
            "what was refused is not recorded",
            example,
        );
        let is_contradicted = named.said.iter().filter(|said| said.is_taken).count() > 1;
        violations.must(
            !is_contradicted || found.conflicts > 0,
            "a contradiction is kept aside",
            example,
        );
    }
}

/// The recorded facts say, word for word, what was answered for; they are also written for `decide`.
fn contents(site: &Site, log: &Log, findings: &mut Findings) -> Result<()> {
    let mut recorded: HashSet<(String, u64)> = HashSet::with_capacity(log.names.len());
    let mut again = BufWriter::new(File::create(site.path("again.jsonl"))?);
    let mut written = Ok(());
    each_line(&site.path("exports/facts.jsonl"), |row: FactRow| {
        let Some(mut fact) = row.fact else {
            return findings.violations.add("only facts are in the log", || {
                "a record that is no JSON".to_owned()
            });
        };
        let text = |key: &str| fact[key].as_str().unwrap_or_default().to_owned();
        recorded.insert((format!("{}#{}", text("source"), text("id")), content(&fact)));
        // The service knew it when it came, whatever it says itself.
        fact["time"] = json!(row.received_at);
        if let Err(error) = writeln!(again, "{fact}") {
            written = Err(error);
        }
    })?;
    written?;
    again.flush()?;
    for (name, named) in &log.names {
        for said in named.said.iter().filter(|said| said.is_taken) {
            let holds = recorded.contains(&(name.clone(), said.content));
            findings
                .violations
                .must(holds, "what was answered for is recorded as it was said", || {
                    format!("{name}: {said:?}")
                });
        }
    }
    Ok(())
}

/// Effective cases against what `decide` says of the same facts, without a store and without a kill.
fn decisions(site: &Site, findings: &mut Findings) -> Result<()> {
    const KEYS: [&str; 10] = [
        "subject",
        "zone",
        "from",
        "to",
        "facts",
        "outcome",
        "ordinal",
        "window",
        "fine_minor",
        "reasons",
    ];
    let line = |case: &Value| KEYS.map(|key| case[key].to_string()).join(" ");
    let mut stored: HashSet<String> = HashSet::new();
    each_line(&site.path("exports/cases.jsonl"), |case: Value| {
        // A case that was merged into another holds nothing; `decide`, which begins with all facts, never made it.
        if case["effective"] == true && case["facts"] != json!([]) {
            stored.insert(line(&case));
        }
    })?;
    let text = site.ask(&["decide", "--policy", "policy.toml", "again.jsonl"], PATIENCE)?;
    for case in text.lines() {
        let case: Value = serde_json::from_str(case).with_context(|| case.to_owned())?;
        findings.cases += 1;
        let line = line(&case);
        let holds = stored.remove(&line);
        findings.violations.must(holds, "decided as without kills", || {
            format!("only decide has {line}")
        });
    }
    for line in stored {
        findings.violations.add("decided as without kills", || {
            format!("only the store has {line}")
        });
    }
    Ok(())
}
