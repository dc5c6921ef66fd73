//! A case for people and for programs.

use engine::ids::CaseId;
use engine::message::Texts;
use engine::plate::Grammar;
use formats::case_line::CaseLine;
use ports::read::{NoticeFilter, ReadStore as _, StoredCase, StoredNotice};
use ports::store::StoreError;
use serde_json::{Value, json};
use store_sqlite::SqliteStore;

use super::super::{Context, export};
use crate::config::Settings;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::wiring;

/// More messages than one case can owe.
const NOTICES: usize = 1000;

pub(super) async fn print(
    context: &Context,
    settings: &Settings,
    store: &SqliteStore,
    id: &CaseId,
) -> Result<(), Failure> {
    let versions = super::versions(store, id).await?;
    let filter = NoticeFilter {
        case: Some(id.clone()),
        ..NoticeFilter::default()
    };
    let notices = store.notices(&filter, NOTICES).await?;
    if context.json {
        return print_json(settings, id, &versions, &notices);
    }
    let mut out = Output::new();
    for version in &versions {
        let line = CaseLine::parse(&version.body).map_err(|error| unreadable(&error))?;
        if version.effective {
            describe(&line, &mut out)?;
        }
    }
    for version in &versions {
        let line = CaseLine::parse(&version.body).map_err(|error| unreadable(&error))?;
        let (number, at) = (version.version, version.decided_at);
        out.line(format_args!(
            "version   {number} {at} {} ({})",
            line.outcome,
            line.reasons.join(", ")
        ))?;
    }
    for notice in &notices {
        let (kind, state) = (notice.kind.as_str(), notice.state.as_str());
        let reason = notice.reason.as_deref().map(|reason| format!(" ({reason})"));
        let reason = reason.unwrap_or_default();
        out.line(format_args!("notice    {} {kind} {state}{reason}", notice.id))?;
    }
    out.end()
}

fn describe(line: &CaseLine, out: &mut Output) -> Result<(), Failure> {
    out.line(format_args!("case      {}", line.case))?;
    out.line(format_args!("subject   {}", line.subject))?;
    out.line(format_args!("zone      {}", line.zones.join(" ")))?;
    out.line(format_args!("from      {}", line.from))?;
    out.line(format_args!("to        {}", line.to))?;
    out.line(format_args!(
        "outcome   {} ({})",
        line.outcome,
        line.reasons.join(", ")
    ))?;
    out.line(format_args!(
        "policy    {}",
        line.policy.as_deref().unwrap_or("none")
    ))?;
    out.line(format_args!("because   {}", line.because.zh))?;
    out.line(format_args!("          {}", line.because.en))?;
    line.facts
        .iter()
        .try_for_each(|fact| out.line(format_args!("fact      {fact}")))
}

fn print_json(
    settings: &Settings,
    id: &CaseId,
    versions: &[StoredCase],
    notices: &[StoredNotice],
) -> Result<(), Failure> {
    let mut lines = Vec::new();
    for version in versions {
        let line = export::case_line(version)?;
        lines.push(serde_json::from_slice::<Value>(&line).map_err(|error| unreadable(&error))?);
    }
    let rules = wiring::rules(settings)?;
    let texts = wiring::texts(settings, &rules)?;
    let notices: Vec<Value> = notices
        .iter()
        .map(|notice| notice_json(notice, &texts, rules.grammar()))
        .collect();
    let effective = lines.last().cloned();
    output::print_json(&json!({
        "case": id.as_str(), "effective": effective, "versions": lines, "notices": notices,
    }))
}

fn notice_json(notice: &StoredNotice, texts: &Texts, grammar: Grammar) -> Value {
    let text = notice
        .text
        .clone()
        .or_else(|| export::unsent(notice, texts, grammar).map(|(text, _)| text));
    json!({
        "notice": notice.id.as_str(),
        "kind": notice.kind.as_str(),
        "state": notice.state.as_str(),
        "reason": notice.reason.as_deref(),
        "text": text,
        "recipient": notice.recipient.as_ref().map(ports::contact::Phone::masked),
        "not_before": notice.not_before.to_string(),
        "expires_at": notice.expires_at.to_string(),
        "attempts": notice.attempts,
        "final_at": notice.final_at.map(|at| at.to_string()),
    })
}

fn unreadable(error: &serde_json::Error) -> Failure {
    StoreError::Corrupt(format!("a version of the case: {error}")).into()
}
