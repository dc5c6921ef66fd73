//! Pure evaluation of a set of facts: no store, no network, nobody supposed to have been told anything.
//!
//! The answer is a function of the set of lines and of the instant: shuffling changes nothing but which of two
//! conflicting facts is kept.

mod desk;
mod lines;
mod print;

use std::io::{self, Read};
use std::sync::Arc;

use engine::case::{Case, Disposition, Reason};
use engine::ids::CaseId;
use engine::judge::{self, Standing};
use engine::ledger::Ledger;
use engine::rules::Rules;
use engine::time::Timestamp;
use formats::event::Rejected;
use rayon::prelude::*;

use desk::Desk;

pub use print::print;

/// What to evaluate by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Judge at this instant, without the facts that became known after it; none: the largest time of the facts.
    pub as_of: Option<Timestamp>,
}

/// What a set of facts comes to.
#[derive(Debug, Default)]
pub struct Decided {
    /// By subject in bytes, start and id.
    pub cases: Vec<(CaseId, Case)>,
    /// Facts that stand in no case, by fact and disposition; without an id where a line cannot be read.
    pub others: Vec<Other>,
    /// Lines that cannot be read, in order.
    pub bad: Vec<BadLine>,
    /// Lines that are not blank.
    pub lines: u64,
    /// The instant that was judged at.
    pub as_of: Timestamp,
    /// What was judged: given back with the rest, because a process that ends need not give anything back.
    ledgers: Vec<(Arc<str>, Ledger)>,
}

/// A fact or line that stands in no case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// `source#id`; none: not readable.
    pub fact: Option<String>,
    /// How it is read.
    pub disposition: Disposition,
    /// Why.
    pub reason: Option<Reason>,
}

impl Other {
    fn of(bad: &BadLine) -> Self {
        let id = bad.rejected.source.as_deref().zip(bad.rejected.id.as_deref());
        Self {
            fact: id.map(|(source, id)| format!("{source}#{id}")),
            disposition: Disposition::Quarantined,
            reason: Some(bad.rejected.reason),
        }
    }

    fn standing(standing: &Standing) -> Self {
        Self {
            fact: Some(standing.fact.to_string()),
            disposition: standing.disposition,
            reason: standing.reason,
        }
    }

    /// By fact, then by the word of the disposition.
    fn key(&self) -> (Option<&str>, &'static str, Option<Reason>) {
        (self.fact.as_deref(), self.disposition.as_str(), self.reason)
    }
}

/// A line that is no event.
#[derive(Debug)]
pub struct BadLine {
    /// From 1.
    pub line: u64,
    /// What is wrong.
    pub rejected: Rejected,
}

/// Evaluates JSON lines. Blank lines are nothing. The error is that of reading.
pub fn decide(rules: &Rules, input: impl Read + Send, options: Options) -> io::Result<Decided> {
    let mut pieces = lines::read(rules, input, Desk::SHARDS)?;
    let latest = pieces.iter().filter_map(|piece| piece.latest).max();
    let mut decided = Decided {
        lines: pieces.iter().map(|piece| piece.count).sum(),
        as_of: options.as_of.or(latest).unwrap_or_default(),
        ..Decided::default()
    };
    for piece in &mut pieces {
        decided.bad.append(&mut piece.bad);
    }
    let mut desk = Desk::seat(rules, pieces, decided.as_of);
    decided.others = decided.bad.iter().map(Other::of).collect();
    decided.others.append(&mut desk.others);
    decided.judge(rules, desk.into_ledgers());
    Ok(decided)
}

/// Ledgers that a core judges at a time.
const SHARE: usize = 64;

impl Decided {
    /// The ledgers come in the order of what comes out, so that nearly nothing is left to sort.
    fn judge(&mut self, rules: &Rules, ledgers: Vec<(Arc<str>, Ledger)>) {
        let as_of = self.as_of;
        let parts: Vec<Part> = ledgers
            .par_chunks(SHARE)
            .map(|part| judge_part(rules, part, as_of))
            .collect();
        let count = parts.iter().map(|(cases, _)| cases.len()).sum();
        self.cases.reserve_exact(count);
        for (cases, others) in parts {
            self.cases.extend(cases);
            self.others.extend(others);
        }
        self.cases.sort_by(|(id, case), (other_id, other)| {
            let subjects = case.subject.text_order(&other.subject);
            subjects.then_with(|| (case.from, id).cmp(&(other.from, other_id)))
        });
        self.others.par_sort_unstable_by(|a, b| a.key().cmp(&b.key()));
        self.ledgers = ledgers;
    }
}

type Part = (Vec<(CaseId, Case)>, Vec<Other>);

fn judge_part(rules: &Rules, ledgers: &[(Arc<str>, Ledger)], as_of: Timestamp) -> Part {
    let mut part = Part::default();
    for (key, ledger) in ledgers {
        let judgement = judge::judge(rules, key, ledger, as_of);
        let cases = judgement.cases.into_iter();
        part.0.extend(cases.map(|case| (first_id(rules, &case), case)));
        let standings = judgement.standings.iter();
        part.1.extend(standings.map(Other::standing));
    }
    part
}

/// The id that a case gets when it is decided for the first time.
fn first_id(rules: &Rules, case: &Case) -> CaseId {
    CaseId::of(case, rules.time_zone(None))
}
