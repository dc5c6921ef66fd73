//! Receipts.

use async_trait::async_trait;
use engine::notice::AttemptClass;
use engine::time::Timestamp;
use ports::receipt::{NewReceipt, PendingReceipt, ReceiptFate, ReceiptStore};
use ports::store::StoreError;

use super::{Attempt, Books, MemoryStore, Receipt};

#[async_trait]
impl ReceiptStore for MemoryStore {
    async fn keep_receipts(&self, now: Timestamp, receipts: &[NewReceipt]) -> Result<u64, StoreError> {
        let mut books = self.books();
        let mut new = 0;
        for receipt in receipts {
            if books
                .receipts
                .iter()
                .any(|known| known.news.digest == receipt.digest)
            {
                continue;
            }
            books.receipts.push(Receipt {
                news: receipt.clone(),
                received_at: now,
                look_at: Some(now),
            });
            new += 1;
        }
        Ok(new)
    }

    async fn pending_receipts(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<PendingReceipt>, StoreError> {
        let books = self.books();
        let mut due: Vec<_> = (1..)
            .zip(&books.receipts)
            .filter_map(|(sequence, receipt)| Some((receipt.look_at?, sequence, receipt)))
            .filter(|(look_at, ..)| *look_at <= now)
            .collect();
        due.sort_unstable_by_key(|(look_at, sequence, _)| (*look_at, *sequence));
        let pending = |(_, sequence, receipt): (_, _, &Receipt)| PendingReceipt {
            sequence,
            provider: receipt.news.provider.clone(),
            received_at: receipt.received_at,
            state: receipt.news.state,
            code: receipt.news.code.clone(),
            message_id: receipt.news.message_id.clone(),
            attempt: attempt_of(&books, &receipt.news).map(|it| (it.id.clone(), it.notice.clone())),
            has_our_name: receipt.news.client_ref.is_some(),
            submitted_at: attempt_of(&books, &receipt.news).map(|it| it.submitted_at),
            at: receipt.news.at,
            retold: attempt_of(&books, &receipt.news)
                .filter(|attempt| attempt.class == Some(AttemptClass::Unknown) && !attempt.live)
                .and_then(|attempt| books.notices.iter().find(|notice| notice.id == attempt.notice))
                .map(|notice| (notice.kind, notice.plate.clone(), notice.parameters.clone())),
        };
        Ok(due.into_iter().take(limit).map(pending).collect())
    }

    async fn settle_receipts(&self, fates: &[(u64, ReceiptFate)]) -> Result<(), StoreError> {
        let mut books = self.books();
        for (sequence, fate) in fates {
            let at = usize::try_from(*sequence).ok().and_then(|at| at.checked_sub(1));
            let receipt = at.and_then(|at| books.receipts.get_mut(at));
            if let Some(receipt) = receipt.filter(|receipt| receipt.look_at.is_some()) {
                receipt.look_at = match fate {
                    ReceiptFate::Later(at) => Some(*at),
                    ReceiptFate::Applied | ReceiptFate::Unmatched => None,
                };
            }
        }
        Ok(())
    }
}

/// By our own name for the attempt, else by the provider's; either only among that provider's attempts.
pub(super) fn attempt_of<'b>(books: &'b Books, news: &NewReceipt) -> Option<&'b Attempt> {
    let theirs = || {
        books
            .attempts
            .iter()
            .filter(|attempt| attempt.provider == news.provider)
    };
    let own = theirs().find(|attempt| news.client_ref.as_ref() == Some(&attempt.id));
    let named = || {
        let id = news.message_id.as_ref()?;
        theirs().rfind(|attempt| attempt.provider_id.as_ref() == Some(id))
    };
    own.or_else(named)
}
