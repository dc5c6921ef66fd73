//! Pure evaluation of a set of facts: no store, no network, nobody supposed to have been told anything.
//!
//! The answer is a function of the set of lines and of the instant: shuffling changes nothing but which of two
//! conflicting facts is kept.

mod lines;
mod print;

use std::sync::Arc;

use engine::case::{Case, Disposition, Reason};
use engine::fact::{ContentDigest, FactId};
use engine::ids::CaseId;
use engine::judge::{self, Standing};
use engine::ledger::Ledger;
use engine::route::{self, Home};
use engine::rules::Rules;
use engine::time::Timestamp;
use foldhash::{HashMap, HashMapExt as _};
use formats::event::{Decoded, Rejected};

use crate::workers;

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

/// Evaluates JSON lines. Blank lines are nothing.
pub fn decide(rules: &Rules, input: &[u8], options: Options) -> Decided {
    let workers = workers::count();
    let pieces = lines::read(rules, input, workers);
    let count: usize = pieces.iter().map(|piece| piece.lines.len()).sum();
    let latest = pieces.iter().filter_map(|piece| piece.latest).max();
    let mut decided = Decided {
        lines: count as u64,
        as_of: options.as_of.or(latest).unwrap_or_default(),
        ..Decided::default()
    };
    let mut desk = Desk {
        rules,
        homes: HashMap::with_capacity(count),
        ledgers: Vec::new(),
        numbers: HashMap::new(),
    };
    let mut about = Vec::new();
    let mut before = 0;
    for piece in pieces {
        for line in piece.lines {
            match line.read {
                Ok((decoded, _)) if decoded.fact.known > decided.as_of => {}
                Ok((decoded, home)) => desk.take(decoded, home, &mut about, &mut decided),
                Err(rejected) => decided.reject(before + line.number, rejected),
            }
        }
        before += piece.length;
    }
    for decoded in about {
        desk.seat_about(decoded);
    }
    desk.move_corrected();
    desk.judge(workers, &mut decided);
    decided
}

impl Decided {
    fn reject(&mut self, line: u64, rejected: Rejected) {
        let id = rejected.source.as_deref().zip(rejected.id.as_deref());
        self.others.push(Other {
            fact: id.map(|(source, id)| format!("{source}#{id}")),
            disposition: Disposition::Quarantined,
            reason: Some(rejected.reason),
        });
        self.bad.push(BadLine { line, rejected });
    }
}

/// Where a fact was put.
#[derive(Clone, Copy)]
enum Place {
    /// Into a ledger, by number.
    Ledger(usize),
    /// Among those about observations, by number.
    About(usize),
    Nowhere,
}

/// Ledgers in memory, and where each fact lives.
struct Desk<'r> {
    rules: &'r Rules,
    /// Content and place of every fact.
    homes: HashMap<FactId, (ContentDigest, Place)>,
    ledgers: Vec<(Arc<str>, Ledger)>,
    numbers: HashMap<Arc<str>, usize>,
}

