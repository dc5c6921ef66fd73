//! Decisions as they should be: judged again from the ledgers, from the lines, and by a second store that reads all of it
//! from the beginning.

use std::collections::BTreeSet;
use std::sync::Arc;

use engine::case::Case;
use engine::ids::CaseId;
use engine::judge;
use engine::rules::Rules;
use engine::time::Timestamp;
use formats::case_line::{self, CaseLine};
use formats::inner::Inner;
use pipeline::decide::{Options, decide};
use pipeline::digest::digest;
use pipeline::intake::{Intake, JudgeBy};
use ports::log::{NewEnvelope, Stream as _};
use ports::read::{CaseFilter, ReadStore as _};
use ports::store::IntakeStore as _;
use testkit::MemoryStore;
use testkit::fault::FaultyStore;

use super::{ALL, Violation, Witness, hold, seen};
use crate::actors::Outside;

/// Lines of cases without their numbers and words.
type Lines = BTreeSet<String>;

impl Witness {
    /// Every fact that was taken in is in a ledger, and what is in force is what the ledgers come to.
    pub(super) async fn ledgers(&self, store: &FaultyStore, outside: &Outside) -> Result<(), Violation> {
        let mut kept = BTreeSet::new();
        let mut judged = Lines::new();
        for (plate, stored) in seen(store.ledgers_after(None, ALL).await)? {
            let ledger = formats::ledger::decode(&stored.document)
                .map_err(|error| Violation::of("store", error.to_string()))?;
            kept.extend(ledger.facts().iter().map(|fact| fact.id.to_string()));
            for guest in ledger.guests() {
                kept.extend(guest.about.iter().map(|fact| fact.id.to_string()));
            }
            let judgement = judge::judge(&outside.rules, &plate, &ledger, self.judged_at);
            judged.extend(judgement.cases.iter().map(line_of));
        }
        let lost = self.kept.difference(&kept).next();
        hold!("effects", lost.is_none(), "{lost:?} was read and is in no ledger");
        agree("fresh judgement", &in_force(store).await?, &judged)
    }

    /// What is in force, judged again at `now`: nothing is due any more.
    pub(crate) async fn judged_at(
        &mut self,
        store: &FaultyStore,
        outside: &Outside,
        now: Timestamp,
    ) -> Result<(), Violation> {
        self.judged_at = now;
        self.ledgers(store, outside).await
    }
}

/// `decide` on the lines says the same. Only where nobody was told anything.
pub(crate) async fn decided_afresh(
    store: &FaultyStore,
    rules: &Rules,
    now: Timestamp,
) -> Result<(), Violation> {
    let mut lines = Vec::new();
    for envelope in seen(store.read(1, ALL).await)? {
        lines.extend_from_slice(&envelope.payload);
        lines.push(b'\n');
    }
    let decided = decide(rules, &lines[..], Options { as_of: Some(now) });
    let decided = decided.map_err(|error| Violation::of("store", error.to_string()))?;
    let cases = decided.cases.iter().map(|(_, case)| line_of(case));
    agree("decide", &in_force(store).await?, &cases.collect())
}

/// A second store that reads the same stream and hears the same tellings from the beginning says the same.
pub(crate) async fn replayed(
    store: &FaultyStore,
    rules: &Arc<Rules>,
    now: Timestamp,
) -> Result<(), Violation> {
    let second = Arc::new(MemoryStore::new());
    let to_new = |it: ports::log::Envelope| NewEnvelope {
        known: it.known,
        payload: it.payload,
    };
    let records: Vec<_> = seen(store.read(1, ALL).await)?.into_iter().map(to_new).collect();
    seen(second.append(&records).await)?;
    for entry in seen(store.inner(1, ALL).await)? {
        if let Ok(Inner::Fact { .. }) = Inner::decode(&entry.payload) {
            seen(second.append_inner(entry.at, &[entry.payload]).await)?;
        }
    }
    let mut intake = seen(Intake::claim(second.clone(), rules.clone(), JudgeBy::WallClock, "again").await)?;
    loop {
        let step = intake.advance(now).await;
        let step = step.map_err(|error| Violation::of("replay", error.to_string()))?;
        if step.is_idle() {
            break;
        }
    }
    let first = seen(digest(store, rules, Some(now)).await)?;
    let again = seen(digest(&*second, rules, Some(now)).await)?;
    hold!("replay", first == again, "{first:?} became {again:?}");
    let door = FaultyStore::new(second, 0, testkit::turns::Baton::free(), Arc::default(), None);
    agree("replay", &in_force(store).await?, &in_force(&door).await?)
}

async fn in_force(store: &FaultyStore) -> Result<Lines, Violation> {
    let filter = CaseFilter {
        effective_only: true,
        ..CaseFilter::default()
    };
    let mut lines = Lines::new();
    for case in seen(store.cases(&filter, ALL).await)? {
        let line = CaseLine::parse(&case.body).map_err(|error| Violation::of("store", error.to_string()))?;
        // A case that was merged into another holds nothing.
        if !line.facts.is_empty() {
            lines.insert(plain(&line));
        }
    }
    Ok(lines)
}

fn line_of(case: &Case) -> String {
    let mut body = Vec::new();
    case_line::write(&CaseId::from_text("-"), case, &mut body);
    plain(&CaseLine::parse(&body).expect("what was just written can be read"))
}

fn plain(line: &CaseLine) -> String {
    let policy = line.policy.as_deref().unwrap_or("-");
    let window = line
        .window
        .as_ref()
        .map(|window| (&window.kind, &window.from, &window.to));
    format!(
        "{} {} {:?} {policy} {window:?} {:?} {:?} {:?}",
        line.subject, line.outcome, line.ordinal, line.fine_minor, line.proposal, line.facts
    )
}

fn agree(promise: &'static str, stored: &Lines, fresh: &Lines) -> Result<(), Violation> {
    let only = |a: &Lines, b: &Lines| a.difference(b).cloned().collect::<Vec<_>>().join("\n  ");
    if stored == fresh {
        return Ok(());
    }
    let what = format!(
        "stored:\n  {}\nfresh:\n  {}",
        only(stored, fresh),
        only(fresh, stored)
    );
    Err(Violation::of(promise, what))
}
