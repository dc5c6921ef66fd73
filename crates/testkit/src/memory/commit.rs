//! One batch: applied to a copy of the books, which takes their place if nothing of it fails.

use engine::ids::NoticeId;
use engine::notice::NoticeState;
use engine::time::Timestamp;
use ports::commit::{Commit, LedgerWrite, NewNotice, NoticeChange, Record};
use ports::read::{AuditEntry, StoredNotice, StoredRecord};
use ports::store::{CommitError, Identity, StoreError, StoredLedger};

use super::Books;

const HISTORY: &str = "history";

/// Applies a batch; says which notices changed.
pub(super) fn apply(books: &mut Books, batch: &Commit) -> Result<Vec<NoticeId>, CommitError> {
    advance(books, batch)?;
    for new in &batch.identities {
        let identity = Identity {
            plate: new.plate.clone(),
            digest: new.digest,
        };
        if books.identities.insert(new.id.clone(), identity).is_some() {
            return Err(CommitError::IdentityTaken);
        }
    }
    for plate in &batch.fired {
        books.timers.remove(plate);
    }
    for write in &batch.ledgers {
        ledger(books, write)?;
    }
    for case in &batch.cases {
        let is_known = books
            .cases
            .iter()
            .any(|(known, _)| known.id == case.id && known.version == case.version);
        if is_known {
            let (id, version) = (&case.id, case.version);
            return Err(conflict(format!("case {id} has a version {version} already")));
        }
        books.cases.push((case.clone(), batch.at));
    }
    let mut changed = Vec::new();
    let queued = batch
        .notices
        .iter()
        .filter(|change| matches!(change, NoticeChange::Queue(_)));
    let others = batch
        .notices
        .iter()
        .filter(|change| !matches!(change, NoticeChange::Queue(_)));
    for change in queued.chain(others) {
        changed.extend(notice(books, change, batch.at)?);
    }
    books.records.extend(batch.records.iter().map(to_record));
    books.append_inner(batch.at, &batch.inner);
    books.waiting += batch.waiting;
    chain(books, batch);
    Ok(changed)
}

fn conflict(what: String) -> CommitError {
    CommitError::Store(StoreError::Conflict(what))
}

fn advance(books: &mut Books, batch: &Commit) -> Result<(), CommitError> {
    let (from, to, stands) = (batch.from, batch.to, books.progress);
    if to.epoch != from.epoch || to.next < from.next || to.inner_next < from.inner_next {
        return Err(conflict(
            "a batch must move its lane on within its own epoch".to_owned(),
        ));
    }
    let span = from.next..to.next;
    if !batch.records.iter().map(|record| record.position).eq(span) {
        return Err(conflict(
            "the records of a batch must be those that its lane moves over".to_owned(),
        ));
    }
    if batch.heard.len() as u64 != to.inner_next - from.inner_next {
        return Err(conflict(
            "a batch must name every entry of the inner log that its lane moves over".to_owned(),
        ));
    }
    if (stands.epoch, stands.next, stands.inner_next) != (from.epoch, from.next, from.inner_next) {
        return Err(CommitError::LostLane);
    }
    books.progress = to;
    Ok(())
}

fn ledger(books: &mut Books, write: &LedgerWrite) -> Result<(), CommitError> {
    let version = books.ledgers.get(&write.plate).map_or(0, |ledger| ledger.version);
    if version != write.expected {
        return Err(CommitError::LostLane);
    }
    books.timers.remove(&write.plate);
    if write.document.is_empty() {
        books.ledgers.remove(&write.plate);
        return Ok(());
    }
    let stored = StoredLedger {
        version: version + 1,
        document: write.document.clone(),
    };
    books.ledgers.insert(write.plate.clone(), stored);
    if let Some(wake) = write.wake {
        books.timers.insert(write.plate.clone(), wake);
    }
    Ok(())
}

