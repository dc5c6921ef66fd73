//! Look-ups of unknown attempts: when, and what their answers prove.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::ids::AttemptId;
use engine::notice::AttemptClass;
use engine::time::{HOUR, MINUTE, SECOND, Timestamp};
use formats::notice_parameters::NoticeParameters;
use futures::StreamExt as _;
use metrics::counter;
use ports::dispatch::{DispatchStore, Finished, Look, UnknownAttempt};
use ports::gateway::{Gateway, LookUp};
use ports::store::StoreError;
use tokio::time::timeout;

use super::Resend;
use crate::metrics::LOOK_UPS;
use crate::told::Telling;

/// When an unknown attempt is looked up, counted from its submission; after the last it is left to a person or to a
/// late receipt.
const LOOKS: [i64; 8] = [
    15 * SECOND,
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    HOUR,
    6 * HOUR,
    24 * HOUR,
    72 * HOUR,
];
/// Look-ups at once; a step makes no more, so that it is over within one deadline and soon written: each waits for a
/// commit behind all sending.
const AT_ONCE: usize = 16;
/// That a provider never had a message is believed when it says so twice, so far apart.
const APART: i64 = 10 * MINUTE;
/// What a provider says of a message before that is too early to count: the call may still be on its way.
const SETTLED: i64 = MINUTE;

/// Looks attempts up.
pub(super) struct Looks {
    pub(super) gateways: BTreeMap<Arc<str>, Arc<dyn Gateway>>,
    pub(super) resend: Resend,
}

/// What a round of look-ups came to.
#[derive(Default)]
pub(super) struct Round {
    pub(super) made: usize,
    pub(super) proved: usize,
    /// Providers that gave an answer of which something follows.
    pub(super) awake: Vec<Arc<str>>,
}

impl Looks {
    /// Looks up what is due.
    pub(super) async fn round(&self, store: &dyn DispatchStore, now: Timestamp) -> Result<Round, StoreError> {
        let due = store.unknowns(now, AT_ONCE).await?;
        let due = due.into_iter().filter(|attempt| is_due(attempt, now));
        let answers: Vec<_> = futures::stream::iter(due)
            .map(|attempt| async move {
                let answer = self.ask(&attempt.provider, &attempt.attempt).await;
                (attempt, answer)
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let mut round = Round::default();
        for (attempt, answer) in answers {
            round.made += 1;
            if answer != LookUp::Nothing {
                round.awake.push(Arc::clone(&attempt.provider));
            }
            round.proved += usize::from(self.note(store, attempt, answer, now).await?);
        }
        Ok(round)
    }

    /// Asks a provider what became of an attempt.
    pub(super) async fn ask(&self, provider: &Arc<str>, attempt: &AttemptId) -> LookUp {
        let Some(gateway) = self.gateways.get(provider) else {
            tracing::warn!(%attempt, %provider,
                "an unknown attempt cannot be looked up: its provider is no longer configured");
            return LookUp::Nothing;
        };
        // A look-up proves something or nothing; one that never ends proves nothing.
        let answer = timeout(gateway.deadline(), gateway.look_up(attempt))
            .await
            .unwrap_or(LookUp::Nothing);
        let result = match &answer {
            LookUp::Found { .. } => "found",
            LookUp::NeverReceived => "never_received",
            LookUp::Nothing => "nothing",
        };
        counter!(LOOK_UPS, "provider" => provider.to_string(), "result" => result).increment(1);
        answer
    }

    /// Writes what a look-up proved; says whether it settled the attempt.
    async fn note(
        &self,
        store: &dyn DispatchStore,
        attempt: UnknownAttempt,
        answer: LookUp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        match answer {
            LookUp::Found {
                state,
                provider_id,
                code,
            } => {
                tracing::info!(attempt = %attempt.attempt, provider = %attempt.provider, state = state.as_str(),
                    "an unknown attempt was found");
                let found = Finished {
                    attempt: attempt.attempt,
                    notice: attempt.notice,
                    class: AttemptClass::Accepted,
                    code,
                    provider_id,
                    next: state,
                    reason: Some("look_up".into()),
                    not_before: None,
                    told: None,
                };
                store.finish(now, &[found]).await?;
                Ok(true)
            }
            LookUp::NeverReceived => self.absent(store, attempt, now).await,
            LookUp::Nothing => {
                let look = Look {
                    next: next_look(&attempt, attempt.absent_since, now),
                    absent_since: attempt.absent_since,
                };
                store.looked(&attempt.attempt, look).await?;
                Ok(false)
            }
        }
    }

    /// The provider says that it never had it: once is an observation, twice ten minutes apart is a proof.
    async fn absent(
        &self,
        store: &dyn DispatchStore,
        attempt: UnknownAttempt,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let is_settled = attempt.submitted_at.plus(self.settled(&attempt.provider)) <= now;
        let since = attempt.absent_since.or_else(|| is_settled.then_some(now));
        let look = Look {
            next: next_look(&attempt, since, now),
            absent_since: since,
        };
        store.looked(&attempt.attempt, look).await?;
        if attempt.is_proved_absent || since.is_none_or(|since| now.since(since) < APART) {
            return Ok(false);
        }
        let again = match self.resend {
            Resend::Never => None,
            Resend::AfterProof => match NoticeParameters::decode(&attempt.parameters) {
                Ok(parameters) => {
                    let telling = Telling::new(&attempt.plate, attempt.kind, &parameters);
                    Some(telling.not_sent(&attempt.attempt, now))
                }
                Err(error) => {
                    tracing::error!(notice = %attempt.notice, %error, "a notice cannot be sent again");
                    None
                }
            },
        };
        let was_unknown = store.prove_absent(now, &attempt.attempt, again).await?;
        if was_unknown {
            tracing::warn!(attempt = %attempt.attempt, provider = %attempt.provider, since = ?since, looks = attempt.looks + 1,
                resend = self.resend.as_str(), "the provider has proved twice that it never received an attempt");
        }
        Ok(was_unknown)
    }

    /// How long after its submission a call cannot be on its way any more.
    fn settled(&self, provider: &Arc<str>) -> i64 {
        let deadline = self.gateways.get(provider).map(|gateway| gateway.deadline());
        let deadline = deadline.map_or(0, |deadline| {
            i64::try_from(deadline.as_micros()).unwrap_or(i64::MAX)
        });
        SETTLED.max(deadline.saturating_mul(3))
    }
}

/// Whether an attempt is to be looked up; one that never was waits for its first time.
fn is_due(attempt: &UnknownAttempt, now: Timestamp) -> bool {
    let first = || attempt.submitted_at.plus(LOOKS[0]);
    attempt.next_look.unwrap_or_else(first) <= now
}

/// The next time by the list, but a first word that it was never received is followed up as soon as that proves it.
fn next_look(attempt: &UnknownAttempt, absent_since: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let mut looks = LOOKS.iter().map(|after| attempt.submitted_at.plus(*after));
    let next = looks.find(|look| *look > now).unwrap_or(Timestamp::MAX);
    match absent_since.map(|since| since.plus(APART)) {
        Some(proof) if proof > now => next.min(proof),
        _ => next,
    }
}
