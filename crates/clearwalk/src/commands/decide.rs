//! `decide`: judges a file of facts, without a store and without a network.

use std::collections::BTreeMap;
use std::path::Path;

use engine::fact::FactId;
use engine::rules::Rules;
use formats::case_line;
use formats::rules_files::{self, RulesFiles};
use pipeline::decide::{self, Decided, Options, Other};
use serde_json::json;

use super::Context;
use crate::cli::DecideArgs;
use crate::failure::Failure;
use crate::files;
use crate::output::{self, Output};

/// So many bad lines are named one by one.
const NAMED: usize = 20;

pub(crate) fn run(context: &Context, args: &DecideArgs) -> Result<(), Failure> {
    let rules = rules(context, args)?;
    let input = files::open(&args.facts)?;
    let options = Options { as_of: args.as_of };
    let decided =
        decide::decide(&rules, input, options).map_err(|error| Failure::reading(&args.facts, &error))?;
    print(&decided, args.all)?;
    talk(context, &args.facts, &decided);
    // The process ends here; millions of cases are given back to the system quicker than one by one.
    std::mem::forget(decided);
    Ok(())
}

/// The given files; without a policy the configured rules, zones and calendar replaced where they are given.
fn rules(context: &Context, args: &DecideArgs) -> Result<Rules, Failure> {
    let mut sources = RulesFiles::default();
    if args.policies.is_empty() {
        sources = context.settings()?.rules_files()?;
        if sources.policies.is_empty() {
            let failure = Failure::usage("no policy is given, and none is configured");
            return Err(failure.hint("add --policy FILE"));
        }
    }
    for policy in &args.policies {
        sources.policies.push(files::read_rules(policy)?);
    }
    let given = |path: &Option<std::path::PathBuf>| path.as_deref().map(files::read_rules).transpose();
    sources.zones = given(&args.zones)?.or(sources.zones);
    sources.calendar = given(&args.calendar)?.or(sources.calendar);
    rules_files::load(&sources).map_err(Failure::configuration)
}

fn print(decided: &Decided, all: bool) -> Result<(), Failure> {
    let mut out = Output::new();
    decide::print(&decided.cases, |block| out.bytes(block))?;
    let mut block = Vec::new();
    for other in decided.others.iter().filter(|_| all) {
        block.clear();
        write_other(other, &mut block);
        block.push(b'\n');
        out.bytes(&block)?;
    }
    out.end()
}

fn write_other(other: &Other, block: &mut Vec<u8>) {
    if let Some(fact) = other.fact.as_deref().and_then(FactId::parse) {
        return case_line::write_fact(&fact, other.disposition, other.reason, block);
    }
    let line = json!({
        "fact": other.fact,
        "disposition": other.disposition.as_str(),
        "reason": other.reason.map(engine::case::Reason::as_str),
    });
    block.extend_from_slice(line.to_string().as_bytes());
}

/// What was read, on standard error.
fn talk(context: &Context, path: &Path, decided: &Decided) {
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for other in &decided.others {
        if other.disposition == engine::case::Disposition::Quarantined {
            *reasons
                .entry(other.reason.map_or("unknown", |reason| reason.as_str()))
                .or_default() += 1;
        }
    }
    if context.json {
        let summary = json!({
            "lines": decided.lines,
            "cases": decided.cases.len(),
            "quarantined": reasons,
            "as_of": decided.as_of.to_string(),
        });
        return output::say(json!({ "summary": summary }));
    }
    for bad in decided.bad.iter().take(NAMED) {
        let (pointer, detail) = (&bad.rejected.pointer, &bad.rejected.detail);
        let at = if pointer.is_empty() {
            String::new()
        } else {
            format!("{pointer}: ")
        };
        output::say(format!("{}:{}: schema: {at}{detail}", path.display(), bad.line));
    }
    if decided.bad.len() > NAMED {
        output::say(format!(
            "and {} more lines that cannot be read",
            decided.bad.len() - NAMED
        ));
    }
    let quarantined: u64 = reasons.values().sum();
    let by_reason: Vec<String> = reasons
        .iter()
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    let by_reason = if by_reason.is_empty() {
        String::new()
    } else {
        format!(" ({})", by_reason.join(", "))
    };
    let (lines, cases) = (decided.lines, decided.cases.len());
    output::say(format!(
        "{lines} lines, {cases} cases, {quarantined} quarantined{by_reason}"
    ));
}
