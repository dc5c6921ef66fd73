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
    /// Whether it was another subject's when it was last written.
    pub(super) moved: bool,
}

impl Said<'_> {
    fn was_sent(&self, kind: NoticeKind) -> bool {
        self.sent.iter().any(|sent| sent.kind == kind)
    }

    /// Whether this very message was sent. The first of its kind was, when the kind was; a later one only by its own
    /// telling, since the one before it was sent too.
    fn was_this_sent(&self, id: &CaseId, memo: &NoticeMemo) -> bool {
        let notice = || NoticeId::new(id, memo.kind, memo.revision);
        self.was_sent(memo.kind) && (memo.revision == 0 || self.handed_over.contains(&notice().as_str()))
    }

    /// Whether something else was said after it.
    fn is_contradicted(&self, told: &ToldKind) -> bool {
        self.told
            .iter()
            .any(|other| other.kind != told.kind && other.at > told.at)
    }
}

/// What to remember of a case's messages and what happens to them.
pub(super) fn steps(
    id: &CaseId,
    case: &Case,
    said: &Said<'_>,
    owed: &[NoticeKind],
    before: &[NoticeMemo],
    wishes: &[Wish],
) -> (Vec<NoticeMemo>, Vec<NoticeStep>) {
    let mut kept = before.to_vec();
    let mut steps = Vec::new();
    let fingerprint = print::message(case);
    let history = !case.live;
    let new = |kind, revision| NoticeMemo {
        kind,
        revision,
        owed: true,
        history,
        fingerprint,
    };
    let mut note = |memo: &NoticeMemo, step| steps.push(NoticeStep::of(id, memo, step));
    for memo in &mut kept {
        if memo.owed && !owed.contains(&memo.kind) {
            memo.owed = false;
            if !said.was_this_sent(id, memo) {
                note(memo, Step::Cancel);
            }
        }
    }
    for &kind in owed {
        let latest = kept.iter().rposition(|memo| memo.kind == kind);
        let Some(at) = latest else {
            let memo = new(kind, 0);
            note(&memo, Step::Queue);
            kept.push(memo);
            continue;
        };
        let told = said.told.iter().find(|told| told.kind == kind);
        let contradicted = told.is_some_and(|told| said.is_contradicted(told));
        let memo = &mut kept[at];
        // It was said to another subject; this one has not heard it.
        let misdirected = told.is_none() && said.was_sent(kind) && (said.moved || !memo.owed);
        if !memo.owed && contradicted || misdirected {
            memo.owed = false;
            let memo = new(kind, memo.revision + 1);
            note(&memo, Step::Queue);
            kept.push(memo);
            continue;
        }
        let changed = memo.fingerprint != fingerprint || memo.history != history;
        let step = match (memo.owed, told) {
            // What was said stands again; nothing needs to be said twice.
            (_, Some(_)) => None,
            (false, None) => Some(Step::Requeue),
            (true, None) => changed.then_some(Step::Update),
        };
        memo.owed = true;
        if let Some(step) = step {
            memo.fingerprint = fingerprint;
            memo.history = history;
            note(memo, step);
        }
    }
    let is_true = |wish: &&Wish| wish.case == *id && owed.contains(&wish.kind);
    for wish in wishes.iter().filter(is_true) {
        if !is_next(wish, &kept) {
            continue;
        }
        let memo = NoticeMemo {
            history: false,
            ..new(wish.kind, wish.revision)
        };
        note(&memo, Step::Queue);
        kept.push(memo);
    }
    (kept, steps)
}

/// Whether a wish is for the message that follows the latest of its kind; one that was granted before is not.
fn is_next(wish: &Wish, kept: &[NoticeMemo]) -> bool {
    let latest = kept.iter().rfind(|memo| memo.kind == wish.kind);
    latest.is_some_and(|latest| latest.revision + 1 == wish.revision)
}