fn notice(books: &mut Books, change: &NoticeChange, at: Timestamp) -> Result<Option<NoticeId>, CommitError> {
    let id = match change {
        NoticeChange::Queue(new) => {
            if books.notice(&new.id).is_some() {
                return Err(conflict(format!("notice {} is there already", new.id)));
            }
            let row = fresh(new, books.notices.len() as u64 + 1, at);
            books.notices.push(row);
            return Ok(None);
        }
        NoticeChange::Update { id, .. } | NoticeChange::Cancel(id) => id,
        NoticeChange::Requeue(new) => &new.id,
    };
    let may_have_been_sent = books.has_live_attempt(id);
    let row = books.notice(id);
    let row =
        row.ok_or_else(|| StoreError::Corrupt(format!("there is no notice {id}, which a batch changes")))?;
    let is_unsent = !may_have_been_sent && (row.state.is_unsent() || row.state == NoticeState::Expired);
    match change {
        NoticeChange::Queue(_) => {}
        NoticeChange::Update {
            parameters,
            history,
            not_before,
            expires_at,
            ..
        } => {
            if !is_unsent {
                return Ok(None);
            }
            row.parameters = parameters.clone();
            let was_history = row.state == NoticeState::Suppressed && row.reason.as_deref() == Some(HISTORY);
            if (*history && row.state == NoticeState::Queued) || (!*history && was_history) {
                stand(row, *history, at);
                row.not_before = *not_before;
                row.expires_at = *expires_at;
            }
        }
        NoticeChange::Cancel(_) => {
            if !is_unsent {
                return Err(CommitError::NoticeSent);
            }
            row.state = NoticeState::Cancelled;
            row.reason = None;
            row.final_at = Some(at);
        }
        NoticeChange::Requeue(new) => {
            if row.state != NoticeState::Cancelled {
                return Err(conflict(format!(
                    "notice {id} is to be queued again and is not cancelled"
                )));
            }
            row.parameters = new.parameters.clone();
            row.not_before = new.not_before;
            row.expires_at = new.expires_at;
            stand(row, new.history, at);
        }
    }
    Ok(Some(id.clone()))
}

fn stand(row: &mut StoredNotice, history: bool, at: Timestamp) {
    row.state = if history {
        NoticeState::Suppressed
    } else {
        NoticeState::Queued
    };
    row.reason = history.then(|| HISTORY.into());
    row.final_at = history.then_some(at);
}

fn fresh(new: &NewNotice, sequence: u64, at: Timestamp) -> StoredNotice {
    let mut row = StoredNotice {
        sequence,
        id: new.id.clone(),
        case: new.case.clone(),
        kind: new.kind,
        revision: new.revision,
        plate: new.plate.clone(),
        state: NoticeState::Queued,
        reason: None,
        parameters: new.parameters.clone(),
        text: None,
        segments: None,
        recipient: None,
        not_before: new.not_before,
        expires_at: new.expires_at,
        attempts: 0,
        queued_at: at,
        submitted_at: None,
        accepted_at: None,
        final_at: None,
    };
    stand(&mut row, new.history, at);
    row
}

fn to_record(record: &Record) -> StoredRecord {
    StoredRecord {
        position: record.position,
        source: record.id.as_ref().map(|id| id.source().into()),
        id: record.id.as_ref().map(|id| id.id().into()),
        disposition: record.disposition,
        reason: record.reason.map(|reason| reason.as_str().into()),
        detail: record.detail.clone(),
        known: record.known,
    }
}

/// The entry of the batch in the chain of decisions. Its root is simpler than that of a real store: nobody keeps it.
fn chain(books: &mut Books, batch: &Commit) {
    if batch.records.is_empty() && batch.cases.is_empty() && batch.heard.is_empty() {
        return;
    }
    let mut entry = AuditEntry {
        chain: "decisions".into(),
        sequence: books.decisions.len() as u64 + 1,
        at: batch.at,
        actor: format!("intake, epoch {}", batch.to.epoch).into(),
        action: "decided".into(),
        object: format!("records {}..{}", batch.from.next, batch.to.next).into(),
        before: None,
        after: None,
        prev: books.decisions.last().map_or([0; 32], |last| last.hash),
        hash: [0; 32],
    };
    entry.hash = entry.computed_hash();
    books.decisions.push(entry);
}
