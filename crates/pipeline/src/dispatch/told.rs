//! The facts that dispatch adds: that a message was handed over, and that it was certainly not sent after all.

use std::sync::Arc;

use bytes::Bytes;
use engine::fact::{Body, Fact, FactId, NoticeKind, Told, ToldState};
use engine::ids::{AttemptId, hash};
use engine::time::Timestamp;
use formats::inner::Inner;

/// Who says so.
const SOURCE: &str = "/clearwalk/dispatch";

/// What both facts about an attempt have in common.
#[derive(Clone, Debug)]
pub(super) struct Telling {
    /// The ledger of the case.
    pub(super) ledger: Arc<str>,
    /// The observation that stands for the case.
    pub(super) about: FactId,
    /// The subject written to.
    pub(super) number: Arc<str>,
    pub(super) class: Arc<str>,
    pub(super) kind: NoticeKind,
}

impl Telling {
    /// Submission begins: from here on the person may know.
    pub(super) fn handed_over(&self, attempt: &AttemptId, at: Timestamp) -> Bytes {
        self.fact(attempt, at, ToldState::HandedOver, "handed_over")
    }

    /// It is certain that nothing was sent.
    pub(super) fn not_sent(&self, attempt: &AttemptId, at: Timestamp) -> Bytes {
        self.fact(attempt, at, ToldState::NotSent, "not_sent")
    }

    fn fact(&self, attempt: &AttemptId, at: Timestamp, state: ToldState, word: &str) -> Bytes {
        let id = FactId::new(SOURCE, &format!("{attempt}/{word}"));
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash(&[id.as_str().as_bytes(), word.as_bytes()])[..16]);
        let told = Told {
            about: self.about.clone(),
            plate: Some((Arc::clone(&self.number), Some(Arc::clone(&self.class)))),
            kind: self.kind,
            at,
            state,
        };
        let fact = Fact {
            id,
            known: at,
            digest,
            position: 0,
            body: Body::Told(Box::new(told)),
        };
        let inner = Inner::Fact {
            plate: Arc::clone(&self.ledger),
            fact,
        };
        inner.encode().into()
    }
}
