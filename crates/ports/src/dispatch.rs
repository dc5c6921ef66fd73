//! What dispatch needs of the store: due notices under a fenced lease, the submit wall, and outcomes.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use engine::fact::NoticeKind;
use engine::ids::{AttemptId, CaseId, NoticeId};
use engine::notice::{AttemptClass, NoticeState};
use engine::time::{DAY, HOUR, Timestamp};

use crate::contact::Phone;
use crate::store::StoreError;

/// A notice that may be sent now, leased to the caller until `release` or `submit`.
#[derive(Clone, Debug)]
pub struct DueNotice {
    /// Its id.
    pub id: NoticeId,
    /// About which case.
    pub case: CaseId,
    /// What it says.
    pub kind: NoticeKind,
    /// The ledger of the case.
    pub plate: Arc<str>,
    /// What the text and the recipient are found from.
    pub parameters: Bytes,
    /// Since when it may be sent.
    pub not_before: Timestamp,
    /// Not to be sent from then on.
    pub expires_at: Timestamp,
    /// How many attempts there were.
    pub attempts: u32,
    /// Fences the lease: a submit with an older one does nothing.
    pub token: u64,
}

/// One attempt, to be committed before its first byte is sent.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Which notice.
    pub notice: NoticeId,
    /// The lease that it rests on.
    pub token: u64,
    /// What providers see as `client_ref`.
    pub attempt: AttemptId,
    /// Which provider.
    pub provider: Arc<str>,
    /// The request exactly as it will be sent; sealed at rest.
    pub request: Bytes,
    /// The text as it will be sent; sealed at rest.
    pub text: String,
    /// How many messages the provider will count.
    pub segments: u32,
    /// To whom; sealed at rest.
    pub recipient: Phone,
    /// The call is over by then, whatever happens.
    pub deadline: Timestamp,
    /// The `told` fact, for the inner log.
    pub told: Bytes,
    /// How much this recipient may be sent.
    pub caps: Caps,
}

/// Most messages to one recipient, over all providers; none: no limit of ours. A message counts from its submission
/// until it is certain that it was not sent, and its hour or day begins when its call is over at the latest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// In any hour.
    pub per_hour: Option<u32>,
    /// In any 24 hours.
    pub per_day: Option<u32>,
}

impl Caps {
    /// Each cap with the length of its window in microseconds.
    pub fn windows(self) -> impl Iterator<Item = (u32, i64)> {
        let hour = self.per_hour.map(|most| (most, HOUR));
        let day = self.per_day.map(|most| (most, DAY));
        hour.into_iter().chain(day)
    }
}

/// What the submit wall says of one submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// It is committed and may be sent.
    Granted,
    /// It was cancelled, expired, paused or leased anew.
    Refused,
    /// The recipient has had enough; the notice waits until then.
    Capped(Timestamp),
}

/// What an attempt came to.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Which attempt; it must be submitted or unknown.
    pub attempt: AttemptId,
    /// Which notice.
    pub notice: NoticeId,
    /// What it came to.
    pub class: AttemptClass,
    /// The provider's own code.
    pub code: Option<Arc<str>>,
    /// The provider's id of the message.
    pub provider_id: Option<Arc<str>>,
    /// Where the notice goes.
    pub next: NoticeState,
    /// Why, where the state needs a reason.
    pub reason: Option<Arc<str>>,
    /// When a queued one may be tried again.
    pub not_before: Option<Timestamp>,
    /// A fact for the inner log: for a definite not-sent the one that takes the telling back; for an attempt whose telling
    /// was taken back and that turns up after all, the one that tells again.
    pub told: Option<Bytes>,
}

/// A provider's switch and its run of unknowns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderState {
    /// The configured name.
    pub name: Arc<str>,
    /// None: runs.
    pub paused: Option<Pause>,
    /// Unknown answers in a row.
    pub unknowns: u32,
}

/// Why and since when nothing is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// `person`, `unknowns` or `account_blocked`, and what was said.
    pub reason: Arc<str>,
    /// By whom.
    pub by: Arc<str>,
    /// Since when.
    pub at: Timestamp,
}

/// What a person does with one message that was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeAct {
    /// Stops it.
    Hold,
    /// Lets a stopped one go on.
    Release,
    /// Ends it for good.
    Cancel,
}

impl NoticeAct {
    /// Where it leads from a state; none: it cannot be done there.
    pub fn leads_to(self, from: NoticeState) -> Option<NoticeState> {
        match (self, from) {
            (Self::Hold, NoticeState::Queued) => Some(NoticeState::Held),
            (Self::Release, NoticeState::Held) => Some(NoticeState::Queued),
            (Self::Cancel, NoticeState::Queued | NoticeState::Held | NoticeState::NoContact) => {
                Some(NoticeState::Cancelled)
            }
            _ => None,
        }
    }
}

/// Whether a person may have a message said again that stands so. What may still go out, or was cancelled because it
/// is not true any more, is not said again.
pub fn may_be_said_again(state: NoticeState) -> bool {
    matches!(
        state,
        NoticeState::Undelivered
            | NoticeState::Expired
            | NoticeState::Refused
            | NoticeState::NoContact
            | NoticeState::Unknown
    )
}

/// A look-up that found nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// When to look again.
    pub next: Timestamp,
    /// Since when the provider says that it never had it; none: it does not say so.
    pub absent_since: Option<Timestamp>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acted {
    /// It was done.
    Done {
        /// The state before.
        from: NoticeState,
        /// The state now.
        to: NoticeState,
    },
    /// It cannot be done in this state, or the message may have been sent.
    Refused(NoticeState),
}

