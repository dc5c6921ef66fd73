//! One batch: what its facts do to the ledgers, what those come to, and everything that one transaction writes.

use std::sync::Arc;

use engine::case::{Disposition, Reason};
use engine::fact::FactId;
use engine::judge::{self, Judgement};
use engine::ledger::Ledger;
use engine::reconcile::{self, Changes};
use engine::route;
use engine::rules::Rules;
use engine::time::Timestamp;
use foldhash::{HashMap, HashMapExt as _};
use formats::inner::Inner;
use ports::commit::{Commit, LedgerWrite, Record};
use ports::store::{Identity, Progress, StoreError};
use sha2::{Digest as _, Sha256};

use super::StepReport;
use super::apply::{Apply, Fate};
use super::effects::{self, Effects};
use super::load::{Before, Loaded, Origin, Sources};
use super::read_ahead::Incoming;
use crate::workers;

/// A batch, ready to be committed.
pub(crate) struct Batch {
    pub(crate) commit: Arc<Commit>,
    pub(crate) report: StepReport,
    /// What it was made from, to make it again.
    pub(crate) sources: Sources,
    /// What the next batch must know of it until the store shows it.
    pub(crate) leaves: Before,
}

/// A ledger that the batch has opened.
pub(crate) struct Open {
    pub(crate) key: Arc<str>,
    pub(crate) version: u64,
    pub(crate) ledger: Ledger,
    /// Whether anything that a judgement reads has changed, or a timer asks.
    pub(crate) touched: bool,
    /// Whether facts waited here for an observation when it was opened.
    pub(crate) waited: bool,
    /// The records of the batch that came into it, by number.
    pub(crate) arrivals: Vec<usize>,
}

/// What a touched ledger comes to. The judgement itself is let go of at once: thousands of them would be most of the
/// memory of a batch.
struct Judged {
    effects: Effects,
    wake: Option<Timestamp>,
    document: Vec<u8>,
    /// How the records were read that came into it, by their numbers in the batch.
    fates: Vec<(usize, (Disposition, Option<Reason>))>,
}

impl Batch {
    /// Applies and judges. Nothing is asked of the store any more.
    pub(crate) fn judge(rules: &Rules, loaded: Loaded) -> Result<Self, StoreError> {
        let Loaded {
            sources,
            inner,
            due,
            homes,
            known,
            ledgers,
        } = loaded;
        let opens = open(ledgers)?;
        let (mut opens, identities, fates) = apply(opens, &sources.records, inner, &due, homes, &known);
        let judged: Vec<Option<Judged>> = workers::map_mut(&mut opens, |open| {
            open.touched.then(|| judge_one(rules, &sources, open))
        });
        let mut commit = Commit {
            from: sources.from,
            to: progress_after(&sources),
            at: sources.now,
            records: records(&sources.records, fates, &judged),
            identities,
            fired: due,
            heard: sources
                .inner
                .iter()
                .map(|entry| Sha256::digest(&entry.payload).into())
                .collect(),
            ..Commit::default()
        };
        let mut report = StepReport {
            records: sources.records.len() as u64,
            inner: sources.inner.len() as u64,
            ..StepReport::default()
        };
        let mut leaves = Before::default();
        for (mut open, judged) in opens.into_iter().zip(judged) {
            let Some(judged) = judged else { continue };
            report.judged += 1;
            commit.cases.extend(judged.effects.cases);
            commit.notices.extend(judged.effects.notices);
            commit.inner.extend(judged.effects.inner);
            let waits = is_waiting(&open.key, &open.ledger);
            commit.waiting += i64::from(waits) - i64::from(open.waited);
            let is_gone = judged.document.is_empty();
            commit.ledgers.push(LedgerWrite {
                plate: open.key.clone(),
                expected: open.version,
                document: judged.document.into(),
                wake: judged.wake,
            });
            open.version = if is_gone { 0 } else { open.version + 1 };
            open.touched = false;
            open.waited = waits;
            leaves.ledgers.insert(open.key.clone(), open);
        }
        report.versions = commit.cases.len() as u64;
        report.notices = commit.notices.len() as u64;
        let commit = Arc::new(commit);
        leaves.commit = Some(commit.clone());
        Ok(Self {
            commit,
            report,
            sources,
            leaves,
        })
    }
}

/// Whether facts wait here for an observation that is not known.
fn is_waiting(key: &str, ledger: &Ledger) -> bool {
    route::is_waiting_key(key)
        && ledger
            .facts()
            .iter()
            .any(|fact| fact.body.about().is_some_and(|about| !ledger.is_home_of(about)))
}

fn open(mut ledgers: Vec<(Arc<str>, Origin)>) -> Result<Vec<Open>, StoreError> {
    let opened = workers::map_mut(&mut ledgers, |(key, origin)| {
        let stored = match std::mem::take(origin) {
            Origin::Before(open) => return Ok(*open),
            Origin::Stored(stored) => stored,
        };
        let ledger = if stored.document.is_empty() {
            Ledger::default()
        } else {
            formats::ledger::decode(&stored.document)
                .map_err(|error| StoreError::Corrupt(format!("a ledger document: {error}")))?
        };
        Ok(Open {
            key: key.clone(),
            version: stored.version,
            waited: is_waiting(key, &ledger),
            ledger,
            touched: false,
            arrivals: Vec::new(),
        })
    });
    opened.into_iter().collect()
}

