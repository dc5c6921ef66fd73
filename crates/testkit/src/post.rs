//! The outside of a simulation: requests that are on the wire, what reached a provider, and what it took. It outlives
//! every process, and a request that has left arrives or not whatever becomes of its sender.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use engine::ids::AttemptId;
use engine::notice::{AttemptClass, NoticeState};
use ports::gateway::{Answer, Gateway, LookUp, Message, RenderError};
use tokio::sync::oneshot;

use crate::defect::Defect;
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
    /// What providers said of a message, when asked or by themselves.
    said: Mutex<BTreeSet<Saying>>,
    /// What they pushed under our own name for it.
    pushed: Mutex<BTreeSet<Saying>>,
}

/// The provider's view of an attempt, and the state that it is said to be in.
pub type Saying = (String, NoticeState);

impl Post {
    /// Every request so far.
    pub fn calls(&self) -> MutexGuard<'_, Vec<Call>> {
        self.calls.lock().expect("no holder panics")
    }

    /// A provider that everybody may write to.
    pub fn provider(self: &Arc<Self>, name: &str, defect: Option<Defect>) -> Arc<dyn Gateway> {
        Arc::new(Provider {
            name: name.into(),
            post: Arc::clone(self),
            defect,
        })
    }

    /// Notes that a provider pushed news; `is_named`: under our own name for the attempt.
    pub fn push(&self, client_ref: &str, state: NoticeState, is_named: bool) {
        self.say(client_ref, state);
        if is_named {
            let mut pushed = self.pushed.lock().expect("no holder panics");
            pushed.insert((client_ref.to_owned(), state));
        }
    }

    /// Everything that providers said of messages.
    pub fn said(&self) -> BTreeSet<Saying> {
        self.said.lock().expect("no holder panics").clone()
    }

    /// Everything that they pushed and that cannot be mistaken.
    pub fn pushed(&self) -> BTreeSet<Saying> {
        self.pushed.lock().expect("no holder panics").clone()
    }

    fn say(&self, client_ref: &str, state: NoticeState) {
        let mut said = self.said.lock().expect("no holder panics");
        said.insert((client_ref.to_owned(), state));
    }
}

struct Provider {
    name: Arc<str>,
    post: Arc<Post>,
    defect: Option<Defect>,
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
        let client_ref = message.client_ref.to_string();
        if self.defect == Some(Defect::SameReference)
            && let Some((notice, _)) = client_ref.rsplit_once('-')
        {
            return Ok(format!("{notice}-1").into());
        }
        Ok(client_ref.into())
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
            Some(call) if call.accepted > 0 => {
                let state = if looks % 2 == 0 {
                    NoticeState::Accepted
                } else {
                    NoticeState::Delivered
                };
                self.post.say(client_ref.as_str(), state);
                LookUp::Found {
                    state,
                    provider_id: Some(call.message_id()),
                    code: None,
                }
            }
            _ => LookUp::NeverReceived,
        }
    }
}
