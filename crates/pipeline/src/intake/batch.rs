//! One batch: which ledgers it touches, what the facts do to them, what they come to, and everything that one
//! transaction writes.

use std::collections::HashMap;
use std::sync::Arc;

use engine::case::{Disposition, Reason};
use engine::fact::FactId;
use engine::judge::{self, Judgement};
use engine::ledger::Ledger;
use engine::reconcile::{self, Changes};
use engine::route;
use engine::rules::Rules;
use engine::time::Timestamp;
use formats::inner::Inner;
use ports::commit::{Commit, LedgerWrite, Record};
use ports::read::Store;
use ports::store::{InnerEntry, Progress, StoreError};

use super::StepReport;
use super::apply::{Apply, Fate};
use super::effects;
use super::read_ahead::Incoming;

/// What a batch is built from.
pub(crate) struct Inputs<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) rules: &'a Rules,
    pub(crate) progress: Progress,
    pub(crate) now: Timestamp,
    pub(crate) judged_at: Timestamp,
    /// Look every id up, because one of them is known under another plate.
    pub(crate) check_ids: bool,
    pub(crate) records: &'a [Incoming],
    pub(crate) inner: &'a [InnerEntry],
    pub(crate) due: Vec<Arc<str>>,
}

/// A batch, ready to be committed.
pub(crate) struct Batch {
    pub(crate) commit: Commit,
    pub(crate) report: StepReport,
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
}

/// What a touched ledger comes to.
struct Judged {
    open: usize,
    judgement: Judgement,
    changes: Changes,
    document: Vec<u8>,
}

impl Batch {
    pub(crate) async fn build(inputs: Inputs<'_>) -> Result<Self, StoreError> {
        let inner = decode_inner(inputs.inner)?;
        let mut apply = Apply::open(&inputs, &inner).await?;
        for entry in inner {
            apply.inner(entry);
        }
        for plate in &inputs.due {
            apply.touch(plate);
        }
        let fates: Vec<Fate> = inputs.records.iter().map(|record| apply.record(record)).collect();
        let Apply {
            opens, identities, ..
        } = apply;
        let (opens, judged) = judge_all(&inputs, opens);
        let mut commit = Commit {
            from: inputs.progress,
            to: progress_after(&inputs),
            at: inputs.now,
            identities,
            fired: inputs.due.clone(),
            ..Commit::default()
        };
        commit.records = records(&inputs, fates, &opens, &judged);
        let mut report = StepReport {
            records: inputs.records.len() as u64,
            inner: inputs.inner.len() as u64,
            judged: judged.len() as u64,
            ..StepReport::default()
        };
        for it in judged {
            let open = &opens[it.open];
            effects::write(inputs.rules, inputs.now, &open.key, &it.changes, &mut commit);
            commit.waiting += i64::from(is_waiting(&open.key, &open.ledger)) - i64::from(open.waited);
            commit.ledgers.push(LedgerWrite {
                plate: open.key.clone(),
                expected: open.version,
                document: it.document.into(),
                wake: it.changes.memo.wake,
            });
        }
        report.versions = commit.cases.len() as u64;
        report.notices = commit.notices.len() as u64;
        Ok(Self { commit, report })
    }
}

/// Whether facts wait here for an observation that is not known.
pub(crate) fn is_waiting(key: &str, ledger: &Ledger) -> bool {
    route::is_waiting_key(key)
        && ledger
            .facts()
            .iter()
            .any(|fact| fact.body.about().is_some_and(|about| !ledger.is_home_of(about)))
}

fn decode_inner(entries: &[InnerEntry]) -> Result<Vec<Inner>, StoreError> {
    entries
        .iter()
        .map(|entry| {
            Inner::decode(&entry.payload)
                .map_err(|error| StoreError::Corrupt(format!("inner log, entry {}: {error}", entry.sequence)))
        })
        .collect()
}