type Applied = (Vec<Open>, Vec<ports::commit::NewIdentity>, Vec<Fate>);

fn apply(
    opens: Vec<Open>,
    records: &[Incoming],
    inner: Vec<Inner>,
    due: &[Arc<str>],
    homes: Vec<Option<route::Home>>,
    known: &HashMap<FactId, Identity>,
) -> Applied {
    let mut apply = Apply::new(opens, records, &homes, known);
    for entry in inner {
        apply.inner(entry);
    }
    for plate in due {
        apply.touch(plate);
    }
    let records = records.iter().zip(homes).enumerate();
    let fates = records.map(|(number, (record, home))| apply.record(number, record, home));
    let fates = fates.collect();
    (apply.opens, apply.identities, fates)
}

fn progress_after(sources: &Sources) -> Progress {
    let mut to = sources.from;
    if let Some(last) = sources.records.last() {
        to.next = last.position + 1;
    }
    if let Some(last) = sources.inner.last() {
        to.inner_next = last.sequence + 1;
    }
    to.high_water = largest_known(&sources.records).map_or(to.high_water, |known| known.max(to.high_water));
    to
}

/// The largest known of the records that could be read.
pub(crate) fn largest_known(records: &[Incoming]) -> Option<Timestamp> {
    let readable = records.iter().filter(|record| record.parsed.is_ok());
    readable.map(|record| record.known).max()
}

/// Judges a ledger and writes its document, with what the store has been told of its cases from now on.
fn judge_one(rules: &Rules, sources: &Sources, open: &mut Open) -> Judged {
    let judgement = judge::judge(rules, &open.key, &open.ledger, sources.judged_at);
    let mut changes = reconcile::reconcile(rules, &open.key, &open.ledger, &judgement);
    let wake = changes.memo.wake;
    open.ledger.remember(std::mem::take(&mut changes.memo));
    let mut document = Vec::new();
    // An empty document removes a ledger that has handed everything on.
    if !open.ledger.is_empty() || !open.ledger.memo.cases.is_empty() {
        formats::ledger::encode(&open.ledger, &mut document);
    }
    let arrivals = std::mem::take(&mut open.arrivals);
    let fate = |number: usize| {
        let id = &sources.records.get(number)?.parsed.as_ref().ok()?.fact.id;
        Some((number, fate_of(&judgement, &changes, id)))
    };
    Judged {
        effects: effects::of(rules, sources.now, &open.key, &changes),
        wake,
        document,
        fates: arrivals.into_iter().filter_map(fate).collect(),
    }
}

/// How each record was read, in order.
fn records(records: &[Incoming], fates: Vec<Fate>, judged: &[Option<Judged>]) -> Vec<Record> {
    let mut of_ledgers: HashMap<usize, (Disposition, Option<Reason>)> = HashMap::with_capacity(records.len());
    of_ledgers.extend(judged.iter().flatten().flat_map(|it| it.fates.iter().copied()));
    let records = records.iter().zip(fates).enumerate();
    records
        .map(|(number, (record, fate))| {
            let mut detail = None;
            let (id, disposition, reason) = match (fate, &record.parsed) {
                (Fate::Settled(disposition, reason), Ok(decoded)) => {
                    (Some(decoded.fact.id.clone()), disposition, reason)
                }
                (Fate::InLedger, Ok(decoded)) => {
                    let fate = of_ledgers.get(&number).copied();
                    let (disposition, reason) = fate.unwrap_or((Disposition::Applied, None));
                    (Some(decoded.fact.id.clone()), disposition, reason)
                }
                (_, Err(rejected)) => {
                    detail = Some(Arc::from(format!("{}: {}", rejected.pointer, rejected.detail)));
                    let id = rejected.source.as_deref().zip(rejected.id.as_deref());
                    (
                        id.map(|(source, id)| FactId::new(source, id)),
                        Disposition::Quarantined,
                        Some(rejected.reason),
                    )
                }
            };
            Record {
                position: record.position,
                id,
                disposition,
                reason,
                detail,
                known: record.known,
                payload: record.payload,
            }
        })
        .collect()
}

/// What became of a fact that was taken into a ledger.
fn fate_of(judgement: &Judgement, changes: &Changes, id: &FactId) -> (Disposition, Option<Reason>) {
    let standing = judgement.standings.iter().find(|standing| standing.fact == *id);
    if let Some(standing) = standing {
        return (standing.disposition, standing.reason);
    }
    match judgement.cases.iter().find(|case| case.facts.contains(id)) {
        Some(case) => {
            let begins = changes
                .cases
                .iter()
                .any(|change| change.is_new_version && change.version == 1 && change.case.anchor == *id);
            let deciding = case.reasons.first().copied();
            (
                if begins {
                    Disposition::Decided
                } else {
                    Disposition::Merged
                },
                deciding,
            )
        }
        None => (Disposition::Routed, Some(Reason::PlateCorrected)),
    }
}
