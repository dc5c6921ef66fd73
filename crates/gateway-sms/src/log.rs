//! A provider that sends nothing and says so in the log: for demos and for dry operation.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use engine::ids::{AttemptId, hash};
use engine::notice::AttemptClass;
use ports::contact::mask;
use ports::gateway::{Answer, Gateway, LookUp, Message, RenderError};

use crate::{Recipient, body};

/// Takes every message; `kind = "log"`.
#[derive(Debug)]
pub struct LogGateway {
    name: Arc<str>,
    recipient: Recipient,
}

impl LogGateway {
    /// A provider of this name for phones or plates.
    pub fn new(name: &str, recipient: Recipient) -> Self {
        Self {
            name: name.into(),
            recipient,
        }
    }
}

#[async_trait]
impl Gateway for LogGateway {
    fn name(&self) -> &Arc<str> {
        &self.name
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn concurrency(&self) -> usize {
        64
    }

    fn rate(&self) -> Option<u32> {
        None
    }

    fn recipient_is_plate(&self) -> bool {
        self.recipient == Recipient::Plate
    }

    fn render(&self, message: &Message) -> Result<Bytes, RenderError> {
        body::render(&self.name, self.recipient, message)
    }

    async fn send(&self, request: Bytes) -> Answer {
        let Ok(sent) = serde_json::from_slice::<body::Sent>(&request) else {
            return Answer {
                class: AttemptClass::PermanentContent,
                code: Some("invalid_request".into()),
                provider_id: None,
                retry_after: None,
            };
        };
        // The text names a plate, so its length has to do.
        tracing::info!(
            provider = %self.name,
            client_ref = %sent.client_ref,
            to = %mask(&sent.to),
            characters = sent.text.chars().count(),
            template = sent.template.as_deref(),
            "a message would have been sent"
        );
        let digest = hash(&[&request]);
        let id = digest[..8]
            .iter()
            .fold(0_u64, |id, byte| id << 8 | u64::from(*byte));
        Answer {
            class: AttemptClass::Accepted,
            code: None,
            provider_id: Some(format!("log-{id:016x}").into()),
            retry_after: None,
        }
    }

    async fn look_up(&self, _client_ref: &AttemptId) -> LookUp {
        LookUp::Nothing
    }
}
