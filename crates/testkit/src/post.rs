//! The outside of a simulation: requests that are on the wire, what reached a provider, and what it took. It outlives
//! every process, and a request that has left arrives or not whatever becomes of its sender.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use engine::ids::AttemptId;
use engine::notice::{AttemptClass, NoticeState};
use ports::gateway::{Answer, Gateway, LookUp, Message, RenderError};
use tokio::sync::oneshot;

use crate::gateway::answer;

/// One request whose first byte has left.
pub struct Call {
    /// Which provider.
    pub provider: Arc<str>,
    /// The provider's view of the attempt.
    pub client_ref: String,
    /// Whether it has arrived, or never will.
    pub is_settled: bool,
    /// How often the provider took it.
    pub accepted: u32,
    /// Whoever waits for the answer.
    reply: Option<oneshot::Sender<Answer>>,
}

impl Call {
    /// The notice that the attempt is for.
    pub fn notice(&self) -> &str {
        self.client_ref.rsplit_once('-').map_or("", |(notice, _)| notice)
    }

    /// The provider's id of the message.
    pub fn message_id(&self) -> Arc<str> {
        format!("m/{}", self.client_ref).into()
    }

    /// Whether somebody may still hear an answer.
    pub fn is_awaited(&self) -> bool {
        self.reply.as_ref().is_some_and(|reply| !reply.is_closed())
    }

    /// Answers, if anybody still waits.
    pub fn answer(&mut self, class: AttemptClass) {
        let provider_id = (class == AttemptClass::Accepted).then(|| self.message_id());
        if let Some(reply) = self.reply.take() {
            // Whoever asked may be gone.
            let _unheard = reply.send(Answer {
                provider_id,
                ..answer(class)
            });
        }
    }
}

/// All requests, in the order in which they left.
#[derive(Default)]
pub struct Post {
    calls: Mutex<Vec<Call>>,
    looks: Mutex<BTreeMap<String, u32>>,
}

impl Post {
    /// Every request so far.
    pub fn calls(&self) -> MutexGuard<'_, Vec<Call>> {
        self.calls.lock().expect("no holder panics")
    }

    /// A provider that everybody may write to.
    pub fn provider(self: &Arc<Self>, name: &str) -> Arc<dyn Gateway> {
        Arc::new(Provider {
            name: name.into(),
            post: Arc::clone(self),
        })
    }
}

struct Provider {
    name: Arc<str>,
    post: Arc<Post>,
}

#[async_trait]
impl Gateway for Provider {
    fn name(&self) -> &Arc<str> {
        &self.name
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(10)
    }

    fn concurrency(&self) -> usize {
        4
    }

    fn rate(&self) -> Option<u32> {
        None
    }

    fn recipient_is_plate(&self) -> bool {
        false
    }

    fn render(&self, message: &Message) -> Result<Bytes, RenderError> {
        Ok(message.client_ref.to_string().into())
    }

    async fn send(&self, request: Bytes) -> Answer {
        let (reply, answered) = oneshot::channel();
        self.post.calls().push(Call {
            provider: Arc::clone(&self.name),
            client_ref: String::from_utf8_lossy(&request).into_owned(),
            is_settled: false,
            accepted: 0,
            reply: Some(reply),
        });
        answered.await.unwrap_or_else(|_| answer(AttemptClass::Unknown))
    }

    /// The truth, but every third time nothing, and nothing of what is on its way.
    async fn look_up(&self, client_ref: &AttemptId) -> LookUp {
        let looks = {
            let mut looks = self.post.looks.lock().expect("no holder panics");
            let looks = looks.entry(client_ref.to_string()).or_default();
            *looks += 1;
            *looks
        };
        let calls = self.post.calls();
        let call = calls.iter().find(|call| call.client_ref == client_ref.as_str());
        match call {
            _ if looks % 3 == 1 => LookUp::Nothing,
            // It is still on its way, so that whoever is asked cannot know.
            Some(call) if !call.is_settled => LookUp::Nothing,
            Some(call) if call.accepted > 0 => LookUp::Found {
                state: if looks % 2 == 0 {
                    NoticeState::Accepted
                } else {
                    NoticeState::Delivered
                },
                provider_id: Some(call.message_id()),
                code: None,
            },
            _ => LookUp::NeverReceived,
        }
    }
}
