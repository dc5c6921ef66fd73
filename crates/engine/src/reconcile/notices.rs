//! Which messages a case owes, and what that changes. A message that was handed over is never cancelled; what no longer
//! stands is corrected by another one, once.

use crate::case::{Case, Outcome, Reason, ToldKind};
use crate::fact::NoticeKind;
use crate::ids::{CaseId, NoticeId};
use crate::ledger::{NoticeMemo, Wish};

use super::print;

/// What happens to one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeStep {
    /// Which message.
    pub id: NoticeId,
    /// What it says.
    pub kind: NoticeKind,
    /// Which time it is owed.
    pub revision: u32,
    /// Whether every sighting is history, so that it is not sent.
    pub history: bool,
    /// What happens.
    pub step: Step,
}

impl NoticeStep {
    fn of(case: &CaseId, memo: &NoticeMemo, step: Step) -> Self {
        Self {
            id: NoticeId::new(case, memo.kind, memo.revision),
            kind: memo.kind,
            revision: memo.revision,
            history: memo.history,
            step,
        }
    }
}

/// What happens to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is new.
    Queue,
    /// It is owed again after it was cancelled unsent.
    Requeue,
    /// It is still owed, with other words or another reason to be sent.
    Update,
    /// It is no longer owed and was not sent.
    Cancel,
}

/// The kinds that a case owes now.
pub(super) fn owed(case: &Case, told: &[ToldKind]) -> Vec<NoticeKind> {
    let mut owed: Vec<NoticeKind> = case.outcome.notice().into_iter().collect();
    let upheld = case.reasons.first() == Some(&Reason::ObjectionUpheld);
    let said_otherwise = told.iter().any(|told| {
        matches!(
            told.kind,
            NoticeKind::Waived | NoticeKind::Warned | NoticeKind::Reminded | NoticeKind::PenaltyProposed
        )
    });
    match case.outcome {
        Outcome::Voided if upheld => owed.push(NoticeKind::ObjectionUpheld),
        Outcome::Voided | Outcome::NotPunishable | Outcome::Inadmissible | Outcome::Corrected
            if said_otherwise =>
        {
            owed.push(NoticeKind::Withdrawn);
        }
        _ => {}
    }
    if case.objection_rejected {
        owed.push(NoticeKind::ObjectionRejected);
    }
    owed
}

/// What was said about a case before.
pub(super) struct Said<'a> {
    /// To its subject.
    pub(super) told: &'a [ToldKind],
    /// To anybody: what was sent can never be cancelled.
    pub(super) sent: Vec<ToldKind>,
    /// Notices that our own sending handed over.
    pub(super) handed_over: Vec<&'a str>,
    /// Kinds of which somebody else says that they were sent.
    pub(super) elsewhere: Vec<NoticeKind>,
    /// Whether it was another subject's when it was last written.
    pub(super) moved: bool,
}

impl Said<'_> {
    fn was_sent(&self, kind: NoticeKind) -> bool {
        self.sent.iter().any(|sent| sent.kind == kind)
    }

    /// Whether this very message was sent, as far as anybody knows.
    fn was_this_sent(&self, id: &CaseId, memo: &NoticeMemo) -> bool {
        let notice = NoticeId::new(id, memo.kind, memo.revision);
        self.handed_over.contains(&notice.as_str()) || self.elsewhere.contains(&memo.kind)
    }

    /// Whether something else was said after it.
    fn is_contradicted(&self, told: &ToldKind) -> bool {
        self.told
            .iter()
            .any(|other| other.kind != told.kind && other.at > told.at)
    }
}

/// In the place of a fingerprint: the message was sent before it stopped being owed. Should it come back unsent, it is to
/// be cancelled.
const SENT_AND_NOT_OWED: u64 = 0;
/// In the place of a fingerprint: the message was cancelled.
const CANCELLED: u64 = 1;

