//! What providers push.

use engine::ids::{AttemptId, hash};
use engine::notice::{AttemptClass, NoticeState};
use ports::receipt::{NewReceipt, ReceiptFate};

use super::Place;
use super::sample::{at, finished, queue, send};

fn receipt(number: u64, message_id: Option<&str>, client_ref: Option<&AttemptId>) -> NewReceipt {
    NewReceipt {
        provider: "primary".into(),
        digest: hash(&[&number.to_be_bytes()]),
        message_id: message_id.map(Into::into),
        client_ref: client_ref.cloned(),
        state: NoticeState::Delivered,
        code: Some("0".into()),
        at: at(5),
        body: format!("news {number}").into(),
    }
}

/// News that is pushed twice is one, also within one push; what is new is counted.
pub async fn a_receipt_is_kept_once(place: &dyn Place) {
    let store = place.open().await;
    let pushed = [receipt(1, Some("m1"), None), receipt(2, Some("m2"), None)];
    assert_eq!(store.keep_receipts(at(10), &pushed).await.unwrap(), 2);
    let again = [
        receipt(2, Some("m2"), None),
        receipt(3, None, None),
        receipt(3, None, None),
    ];
    assert_eq!(store.keep_receipts(at(11), &again).await.unwrap(), 1);
    let pending = place.open().await.pending_receipts(at(12), 10).await.unwrap();
    assert_eq!(pending.len(), 3);
    let ids: Vec<_> = pending.iter().map(|it| it.message_id.as_deref()).collect();
    assert_eq!(ids, [Some("m1"), Some("m2"), None]);
    assert_eq!((pending[0].received_at, pending[2].received_at), (at(10), at(11)));
    assert!(
        pending
            .iter()
            .all(|it| it.attempt.is_none() && it.state == NoticeState::Delivered)
    );
    assert!(store.pending_receipts(at(9), 10).await.unwrap().is_empty());
    assert_eq!(store.pending_receipts(at(12), 1).await.unwrap().len(), 1);
}

/// A receipt finds its attempt by our own name for it, else by the provider's, and only among that provider's own.
pub async fn a_receipt_finds_its_attempt(place: &dyn Place) {
    let store = place.open().await;
    queue(&*store, 1..3).await;
    let sent = send(&*store, at(1)).await;
    let mut accepted = finished(&sent[0], AttemptClass::Accepted);
    accepted.provider_id = Some("m1".into());
    store.finish(at(2), &[accepted]).await.unwrap();
    let mut foreign = receipt(4, Some("m1"), Some(&sent[0].0));
    foreign.provider = "secondary".into();
    let pushed = [
        receipt(1, Some("m1"), None),
        receipt(2, Some("m9"), None),
        // In flight: its own name is all that is known.
        receipt(3, Some("m9"), Some(&sent[1].0)),
        foreign,
    ];
    store.keep_receipts(at(3), &pushed).await.unwrap();
    let pending = store.pending_receipts(at(3), 10).await.unwrap();
    let found: Vec<_> = pending.iter().map(|it| it.attempt.clone()).collect();
    let named = |at: usize| Some(sent[at].clone());
    assert_eq!(found, [named(0), None, named(1), None]);
}

/// Applied and unmatched news is not looked at again; other news is when its time has come.
pub async fn a_receipt_is_settled_once(place: &dyn Place) {
    let store = place.open().await;
    let pushed: Vec<_> = (1..4).map(|number| receipt(number, Some("m"), None)).collect();
    store.keep_receipts(at(1), &pushed).await.unwrap();
    let pending = store.pending_receipts(at(1), 10).await.unwrap();
    let fates = [
        (pending[0].sequence, ReceiptFate::Applied),
        (pending[1].sequence, ReceiptFate::Later(at(60))),
        (pending[2].sequence, ReceiptFate::Unmatched),
    ];
    store.settle_receipts(&fates).await.unwrap();
    assert!(store.pending_receipts(at(59), 10).await.unwrap().is_empty());
    let later = store.pending_receipts(at(60), 10).await.unwrap();
    assert_eq!(later.len(), 1);
    assert_eq!(later[0].sequence, pending[1].sequence);
    // What is settled stays so.
    let again = [(pending[0].sequence, ReceiptFate::Later(at(61)))];
    store.settle_receipts(&again).await.unwrap();
    assert_eq!(store.pending_receipts(at(99), 10).await.unwrap().len(), 1);
    assert_eq!(store.keep_receipts(at(70), &pushed).await.unwrap(), 0);
}
