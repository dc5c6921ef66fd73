//! After a store was put back in time: a message about an offence from before that may have been sent in the time of which
//! the store knows nothing, also where its facts came again only later. So it is asked for before it is sent the first time.

use std::sync::Arc;

use engine::time::{MINUTE, Timestamp};
use formats::notice_parameters::NoticeParameters;
use ports::dispatch::DueNotice;
use ports::gateway::Gateway;
use ports::restore::{Adopted, Doubtful, RestoreStore};
use ports::store::StoreError;

use super::fill::Batch;
use super::prepare::Prepared;
use crate::reconcile_sent::{self, ATTEMPTS, Proof};

/// Between two questions to a provider that says nothing.
const AGAIN: i64 = MINUTE;
/// Who records what was sent.
const BY: &str = "clearwalk";

/// Asks before the first attempt.
pub(super) struct AskFirst {
    store: Arc<dyn RestoreStore>,
    gateways: Vec<Arc<dyn Gateway>>,
    /// The beginning of time where the store was never put back; none: not looked at yet. Only a start can find it out.
    restored_at: Option<Timestamp>,
}

impl AskFirst {
    pub(super) fn new(store: Arc<dyn RestoreStore>, gateways: Vec<Arc<dyn Gateway>>) -> Self {
        Self {
            store,
            gateways,
            restored_at: None,
        }
    }

    /// Takes out of `due` what was sent already, or of which nobody says whether it was.
    pub(super) async fn sift(
        &mut self,
        due: Vec<DueNotice>,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<Vec<DueNotice>, StoreError> {
        let restored_at = if let Some(known) = self.restored_at {
            known
        } else {
            let found = self.store.restored_at().await?;
            *self.restored_at.insert(found.unwrap_or(Timestamp::MIN))
        };
        if restored_at == Timestamp::MIN {
            return Ok(due);
        }
        let (doubtful, mut clear): (Vec<DueNotice>, Vec<DueNotice>) = due
            .into_iter()
            .partition(|notice| is_doubtful(notice, restored_at));
        if doubtful.is_empty() {
            return Ok(clear);
        }
        let page = doubtful.iter().map(to_doubtful).collect();
        let asked = reconcile_sent::ask(&*self.store, &self.gateways, ATTEMPTS, now, page).await?;
        let mut sent: Vec<Adopted> = Vec::new();
        for (notice, (_, proof)) in doubtful.into_iter().zip(asked) {
            match proof {
                Proof::NeverReceived => clear.push(notice),
                Proof::Sent(found) => sent.push(*found),
                Proof::Settled(_) | Proof::Open(_) => {
                    batch.add(0, Prepared::Later(notice, now.plus(AGAIN), "asked_first"));
                }
            }
        }
        // What is not recorded, because it changed meanwhile, comes again.
        self.store.adopt_sent(now, BY, &sent).await?;
        for it in &sent {
            tracing::warn!(attempt = %it.attempt, provider = %it.provider, state = it.state.as_str(),
                "a message was sent before the database was put back; it is not sent again");
        }
        Ok(clear)
    }
}

/// Whether it may have been sent before: it is new to the store, and its offence is not.
fn is_doubtful(notice: &DueNotice, restored_at: Timestamp) -> bool {
    let began = NoticeParameters::decode(&notice.parameters).map(|parameters| parameters.start());
    notice.attempts == 0 && began.is_ok_and(|began| began <= restored_at)
}

fn to_doubtful(notice: &DueNotice) -> Doubtful {
    Doubtful {
        sequence: 0,
        notice: notice.id.clone(),
        kind: notice.kind,
        plate: Arc::clone(&notice.plate),
        state: engine::notice::NoticeState::Queued,
        parameters: notice.parameters.clone(),
        attempts: notice.attempts,
        live: None,
    }
}
