//! What pages and exports read.

use std::sync::Arc;

use engine::case::{Disposition, Outcome};
use engine::notice::{AttemptClass, NoticeState};
use ports::read::{AuditEntry, CaseFilter, NewAudit, NoticeFilter, Store, StoredPolicy};
use ports::store::StoreError;

use super::Place;
use super::sample::{
    at, batch, case, case_write, finished, identity, ledger, new_notice, plate, queue, send,
};

/// Fourteen cases in seven ledgers; those from 10 on have a second version.
async fn with_cases(store: &dyn Store) {
    let mut first = batch(store.claim("test").await.unwrap(), 14);
    first.cases = (0..14)
        .map(|number| case_write(number, 1, Outcome::Waived, None))
        .collect();
    store.commit(&first).await.unwrap();
    let mut second = batch(first.to, 4);
    second.at = at(77);
    second.cases = (10..14)
        .map(|number| case_write(number, 2, Outcome::Voided, Some(Outcome::Waived)))
        .collect();
    store.commit(&second).await.unwrap();
}

/// Every filter, both directions, page by page.
pub async fn cases_are_read_by_cursor_and_filter(place: &dyn Place) {
    let store = place.open().await;
    with_cases(&*store).await;
    let count = async |filter: CaseFilter| {
        let mut filter = filter;
        let mut seen: Vec<u64> = Vec::new();
        loop {
            let page = store.cases(&filter, 3).await.unwrap();
            let Some(last) = page.last() else { break };
            filter.after = Some(last.sequence);
            seen.extend(page.iter().map(|case| case.sequence));
        }
        let mut sorted = seen.clone();
        sorted.sort_unstable();
        if filter.newest_first {
            sorted.reverse();
        }
        assert_eq!(seen, sorted);
        seen.len()
    };
    for newest_first in [false, true] {
        let of = |plate: Option<Arc<str>>, outcome, effective_only| CaseFilter {
            plate,
            outcome,
            effective_only,
            newest_first,
            after: None,
        };
        assert_eq!(count(of(None, None, false)).await, 18);
        assert_eq!(count(of(None, None, true)).await, 14);
        assert_eq!(count(of(None, Some(Outcome::Waived), true)).await, 10);
        assert_eq!(count(of(None, Some(Outcome::Voided), true)).await, 4);
        assert_eq!(count(of(None, Some(Outcome::Voided), false)).await, 8);
        assert_eq!(count(of(Some(plate(3)), None, false)).await, 3);
        assert_eq!(count(of(Some(plate(3)), None, true)).await, 2);
        assert_eq!(count(of(Some(plate(3)), Some(Outcome::Waived), true)).await, 1);
        assert_eq!(count(of(Some(plate(99)), None, false)).await, 0);
    }
    let versions = store.case(&case(12)).await.unwrap();
    let seen: Vec<_> = versions
        .iter()
        .map(|case| (case.version, case.effective, case.decided_at))
        .collect();
    assert_eq!(seen, [(1, false, at(0)), (2, true, at(77))]);
    assert_eq!(versions[1].body, "{\"case\":12,\"version\":2}");
    assert_eq!(versions[1].plate, plate(5));
    assert!(store.case(&case(99)).await.unwrap().is_empty());
}

/// Over the edges of batches, and of batches that read nothing.
pub async fn records_are_read_in_pages(place: &dyn Place) {
    let store = place.open().await;
    let mut from = store.claim("test").await.unwrap();
    for count in [3, 0, 600, 1, 0] {
        let mut commit = batch(from, count);
        commit.cases = vec![case_write(from.next * 10 + count, 1, Outcome::Held, None)];
        store.commit(&commit).await.unwrap();
        from = commit.to;
    }
    let mut seen = Vec::new();
    loop {
        let after = seen.last().copied().unwrap_or(0);
        let page = store.records(after, 7).await.unwrap();
        assert!(page.len() <= 7);
        if page.is_empty() {
            break;
        }
        seen.extend(page.iter().map(|record| record.position));
    }
    assert_eq!(seen, (1..=604).collect::<Vec<_>>());
    assert!(store.records(604, 5).await.unwrap().is_empty());
}

/// Every filter, both directions.
pub async fn notices_are_read_by_cursor_and_filter(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..4).await;
    send(&*store, at(1)).await;
    queue(&*store, 4..7).await;
    assert_eq!(store.lease(at(1), 1).await.unwrap().len(), 1);
    let read = async |filter: NoticeFilter| -> Vec<u64> {
        let found = store.notices(&filter, 2).await.unwrap();
        found.iter().map(|notice| notice.sequence).collect()
    };
    let all = NoticeFilter::default;
    assert_eq!(read(all()).await, [1, 2]);
    assert_eq!(
        read(NoticeFilter {
            after: Some(2),
            ..all()
        })
        .await,
        [3, 4]
    );
    let newest = NoticeFilter {
        newest_first: true,
        ..all()
    };
    assert_eq!(read(newest.clone()).await, [6, 5]);
    assert_eq!(
        read(NoticeFilter {
            after: Some(5),
            ..newest
        })
        .await,
        [4, 3]
    );
    let state = |state| NoticeFilter {
        state: Some(state),
        ..all()
    };
    assert_eq!(read(state(NoticeState::Submitted)).await, [1, 2]);
    assert_eq!(read(state(NoticeState::Leased)).await, [4]);
    assert_eq!(read(state(NoticeState::Queued)).await, [5, 6]);
    let of_case = NoticeFilter {
        case: Some(new_notice(5).case),
        ..all()
    };
    assert_eq!(read(of_case).await, [5]);
}

