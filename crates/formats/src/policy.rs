//! Policy files: one version of one policy, checked as a whole.
//!
//! Every key has one meaning, one form and, where it may be left out, one default. An unknown key, a value that the kind
//! of window would ignore, and a part of the format that this release does not decide by yet are mistakes: nothing in a
//! policy is ever passed over. All mistakes of a file are reported together.
//!
//! Two readings that the format leaves open:
//! - A single `hold` or `quiet_hours` in `[notice]` is for every kind but `reminded`: to move the car is worth saying at
//!   once or not at all. A table by kind may name `reminded` too.
//! - A day is 24 hours in `[episode]`, `hold`, `min_dwell` and `future_tolerance`, and a civil day everywhere else.

mod evidence;
mod notice;
mod outcome;
mod window;

use std::sync::Arc;

use engine::plate::Grammar;
use engine::policy::{Policy, Window};
use engine::time::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use crate::plan::{PlanErrors, Table, read};

const GRAMMARS: [(Grammar, &str); 2] = [(Grammar::Cn, "cn"), (Grammar::Generic, "generic")];

/// Reads a policy; `file` is for the errors only.
pub fn parse(file: &str, text: &str) -> Result<Policy, PlanErrors> {
    read(file, text, |root| policy(root, text))
}

fn policy(root: &Table<'_>, text: &str) -> Option<Policy> {
    root.only(
        &[
            "policy",
            "window",
            "episode",
            "admission",
            "exclude",
            "outcome",
            "notice",
        ],
        &["cure", "conditions", "warning", "groups"],
    );
    let head = root.need_table("policy", "it says which policy this is and from when it holds");
    let window = root.need_table(
        "window",
        "it says within what an offence is the first; see `kind`",
    );
    let outcome = root.need_table("outcome", "it says what follows; see `first` and `otherwise`");
    let head = head.as_ref().and_then(head_of);
    let window: Option<Window> = window.as_ref().and_then(window::read);
    let outcome = outcome.as_ref().and_then(outcome::read);
    let episode = evidence::episode(root.table("episode").as_ref());
    let admission = evidence::admission(root.table("admission").as_ref());
    let excludes = root.tables("exclude").iter().map(outcome::exclude).collect();
    let notice = notice::read(root.table("notice").as_ref());
    let head = head?;
    Some(Policy {
        id: head.id,
        version: head.version,
        authority: head.authority,
        codes: head.codes.map(|codes| codes.into_iter().map(Arc::from).collect()),
        from: head.from,
        to: head.to,
        time_zone_name: head.time_zone.iana_name()?.into(),
        time_zone: head.time_zone,
        plates: head.plates,
        basis_waive: head.basis_waive,
        basis_penalise: head.basis_penalise,
        window: window?,
        episode,
        admission,
        excludes,
        outcome: outcome?,
        notice,
        text_hash: Sha256::digest(text).into(),
    })
}

/// `[policy]`.
struct Head {
    id: Arc<str>,
    version: Arc<str>,
    authority: Option<Arc<str>>,
    codes: Option<Vec<String>>,
    from: Timestamp,
    to: Option<Timestamp>,
    time_zone: TimeZone,
    plates: Grammar,
    basis_waive: Option<Arc<str>>,
    basis_penalise: Option<Arc<str>>,
}

fn head_of(table: &Table<'_>) -> Option<Head> {
    table.only(
        &[
            "id",
            "version",
            "authority",
            "codes",
            "effective",
            "time_zone",
            "plates",
            "legal_basis",
        ],
        &[],
    );
    table.need(
        "id",
        "give the policy a name that its versions share, such as \"loudi-sidewalk\"",
    );
    table.need("version", "give this text a name of its own, such as \"2026-03\"");
    table.need(
        "time_zone",
        "name the zone in which days are counted, such as \"Asia/Shanghai\"",
    );
    let effective = table.need_table(
        "effective",
        "write effective = { from = \"2026-03-01T00:00:00+08:00\" }",
    );
    let (from, to) = effective.as_ref().map_or((None, None), span);
    let basis = table.table("legal_basis");
    let basis = |key| -> Option<Arc<str>> { basis.as_ref()?.text(key).map(Into::into) };
    if let Some(table) = table.table("legal_basis") {
        table.only(&["waive", "penalise"], &[]);
    }
    let (id, version, time_zone) = (
        table.name("id"),
        table.name("version"),
        table.time_zone("time_zone"),
    );
    let head = (
        table.name("authority"),
        table.texts("codes"),
        table.choice("plates", &GRAMMARS, &[]),
    );
    let (basis_waive, basis_penalise) = (basis("waive"), basis("penalise"));
    Some(Head {
        id: id?.into(),
        version: version?.into(),
        authority: head.0.map(Into::into),
        codes: head.1,
        from: from?,
        to,
        time_zone: time_zone?,
        plates: head.2.unwrap_or_default(),
        basis_waive,
        basis_penalise,
    })
}

/// `from` and `to` of `effective`.
fn span(effective: &Table<'_>) -> (Option<Timestamp>, Option<Timestamp>) {
    effective.only(&["from", "to"], &[]);
    effective.need(
        "from",
        "write the instant from which the policy holds, such as \"2026-03-01T00:00:00+08:00\"",
    );
    let (from, to) = (effective.timestamp("from"), effective.timestamp("to"));
    if let Some((from, to)) = from.zip(to)
        && to <= from
    {
        effective.wrong(
            "to",
            "must be later than `from`; it is the first instant that is not included",
        );
    }
    (from, to)
}

#[cfg(test)]
mod tests;
