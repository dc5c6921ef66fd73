//! The facts that sending adds: that a message was handed over, and that it was certainly not sent after all.

use std::sync::Arc;

use bytes::Bytes;
use engine::fact::{Body, Fact, FactId, NoticeKind, Told, ToldState};
use engine::ids::{AttemptId, TELLER, hash};
use engine::time::Timestamp;
use formats::inner::Inner;
use formats::notice_parameters::NoticeParameters;

/// What both facts about an attempt have in common.
#[derive(Clone, Debug)]
pub(crate) struct Telling {
    /// The ledger of the case.
    pub(crate) ledger: Arc<str>,
    /// The observation that stands for the case.
    pub(crate) about: FactId,
    /// The subject written to.
    pub(crate) number: Arc<str>,
    pub(crate) class: Arc<str>,
    pub(crate) kind: NoticeKind,
}

impl Telling {
    /// `ledger` is that of the case.
    pub(crate) fn new(ledger: &Arc<str>, kind: NoticeKind, parameters: &NoticeParameters) -> Self {
        Self {
            ledger: Arc::clone(ledger),
            about: parameters.observation(),
            number: parameters.number.as_str().into(),
            class: parameters.class.as_str().into(),
            kind,
        }
    }

    /// Submission begins: from here on the person may know.
    pub(crate) fn handed_over(&self, attempt: &AttemptId, at: Timestamp) -> Bytes {
        self.fact(attempt, at, ToldState::HandedOver, "handed_over")
    }

    /// It is certain that nothing was sent.
    pub(crate) fn not_sent(&self, attempt: &AttemptId, at: Timestamp) -> Bytes {
        self.fact(attempt, at, ToldState::NotSent, "not_sent")
    }

    /// It turned up after all, although its provider had said that it never had it.
    pub(crate) fn handed_over_after_all(&self, attempt: &AttemptId, at: Timestamp) -> Bytes {
        self.fact(attempt, at, ToldState::HandedOver, "handed_over_after_all")
    }

    fn fact(&self, attempt: &AttemptId, at: Timestamp, state: ToldState, word: &str) -> Bytes {
        let id = FactId::new(TELLER, &format!("{attempt}/{word}"));
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