impl Desk<'_> {
    fn ledger(&mut self, key: &Arc<str>) -> usize {
        *self.numbers.entry(key.clone()).or_insert_with(|| {
            self.ledgers.push((key.clone(), Ledger::default()));
            self.ledgers.len() - 1
        })
    }

    fn take(&mut self, decoded: Decoded, home: Home, about: &mut Vec<Decoded>, decided: &mut Decided) {
        let fact = &decoded.fact;
        let mut other = |disposition, reason| {
            decided.others.push(Other {
                fact: Some(fact.id.to_string()),
                disposition,
                reason: Some(reason),
            });
        };
        if let Some((digest, home)) = self.homes.get(&fact.id) {
            if *digest != fact.digest {
                return other(Disposition::Conflict, Reason::OtherContent);
            }
            other(Disposition::Duplicate, Reason::SameContent);
            match *home {
                Place::Ledger(home) => {
                    self.ledgers[home].1.meet(&fact.id, &fact.digest, fact.known);
                }
                Place::About(at) => about[at].fact.known = about[at].fact.known.min(fact.known),
                Place::Nowhere => {}
            }
            return;
        }
        let home = match home {
            Home::Ledger(key) => Place::Ledger(self.ledger(&key)),
            Home::With(_) => Place::About(about.len()),
            Home::Nowhere => {
                other(Disposition::Applied, Reason::NoEffectYet);
                Place::Nowhere
            }
        };
        self.homes.insert(fact.id.clone(), (fact.digest, home));
        match home {
            Place::Ledger(home) => {
                self.ledgers[home].1.add(decoded.fact);
            }
            Place::About(_) => about.push(decoded),
            Place::Nowhere => {}
        }
    }

    /// Puts a fact about an observation where that one lives, or where it waits for it.
    fn seat_about(&mut self, decoded: Decoded) {
        let Some(about) = decoded.fact.body.about() else {
            return;
        };
        let home = match self.homes.get(about) {
            Some((_, Place::Ledger(home))) => *home,
            _ => self.ledger(&route::waiting_key(about)),
        };
        self.ledgers[home].1.add(decoded.fact);
    }

    fn move_corrected(&mut self) {
        let mut moved = Vec::new();
        for (key, ledger) in &self.ledgers {
            moved.extend(judge::departures_to_other_plates(self.rules, key, ledger));
        }
        for (target, guest) in moved {
            let at = self.ledger(&target);
            self.ledgers[at].1.seat(guest);
        }
    }

    fn judge(mut self, workers: usize, decided: &mut Decided) {
        // In the order of what comes out, so that nearly nothing is left to sort.
        self.ledgers
            .sort_unstable_by(|(a, _), (b, _)| a.bytes().chain(*b"/").cmp(b.bytes().chain(*b"/")));
        let share = self.ledgers.len().div_ceil(workers).max(1);
        let (rules, as_of) = (self.rules, decided.as_of);
        let mut left = self.ledgers;
        let mut shares = Vec::with_capacity(workers);
        while !left.is_empty() {
            let rest = left.split_off(share.min(left.len()));
            shares.push(std::mem::replace(&mut left, rest));
        }
        let parts: Vec<Part> = std::thread::scope(|scope| {
            let parts: Vec<_> = shares
                .into_iter()
                .map(|share| scope.spawn(move || judge_part(rules, share, as_of)))
                .collect();
            parts
                .into_iter()
                .map(|part| part.join().expect("a judgement is total"))
                .collect()
        });
        for (cases, others) in parts {
            decided.cases.extend(cases);
            decided.others.extend(others);
        }
        decided.cases.sort_by(|(id, case), (other_id, other)| {
            let subjects = case.subject.text_order(&other.subject);
            subjects.then_with(|| (case.from, id).cmp(&(other.from, other_id)))
        });
        decided.others.sort_unstable_by(|a, b| a.key().cmp(&b.key()));
    }
}

type Part = (Vec<(CaseId, Case)>, Vec<Other>);

/// Judges ledgers, and lets go of them on the thread that did.
fn judge_part(rules: &Rules, ledgers: Vec<(Arc<str>, Ledger)>, as_of: Timestamp) -> Part {
    let mut part = Part::default();
    for (key, ledger) in ledgers {
        let judgement = judge::judge(rules, &key, &ledger, as_of);
        part.0.extend(
            judgement
                .cases
                .into_iter()
                .map(|case| (first_id(rules, &case), case)),
        );
        part.1.extend(judgement.standings.into_iter().map(
            |Standing {
                 fact,
                 disposition,
                 reason,
             }| Other {
                fact: Some(fact.to_string()),
                disposition,
                reason,
            },
        ));
    }
    part
}

/// The id that a case gets when it is decided for the first time.
fn first_id(rules: &Rules, case: &Case) -> CaseId {
    CaseId::of(case, rules.time_zone(None))
}