/// What to remember of a case's messages and what happens to them.
pub(super) fn steps(
    id: &CaseId,
    case: &Case,
    said: &Said<'_>,
    owed: &[NoticeKind],
    before: &[NoticeMemo],
    wishes: &[Wish],
) -> (Vec<NoticeMemo>, Vec<NoticeStep>) {
    let mut messages = Messages {
        id,
        said,
        fingerprint: print::message(case),
        history: !case.live,
        kept: before.to_vec(),
        steps: Vec::new(),
    };
    for at in 0..before.len() {
        let is_latest = before[at + 1..].iter().all(|later| later.kind != before[at].kind);
        if !is_latest || !owed.contains(&before[at].kind) {
            messages.leave(at);
        }
    }
    for kind in owed {
        messages.owe(*kind);
    }
    for wish in wishes {
        if wish.case == *id && owed.contains(&wish.kind) {
            messages.grant(wish);
        }
    }
    (messages.kept, messages.steps)
}

/// The messages of one case while they are gone through.
struct Messages<'a> {
    id: &'a CaseId,
    said: &'a Said<'a>,
    /// Of what the texts are made of now.
    fingerprint: u64,
    history: bool,
    kept: Vec<NoticeMemo>,
    steps: Vec<NoticeStep>,
}

impl Messages<'_> {
    /// One that is not owed, or that a later one of its kind has replaced.
    fn leave(&mut self, at: usize) {
        let memo = &mut self.kept[at];
        if memo.owed || memo.fingerprint == SENT_AND_NOT_OWED {
            if self.said.was_this_sent(self.id, memo) {
                memo.fingerprint = SENT_AND_NOT_OWED;
            } else {
                // It was not sent, or it comes back unsent after it stopped being true.
                memo.fingerprint = CANCELLED;
                self.steps.push(NoticeStep::of(self.id, memo, Step::Cancel));
            }
        }
        memo.owed = false;
    }

    /// One that is owed: new, again, or with other words.
    fn owe(&mut self, kind: NoticeKind) {
        let said = self.said;
        let Some(at) = self.kept.iter().rposition(|memo| memo.kind == kind) else {
            return self.queue(kind, 0, self.history);
        };
        let told = said.told.iter().find(|told| told.kind == kind);
        let contradicted = told.is_some_and(|told| said.is_contradicted(told));
        let memo = &mut self.kept[at];
        // It was said to another subject; this one has not heard it.
        let misdirected = told.is_none() && said.was_sent(kind) && (said.moved || !memo.owed);
        if !memo.owed && contradicted || misdirected {
            memo.owed = false;
            memo.fingerprint = SENT_AND_NOT_OWED;
            let revision = memo.revision + 1;
            return self.queue(kind, revision, self.history);
        }
        let changed = memo.fingerprint != self.fingerprint || memo.history != self.history;
        let step = match (memo.owed, told) {
            // What was said stands again; nothing needs to be said twice.
            (_, Some(_)) => None,
            // It has come back unsent, and nobody has cancelled it.
            (false, None) if memo.fingerprint == SENT_AND_NOT_OWED => Some(Step::Update),
            (false, None) => Some(Step::Requeue),
            (true, None) => changed.then_some(Step::Update),
        };
        memo.owed = true;
        if let Some(step) = step {
            memo.fingerprint = self.fingerprint;
            memo.history = self.history;
            self.steps.push(NoticeStep::of(self.id, memo, step));
        }
    }

    /// One that a person wants said again, if it is the one that follows the latest: a wish is granted once.
    fn grant(&mut self, wish: &Wish) {
        let latest = self.kept.iter_mut().rfind(|memo| memo.kind == wish.kind);
        let Some(latest) = latest.filter(|latest| latest.revision + 1 == wish.revision) else {
            return;
        };
        latest.owed = false;
        latest.fingerprint = if self.said.was_this_sent(self.id, latest) {
            SENT_AND_NOT_OWED
        } else {
            CANCELLED
        };
        self.queue(wish.kind, wish.revision, false);
    }

    fn queue(&mut self, kind: NoticeKind, revision: u32, history: bool) {
        let memo = NoticeMemo {
            kind,
            revision,
            owed: true,
            history,
            fingerprint: self.fingerprint,
        };
        self.steps.push(NoticeStep::of(self.id, &memo, Step::Queue));
        self.kept.push(memo);
    }
}
