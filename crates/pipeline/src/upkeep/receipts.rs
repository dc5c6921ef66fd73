//! News that providers pushed: matched to its attempt and written by rank, whatever the order in which it came.

use engine::notice::{AttemptClass, NoticeState};
use engine::time::{HOUR, MINUTE, SECOND, Timestamp};
use formats::notice_parameters::NoticeParameters;
use metrics::{counter, histogram};
use ports::dispatch::Finished;
use ports::receipt::{PendingReceipt, ReceiptFate, ReceiptStore};
use ports::store::StoreError;

use crate::metrics::{DELIVERED_SECONDS, RECEIPTS, RECEIPTS_LATE, between};
use crate::told::Telling;

/// Receipts in one step.
const AT_ONCE: usize = 1_000;
/// How long news may come before what it is about: the answer of the call that sent it is written by then.
const PATIENCE: i64 = 10 * MINUTE;
/// How often it is looked at meanwhile.
const AGAIN: i64 = 15 * SECOND;
/// How long news waits that names the message only as the provider does: as long as attempts are looked up.
const LONG_PATIENCE: i64 = 72 * HOUR;
/// How often that is looked at after the first while.
const NOW_AND_THEN: i64 = HOUR;

/// News that took longer to come is late: providers push within minutes.
const LATE: i64 = HOUR;

/// Applies what waits; says how many receipts were looked at.
pub(super) async fn apply(store: &dyn ReceiptStore, now: Timestamp) -> Result<usize, StoreError> {
    let pending = store.pending_receipts(now, AT_ONCE).await?;
    let outcomes: Vec<Finished> = pending.iter().filter_map(|it| news(it, now)).collect();
    if !outcomes.is_empty() {
        store.finish(now, &outcomes).await?;
    }
    // Only now: a crash in between applies the same news again, which changes nothing.
    let fates: Vec<_> = pending.iter().map(|it| (it.sequence, fate(it, now))).collect();
    store.settle_receipts(&fates).await?;
    for (receipt, (_, fate)) in pending.iter().zip(&fates) {
        let result = match fate {
            ReceiptFate::Applied => receipt.state.as_str(),
            ReceiptFate::Later(_) => continue,
            ReceiptFate::Unmatched => "unmatched",
        };
        if let Some(submitted_at) = receipt.submitted_at
            && receipt.state == NoticeState::Delivered
        {
            let took = between(submitted_at, receipt.at);
            histogram!(DELIVERED_SECONDS, "provider" => receipt.provider.to_string()).record(took);
        }
        if receipt.received_at.since(receipt.at) > LATE {
            counter!(RECEIPTS_LATE, "provider" => receipt.provider.to_string()).increment(1);
        }
        counter!(RECEIPTS, "provider" => receipt.provider.to_string(), "result" => result).increment(1);
    }
    Ok(pending.len())
}

/// What a receipt says about its attempt: that the provider had taken it, and where the message went.
fn news(receipt: &PendingReceipt, now: Timestamp) -> Option<Finished> {
    let (attempt, notice) = receipt.attempt.clone()?;
    let told = receipt.retold.as_ref().and_then(|(kind, ledger, parameters)| {
        tracing::error!(%attempt, provider = %receipt.provider,
            "an attempt turned up that its provider had said it never received; the message may be out twice");
        match NoticeParameters::decode(parameters) {
            Ok(parameters) => {
                Some(Telling::new(ledger, *kind, &parameters).handed_over_after_all(&attempt, now))
            }
            Err(error) => {
                tracing::error!(%attempt, %error, "it cannot be told again in the ledger of its case");
                None
            }
        }
    });
    Some(Finished {
        attempt,
        notice,
        class: AttemptClass::Accepted,
        code: receipt.code.clone(),
        provider_id: receipt.message_id.clone(),
        next: receipt.state,
        reason: Some("receipt".into()),
        not_before: None,
        told,
    })
}

fn fate(receipt: &PendingReceipt, now: Timestamp) -> ReceiptFate {
    if receipt.attempt.is_some() {
        return ReceiptFate::Applied;
    }
    if now < receipt.received_at.plus(PATIENCE) {
        return ReceiptFate::Later(now.plus(AGAIN));
    }
    if !receipt.has_our_name && now < receipt.received_at.plus(LONG_PATIENCE) {
        return ReceiptFate::Later(now.plus(NOW_AND_THEN));
    }
    ReceiptFate::Unmatched
}
