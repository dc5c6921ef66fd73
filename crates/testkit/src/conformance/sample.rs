//! Small batches and what can be seen of a store.

use std::sync::Arc;

use bytes::Bytes;
use engine::case::{Disposition, Outcome, Reason};
use engine::fact::{FactId, NoticeKind};
use engine::ids::{AttemptId, CaseId, NoticeId, hash};
use engine::notice::{AttemptClass, NoticeState};
use engine::time::{DAY, SECOND, Timestamp};
use ports::commit::{CaseWrite, Commit, LedgerWrite, NewIdentity, NewNotice, NoticeChange, Record};
use ports::contact::Phone;
use ports::dispatch::{Caps, Finished, Grant, Submission};
use ports::read::{CaseFilter, NoticeFilter, Store};
use ports::store::Progress;

/// Some day in March 2026, and so many seconds.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_772_500_000 * SECOND).plus(seconds * SECOND)
}

pub(super) fn fact(number: u64) -> FactId {
    FactId::new("/devices/LD-0132", &format!("{number:08}"))
}

pub(super) fn case(number: u64) -> CaseId {
    CaseId::from_text(&format!("260303-{number:012}"))
}

pub(super) fn notice(number: u64) -> NoticeId {
    NoticeId::new(&case(number), NoticeKind::Waived, 0)
}

pub(super) fn plate(number: u64) -> Arc<str> {
    format!("湘K{number:05}").into()
}

/// A batch that moves the lane over `records` records and does nothing else yet.
pub(super) fn batch(from: Progress, records: u64) -> Commit {
    let to = Progress {
        next: from.next + records,
        ..from
    };
    let record = |position| Record {
        position,
        id: Some(fact(position)),
        disposition: Disposition::Decided,
        reason: Some(Reason::FirstInWindow),
        detail: None,
        known: at(position as i64),
        payload: hash(&[&position.to_be_bytes()]),
    };
    Commit {
        from,
        to,
        at: at(0),
        records: (from.next..to.next).map(record).collect(),
        ..Commit::default()
    }
}

pub(super) fn identity(number: u64, plate_number: u64) -> NewIdentity {
    NewIdentity {
        id: fact(number),
        digest: *hash(&[&number.to_be_bytes()])
            .first_chunk()
            .expect("32 bytes begin with 16"),
        plate: plate(plate_number),
    }
}

pub(super) fn ledger(number: u64, expected: u64, document: &str) -> LedgerWrite {
    LedgerWrite {
        plate: plate(number),
        expected,
        document: Bytes::from(document.to_owned()),
        wake: None,
    }
}

pub(super) fn case_write(number: u64, version: u32, outcome: Outcome, before: Option<Outcome>) -> CaseWrite {
    CaseWrite {
        id: case(number),
        version,
        plate: plate(number % 7),
        outcome,
        before,
        offence_at: at(number as i64),
        body: format!("{{\"case\":{number},\"version\":{version}}}").into(),
    }
}

/// Due at once, for a day.
pub(super) fn new_notice(number: u64) -> NewNotice {
    NewNotice {
        id: notice(number),
        case: case(number),
        kind: NoticeKind::Waived,
        revision: 0,
        plate: plate(number % 7),
        history: false,
        not_before: at(0),
        expires_at: at(0).plus(DAY),
        parameters: format!("parameters of {number}").into(),
    }
}

/// Claims the lane and commits these changes of notices.
pub(super) async fn change(store: &dyn Store, changes: Vec<NoticeChange>) {
    let mut commit = batch(store.claim("test").await.unwrap(), 0);
    commit.notices = changes;
    store.commit(&commit).await.unwrap();
}

/// Queues notices with these numbers.
pub(super) async fn queue(store: &dyn Store, numbers: std::ops::Range<u64>) {
    let new = numbers.map(|number| NoticeChange::Queue(new_notice(number)));
    change(store, new.collect()).await;
}

pub(super) fn submission(id: &NoticeId, token: u64, number: u32) -> Submission {
    Submission {
        notice: id.clone(),
        token,
        attempt: id.attempt(number),
        provider: "primary".into(),
        request: Bytes::from_static(b"{\"to\":\"+8613812345678\"}"),
        text: format!("{id}号短信"),
        segments: 2,
        recipient: Phone::parse("+8613812345678").expect("E.164"),
        deadline: at(60),
        told: format!("told {id}").into(),
        caps: Caps::default(),
    }
}

/// Leases and submits everything that is due now; says the attempts.
pub(super) async fn send(store: &dyn Store, now: Timestamp) -> Vec<(AttemptId, NoticeId)> {
    let due = store.lease(now, 1000).await.unwrap();
    let submissions: Vec<_> = due
        .iter()
        .map(|due| submission(&due.id, due.token, due.attempts + 1))
        .collect();
    let granted = store.submit(now, &submissions).await.unwrap();
    assert!(
        granted.iter().all(|granted| *granted == Grant::Granted),
        "{granted:?}"
    );
    submissions
        .into_iter()
        .map(|it| (it.attempt, it.notice))
        .collect()
}

pub(super) fn finished(attempt: &(AttemptId, NoticeId), class: AttemptClass) -> Finished {
    Finished {
        attempt: attempt.0.clone(),
        notice: attempt.1.clone(),
        class,
        code: Some("code".into()),
        provider_id: (class == AttemptClass::Accepted).then(|| "m1".into()),
        next: class.next_state(),
        reason: (class != AttemptClass::Accepted).then(|| class.as_str().into()),
        not_before: (class.next_state() == NoticeState::Queued).then(|| at(300)),
        told: class
            .is_not_sent()
            .then(|| format!("taken back {}", attempt.0).into()),
    }
}

pub(super) async fn state(store: &dyn Store, id: &NoticeId) -> NoticeState {
    let all = store.notices(&NoticeFilter::default(), 10_000).await.unwrap();
    all.into_iter().find(|notice| notice.id == *id).unwrap().state
}

/// Everything that can be seen of a store, in words.
pub(super) async fn observe(store: &dyn Store) -> Vec<String> {
    let most = 100_000;
    let mut seen = vec![
        format!("{:?}", store.progress().await.unwrap()),
        format!("{:?}", store.stats().await.unwrap()),
        format!("end {}", store.end().await.unwrap()),
        format!("waiting {}", store.waiting().await.unwrap()),
        format!("due {:?}", store.due(Timestamp::MAX, most).await.unwrap()),
        format!("{:?}", store.providers().await.unwrap()),
    ];
    write(&mut seen, store.ledgers_after(None, most).await.unwrap());
    write(&mut seen, store.inner(1, most).await.unwrap());
    write(&mut seen, store.records(0, most).await.unwrap());
    write(
        &mut seen,
        store.cases(&CaseFilter::default(), most).await.unwrap(),
    );
    write(&mut seen, store.attempts(0, most).await.unwrap());
    write(&mut seen, store.unknowns(Timestamp::MAX, most).await.unwrap());
    for notice in store.notices(&NoticeFilter::default(), most).await.unwrap() {
        let recipient = notice.recipient.as_ref().map(|phone| phone.reveal().to_owned());
        seen.push(format!("{notice:?} to {recipient:?}"));
    }
    seen
}

fn write<T: std::fmt::Debug>(seen: &mut Vec<String>, list: Vec<T>) {
    seen.extend(list.into_iter().map(|it| format!("{it:?}")));
}
