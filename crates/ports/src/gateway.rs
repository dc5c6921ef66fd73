//! An SMS provider.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use engine::ids::AttemptId;
use engine::notice::{AttemptClass, NoticeState};
use engine::time::Timestamp;
use thiserror::Error;

use crate::contact::Phone;
use crate::receipt::NewReceipt;

/// A message to render for one provider.
#[derive(Clone, Debug)]
pub struct Message {
    /// Unique per attempt; the provider sees it.
    pub client_ref: AttemptId,
    /// To whom.
    pub to: Phone,
    /// What it says.
    pub text: String,
    /// The provider's template.
    pub template: Option<Arc<str>>,
    /// Its parameters, in order.
    pub parameters: Vec<(Arc<str>, String)>,
    /// Worthless from then on.
    pub expires_at: Timestamp,
}

/// The answer to one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it means.
    pub class: AttemptClass,
    /// The provider's own code, or which transport failure.
    pub code: Option<Arc<str>>,
    /// The provider's id of the message.
    pub provider_id: Option<Arc<str>>,
    /// When the provider wants to be asked again, in seconds.
    pub retry_after: Option<u64>,
}

/// What a look-up proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookUp {
    /// The provider has it; the state is accepted, delivered, undelivered or expired.
    Found {
        /// Where it stands.
        state: NoticeState,
        /// The provider's id of the message.
        provider_id: Option<Arc<str>>,
        /// The provider's own code.
        code: Option<Arc<str>>,
    },
    /// The provider never received it, and says so strongly.
    NeverReceived,
    /// Nothing is proved.
    Nothing,
}

/// A message that a provider's dialect cannot say.
#[derive(Debug, Error)]
#[error("provider {provider}: {what}")]
pub struct RenderError {
    /// Which provider.
    pub provider: Arc<str>,
    /// What is wrong; no phone, name or text.
    pub what: String,
}

/// What a provider pushes, as it came.
#[derive(Clone, Copy)]
pub struct Push<'a> {
    /// Looks a header up by its name in small letters; none: absent, or not text.
    pub header: &'a (dyn Fn(&str) -> Option<String> + Sync),
    /// The whole body.
    pub body: &'a [u8],
}

/// The news in a push.
#[derive(Debug, Default)]
pub struct Pushed {
    /// What could be read.
    pub receipts: Vec<NewReceipt>,
    /// What could not: its place in the push, and what is wrong with it; no phone, name or text.
    pub unreadable: Vec<(usize, String)>,
}

/// Why nothing of a push is taken.
#[derive(Debug, Error)]
pub enum PushError {
    /// This provider pushes nothing, or there is no secret to check it with.
    #[error("provider {0} takes no receipts: it has no receipt_secret_file")]
    NotTaken(Arc<str>),
    /// Nobody can tell that it comes from the provider, or that it is not an old one sent again.
    #[error("{0}")]
    Unsigned(&'static str),
    /// Not what this provider pushes.
    #[error("{0}")]
    Malformed(String),
}

/// A provider.
#[async_trait]
pub trait Gateway: Send + Sync {
    /// The configured name.
    fn name(&self) -> &Arc<str>;

    /// How long one call may take, body included.
    fn deadline(&self) -> Duration;

    /// Most calls at once.
    fn concurrency(&self) -> usize;

    /// Most calls in a second; none: no limit of ours.
    fn rate(&self) -> Option<u32>;

    /// How many microseconds the provider's clock is ahead of ours, as its last answer says; none: it says nothing.
    fn clock_ahead(&self) -> Option<i64> {
        None
    }

    /// Whether this provider finds the phone by the plate.
    fn recipient_is_plate(&self) -> bool;

    /// The exact bytes that [`Self::send`] will send.
    fn render(&self, message: &Message) -> Result<Bytes, RenderError>;

    /// One HTTP call with one deadline: no redirect, no retry. Never fails otherwise than by class.
    async fn send(&self, request: Bytes) -> Answer;

    /// Reads what the provider pushed to us; nothing is taken that is not signed.
    fn read_push(&self, push: Push<'_>, now: Timestamp) -> Result<Pushed, PushError> {
        let (_, _) = (push, now);
        Err(PushError::NotTaken(Arc::clone(self.name())))
    }

    /// Asks what became of an attempt.
    async fn look_up(&self, client_ref: &AttemptId) -> LookUp;
}
