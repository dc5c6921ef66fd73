//! A provider that answers from a script, and remembers what reached it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use engine::ids::AttemptId;
use engine::notice::AttemptClass;
use ports::gateway::{Answer, Gateway, LookUp, Message, RenderError};

/// A call that reached the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// What the provider sees of the attempt.
    pub client_ref: String,
    /// To whom.
    pub to: String,
    /// What it says.
    pub text: String,
}

/// Answers from its script, then accepts.
pub struct ScriptedGateway {
    name: Arc<str>,
    /// Most calls at once.
    pub concurrency: usize,
    /// Most calls in a second.
    pub rate: Option<u32>,
    /// Whether it finds phones by plate.
    pub by_plate: bool,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    script: VecDeque<Answer>,
    look_ups: BTreeMap<String, LookUp>,
    sent: Vec<Sent>,
    asked: Vec<String>,
}

impl ScriptedGateway {
    /// Accepts everything until told otherwise.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            concurrency: 8,
            rate: None,
            by_plate: false,
            inside: Mutex::default(),
        }
    }

    /// The next calls are answered so, in order.
    pub fn script(&self, answers: impl IntoIterator<Item = Answer>) {
        self.inside().script.extend(answers);
    }

    /// The next calls come to these classes, in order.
    pub fn script_classes(&self, classes: &[AttemptClass]) {
        self.script(classes.iter().map(|class| answer(*class)));
    }

    /// A look-up of this attempt is answered so from here on; others prove nothing.
    pub fn script_look_up(&self, client_ref: &AttemptId, answer: LookUp) {
        self.inside().look_ups.insert(client_ref.to_string(), answer);
    }

    /// Every call so far, in order.
    pub fn sent(&self) -> Vec<Sent> {
        self.inside().sent.clone()
    }

    /// Every look-up so far, in order.
    pub fn looked_up(&self) -> Vec<String> {
        self.inside().asked.clone()
    }

    fn inside(&self) -> std::sync::MutexGuard<'_, Inside> {
        self.inside.lock().expect("no holder panics")
    }
}

/// An answer of a class and nothing more.
pub fn answer(class: AttemptClass) -> Answer {
    Answer {
        class,
        code: None,
        provider_id: None,
        retry_after: None,
    }
}

/// Between the parts of a rendered request; no text of ours holds it.
const BETWEEN: char = '\u{1f}';

#[async_trait]
impl Gateway for ScriptedGateway {
    fn name(&self) -> &Arc<str> {
        &self.name
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(10)
    }

    fn concurrency(&self) -> usize {
        self.concurrency
    }

    fn rate(&self) -> Option<u32> {
        self.rate
    }

    fn recipient_is_plate(&self) -> bool {
        self.by_plate
    }

    fn render(&self, message: &Message) -> Result<Bytes, RenderError> {
        let parts = [message.client_ref.as_str(), message.to.reveal(), &message.text];
        Ok(parts.join(&BETWEEN.to_string()).into())
    }

    async fn send(&self, request: Bytes) -> Answer {
        let text = String::from_utf8_lossy(&request).into_owned();
        let mut parts = text.split(BETWEEN).map(str::to_owned);
        let mut next = || parts.next().unwrap_or_default();
        let sent = Sent {
            client_ref: next(),
            to: next(),
            text: next(),
        };
        let mut inside = self.inside();
        let id = format!("{}-{}", self.name, inside.sent.len() + 1);
        inside.sent.push(sent);
        inside.script.pop_front().unwrap_or_else(|| Answer {
            provider_id: Some(id.into()),
            ..answer(AttemptClass::Accepted)
        })
    }

    async fn look_up(&self, client_ref: &AttemptId) -> LookUp {
        let mut inside = self.inside();
        inside.asked.push(client_ref.to_string());
        inside
            .look_ups
            .get(client_ref.as_str())
            .cloned()
            .unwrap_or(LookUp::Nothing)
    }
}