/// The name under which a pause of everything is kept.
pub const ALL_PROVIDERS: &str = "*";
/// Why a notice waits whose recipient has had enough.
pub const RECIPIENT_CAP: &str = "recipient_cap";
/// Said of an attempt that the provider never had, and of a notice that stays unknown nevertheless.
pub const PROVED_NOT_RECEIVED: &str = "proved_not_received";

/// What dispatch needs.
#[async_trait]
pub trait DispatchStore: Send + Sync {
    /// Housekeeping of the store's own, which no transaction is to wait for. Changes nothing that anybody can read.
    async fn tidy(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Leases at most `limit` queued notices that are due, the earliest due first. Those past `expires_at` are not
    /// leased but set to `expired` with reason `not_sent_in_time`.
    async fn lease(&self, now: Timestamp, limit: usize) -> Result<Vec<DueNotice>, StoreError>;

    /// How many leases have ended by themselves, nobody having given them back, since this store was opened.
    fn leases_ended(&self) -> u64 {
        0
    }

    /// Gives leased notices back unsent.
    async fn release(&self, notices: &[(NoticeId, u64)]) -> Result<(), StoreError>;

    /// The submit wall: in one transaction each leased notice becomes submitted, its attempt is written and its `told`
    /// goes to the inner log. Answers which may be sent. One whose recipient has had enough stays queued, with reason
    /// [`RECIPIENT_CAP`], until the recipient may have it.
    async fn submit(&self, now: Timestamp, submissions: &[Submission]) -> Result<Vec<Grant>, StoreError>;

    /// Records outcomes. A later, better outcome of an unknown attempt (a look-up, a receipt) is recorded the same way.
    async fn finish(&self, now: Timestamp, outcomes: &[Finished]) -> Result<(), StoreError>;

    /// Ends leased notices without an attempt: nobody to write to, a template that cannot be rendered.
    async fn set_aside(
        &self,
        now: Timestamp,
        notices: &[(NoticeId, u64, NoticeState, Arc<str>)],
    ) -> Result<(), StoreError>;

    /// Moves leased notices to a later time, for quiet hours.
    async fn defer(&self, notices: &[(NoticeId, u64, Timestamp)]) -> Result<(), StoreError>;

    /// Does what a person wants with one notice. `reason` begins with `person` and is kept with it.
    async fn act(
        &self,
        now: Timestamp,
        notice: &NoticeId,
        act: NoticeAct,
        reason: &str,
    ) -> Result<Acted, StoreError>;

    /// Submitted attempts whose deadline is past become unknown, never queued. Says how many, by provider.
    async fn expire_submissions(&self, now: Timestamp) -> Result<Vec<(Arc<str>, u32)>, StoreError>;

    /// Unknown attempts that are to be looked up by `now` or were never looked up, the longest due first.
    async fn unknowns(&self, now: Timestamp, limit: usize) -> Result<Vec<UnknownAttempt>, StoreError>;

    /// How many attempts are unknown, and when the oldest was submitted.
    async fn unknown_total(&self) -> Result<(u64, Option<Timestamp>), StoreError>;

    /// The newest attempt of a provider, for a look-up that is only to find out whether it answers.
    async fn newest_attempt(&self, provider: &str) -> Result<Option<AttemptId>, StoreError>;

    /// Counts a look-up that found nothing.
    async fn looked(&self, attempt: &AttemptId, look: Look) -> Result<(), StoreError>;

    /// Writes that the provider has proved that it never had an unknown attempt. With `again`, the fact that takes the
    /// telling back, the notice is queued once more, unless it expired or had its second chance; else it stays unknown,
    /// with reason [`PROVED_NOT_RECEIVED`]. False: it is no longer unknown.
    async fn prove_absent(
        &self,
        now: Timestamp,
        attempt: &AttemptId,
        again: Option<Bytes>,
    ) -> Result<bool, StoreError>;

    /// Lays a person's wish to say it again into the inner log, where the ledger of the case makes a new notice of it.
    /// Refused where the notice may still be sent, or where a later one exists.
    async fn resend(&self, now: Timestamp, notice: &NoticeId, wish: Bytes) -> Result<Acted, StoreError>;

    /// How many queued notices are due.
    async fn due_count(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// Every provider that has a row, and the pause of everything under [`ALL_PROVIDERS`].
    async fn providers(&self) -> Result<Vec<ProviderState>, StoreError>;

    /// Pauses a provider or everything; lasts over restarts.
    async fn pause(&self, provider: &str, pause: &Pause) -> Result<(), StoreError>;

    /// Lets it run again; the count of unknowns in a row begins anew. False: it was not paused.
    async fn resume(&self, provider: &str, by: &str, at: Timestamp) -> Result<bool, StoreError>;
}

/// An attempt of which nobody knows what became.
#[derive(Clone, Debug)]
pub struct UnknownAttempt {
    /// Which attempt.
    pub attempt: AttemptId,
    /// Which notice.
    pub notice: NoticeId,
    /// About which case.
    pub case: CaseId,
    /// What it says.
    pub kind: NoticeKind,
    /// The ledger of the case.
    pub plate: Arc<str>,
    /// What the text and the recipient are found from.
    pub parameters: Bytes,
    /// Which provider has it.
    pub provider: Arc<str>,
    /// When it was committed.
    pub submitted_at: Timestamp,
    /// How often somebody looked.
    pub looks: u32,
    /// When to look again; none: never looked at yet.
    pub next_look: Option<Timestamp>,
    /// Since when the provider says that it never had it.
    pub absent_since: Option<Timestamp>,
    /// Whether that is proved already.
    pub is_proved_absent: bool,
    /// The notice is not to be sent from then on.
    pub expires_at: Timestamp,
}
