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

    /// Whether this provider finds the phone by the plate.
    fn recipient_is_plate(&self) -> bool;

    /// The exact bytes that [`Self::send`] will send.
    fn render(&self, message: &Message) -> Result<Bytes, RenderError>;

    /// One HTTP call with one deadline: no redirect, no retry. Never fails otherwise than by class.
    async fn send(&self, request: Bytes) -> Answer;

    /// Asks what became of an attempt.
    async fn look_up(&self, client_ref: &AttemptId) -> LookUp;
}