/// Counts are what a count would find, after every kind of change.
pub async fn counts_add_up(place: &dyn Place) {
    let store = place.open().await;
    with_cases(&*store).await;
    let mut more = batch(store.claim("test").await.unwrap(), 2);
    more.records[1].disposition = Disposition::Duplicate;
    more.identities = vec![identity(1, 1)];
    more.ledgers = vec![ledger(1, 0, "x"), ledger(2, 0, "x")];
    store.commit(&more).await.unwrap();
    queue(&*store, 1..7).await;
    let due = store.lease(at(1), 2).await.unwrap();
    store.release(&[(due[0].id.clone(), due[0].token)]).await.unwrap();
    let stats = store.stats().await.unwrap();
    assert_eq!(
        stats.notices,
        [(NoticeState::Queued, 5), (NoticeState::Leased, 1)]
    );
    let sent = send(&*store, at(2)).await;
    store
        .finish(at(3), &[finished(&sent[0], AttemptClass::Accepted)])
        .await
        .unwrap();
    store
        .finish(at(3), &[finished(&sent[1], AttemptClass::NotSent)])
        .await
        .unwrap();
    store
        .finish(at(3), &[finished(&sent[2], AttemptClass::Unknown)])
        .await
        .unwrap();
    let stats = store.stats().await.unwrap();
    assert_eq!(
        (stats.appended, stats.read, stats.ledgers, stats.in_flight),
        (0, 20, 2, 2)
    );
    assert_eq!(
        stats.records,
        [(Disposition::Decided, 19), (Disposition::Duplicate, 1)]
    );
    assert_eq!(stats.cases, [(Outcome::Waived, 10), (Outcome::Voided, 4)]);
    let notices = [
        (NoticeState::Queued, 1),
        (NoticeState::Leased, 1),
        (NoticeState::Submitted, 2),
        (NoticeState::Accepted, 1),
        (NoticeState::Unknown, 1),
    ];
    assert_eq!(stats.notices, notices);
    let attempts = [
        (AttemptClass::Accepted, 1),
        (AttemptClass::NotSent, 1),
        (AttemptClass::Unknown, 1),
    ];
    assert_eq!(stats.attempts, attempts);
}

/// The same text changes nothing; another one under the same name is refused.
pub async fn a_policy_version_has_one_text(place: &dyn Place) {
    let store = place.open().await;
    let policy = |version: &str, text: &str| StoredPolicy {
        id: "loudi".into(),
        version: version.into(),
        text: text.into(),
        hash: [7; 32],
        at: at(1),
        by: "officer".into(),
    };
    store.publish_policy(&policy("2", "b")).await.unwrap();
    store.publish_policy(&policy("1", "a")).await.unwrap();
    store.publish_policy(&policy("1", "a")).await.unwrap();
    let refused = store.publish_policy(&policy("1", "c")).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    let versions: Vec<_> = store
        .policies()
        .await
        .unwrap()
        .into_iter()
        .map(|it| (it.version, it.text))
        .collect();
    assert_eq!(versions, [("2".into(), "b".into()), ("1".into(), "a".into())]);
}

/// Two chains, each unbroken; whoever changes an entry breaks it.
pub async fn the_audit_log_is_chained(place: &dyn Place) {
    let store = place.open().await;
    with_cases(&*store).await;
    for number in 0..5 {
        let entry = NewAudit {
            at: at(number),
            actor: "officer".into(),
            action: "void".into(),
            object: format!("case {number}").into(),
            before: (number > 2).then(|| "waived".into()),
            after: None,
        };
        store.append_audit(&entry).await.unwrap();
    }
    let mut read: Vec<AuditEntry> = Vec::new();
    loop {
        let after = read.last().map(|last| (last.chain.clone(), last.sequence));
        let page = store.audit(after, 3).await.unwrap();
        if page.is_empty() {
            break;
        }
        read.extend(page);
    }
    let places: Vec<_> = read.iter().map(|entry| (&*entry.chain, entry.sequence)).collect();
    let actions = (1..=5).map(|sequence| ("actions", sequence));
    let decisions = (1..=2).map(|sequence| ("decisions", sequence));
    assert_eq!(places, actions.chain(decisions).collect::<Vec<_>>());
    for (number, entry) in read.iter().enumerate() {
        assert_eq!(entry.hash, entry.computed_hash());
        let prev = if entry.sequence == 1 {
            [0; 32]
        } else {
            read[number - 1].hash
        };
        assert_eq!(entry.prev, prev);
        let mut changed = entry.clone();
        changed.after = Some("".into());
        assert_ne!(changed.computed_hash(), entry.hash);
    }
}