fn progress_after(inputs: &Inputs<'_>) -> Progress {
    let mut to = inputs.progress;
    if let Some(last) = inputs.records.last() {
        to.next = last.position + 1;
    }
    if let Some(last) = inputs.inner.last() {
        to.inner_next = last.sequence + 1;
    }
    let known = inputs
        .records
        .iter()
        .filter(|record| record.parsed.is_ok())
        .map(|record| record.known)
        .max();
    to.high_water = known.map_or(to.high_water, |known| known.max(to.high_water));
    to
}

/// Fewer ledgers than this are judged where we are.
const WORTH_A_THREAD: usize = 256;

fn judge_all(inputs: &Inputs<'_>, mut opens: Vec<Open>) -> (Vec<Open>, Vec<Judged>) {
    let mut touched: Vec<(usize, &mut Open)> = opens
        .iter_mut()
        .enumerate()
        .filter(|(_, open)| open.touched)
        .collect();
    let workers = std::thread::available_parallelism()
        .map_or(1, std::num::NonZeroUsize::get)
        .min(8);
    let (rules, judged_at) = (inputs.rules, inputs.judged_at);
    let judge = move |(at, open): &mut (usize, &mut Open)| judge_one(rules, judged_at, *at, open);
    let judged: Vec<Judged> = if touched.len() < WORTH_A_THREAD || workers == 1 {
        touched.iter_mut().map(judge).collect()
    } else {
        let share = touched.len().div_ceil(workers);
        std::thread::scope(|scope| {
            let parts: Vec<_> = touched
                .chunks_mut(share)
                .map(|part| scope.spawn(move || part.iter_mut().map(judge).collect::<Vec<_>>()))
                .collect();
            parts
                .into_iter()
                .flat_map(|part| part.join().expect("a judgement is total"))
                .collect()
        })
    };
    (opens, judged)
}

/// Judges a ledger and writes its document, with what the store has been told of its cases from now on.
fn judge_one(rules: &Rules, judged_at: Timestamp, at: usize, open: &mut Open) -> Judged {
    let judgement = judge::judge(rules, &open.key, &open.ledger, judged_at);
    let mut changes = reconcile::reconcile(rules, &open.key, &open.ledger, &judgement);
    let wake = changes.memo.wake;
    open.ledger.memo = std::mem::take(&mut changes.memo);
    changes.memo.wake = wake;
    let mut document = Vec::new();
    // An empty document removes a ledger that has handed everything on.
    if !open.ledger.is_empty() || !open.ledger.memo.cases.is_empty() {
        formats::ledger::encode(&open.ledger, &mut document);
    }
    Judged {
        open: at,
        judgement,
        changes,
        document,
    }
}

/// How each record was read, in order.
fn records(inputs: &Inputs<'_>, fates: Vec<Fate>, opens: &[Open], judged: &[Judged]) -> Vec<Record> {
    let by_key: HashMap<&str, &Judged> = judged.iter().map(|it| (&*opens[it.open].key, it)).collect();
    let records = inputs.records.iter().zip(fates);
    records
        .map(|(record, fate)| {
            let mut detail = None;
            let (id, disposition, reason) = match (fate, &record.parsed) {
                (Fate::Settled(disposition, reason), Ok(decoded)) => {
                    (Some(decoded.fact.id.clone()), disposition, reason)
                }
                (Fate::In(key), Ok(decoded)) => {
                    let id = &decoded.fact.id;
                    let (disposition, reason) = by_key
                        .get(&*key)
                        .map_or((Disposition::Applied, None), |it| fate_of(it, id));
                    (Some(id.clone()), disposition, reason)
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
            }
        })
        .collect()
}

/// What became of a fact that was taken into a ledger.
fn fate_of(judged: &Judged, id: &FactId) -> (Disposition, Option<Reason>) {
    if let Some(standing) = judged
        .judgement
        .standings
        .iter()
        .find(|standing| standing.fact == *id)
    {
        return (standing.disposition, standing.reason);
    }
    match judged.judgement.cases.iter().find(|case| case.facts.contains(id)) {
        Some(case) => {
            let begins = judged
                .changes
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
