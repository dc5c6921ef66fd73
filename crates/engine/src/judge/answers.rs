//! What people and offices said about an observation: of several answers to one question the latest `at` counts, then
//! the larger fact id; a void is final.

use crate::fact::{
    Body, Discretion, Fact, FactId, HandledElsewhere, NoticeKind, ObjectionResult, PlateCorrection, Review,
    Told, ToldState, Verdict, Void, VoidReason,
};
use crate::time::Timestamp;

/// All facts about observations, found by observation.
pub(crate) struct Answers<'a> {
    /// In order of (about, at, id).
    sorted: Vec<(&'a FactId, Timestamp, &'a Fact)>,
}

impl<'a> Answers<'a> {
    pub(crate) fn new(facts: impl Iterator<Item = &'a Fact>) -> Self {
        let mut sorted: Vec<_> = facts
            .filter_map(|fact| Some((fact.body.about()?, happened(&fact.body), fact)))
            .collect();
        sorted.sort_unstable_by(|a, b| (a.0, a.1, &a.2.id).cmp(&(b.0, b.1, &b.2.id)));
        Self { sorted }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// Everything about one observation, the latest last.
    pub(crate) fn about(&self, observation: &FactId) -> impl DoubleEndedIterator<Item = &'a Fact> + '_ {
        let start = self.sorted.partition_point(|entry| entry.0 < observation);
        let end = start + self.sorted[start..].partition_point(|entry| entry.0 == observation);
        self.sorted[start..end].iter().map(|entry| entry.2)
    }

    /// The latest review of one observation, with when it became known.
    pub(crate) fn review(&self, observation: &FactId) -> Option<(&'a Review, Timestamp)> {
        self.about(observation).rev().find_map(|fact| match &fact.body {
            Body::Review(review) => Some((review, fact.known)),
            _ => None,
        })
    }

    /// The latest correction of one observation's plate, with when it became known.
    pub(crate) fn correction(&self, observation: &FactId) -> Option<(&'a PlateCorrection, Timestamp)> {
        self.about(observation).rev().find_map(|fact| match &fact.body {
            Body::PlateCorrection(correction) => Some((correction, fact.known)),
            _ => None,
        })
    }

    /// Whether a person took just this record away as a double of another.
    pub(crate) fn is_merged_away(&self, observation: &FactId) -> bool {
        self.about(observation)
            .any(|fact| matches!(&fact.body, Body::Void(void) if void.reason == VoidReason::Merged))
    }
}

/// When a fact about an observation happened.
fn happened(body: &Body) -> Timestamp {
    match body {
        Body::Review(it) => it.at,
        Body::PlateCorrection(it) => it.at,
        Body::Void(it) => it.at,
        Body::Told(it) => it.at,
        Body::HandledElsewhere(it) => it.at,
        Body::Objection(it) => it.at,
        Body::ObjectionResult(it) => it.at,
        Body::Discretion(it) => it.at,
        Body::PenaltyDecision(it) => it.at,
        Body::Payment(it) => it.at,
        Body::Application(it) => it.at,
        Body::Reattribution(it) => it.at,
        Body::Observation(_)
        | Body::Departure(_)
        | Body::Registration(_)
        | Body::Permit(_)
        | Body::VehicleStatus(_)
        | Body::VehicleRecord(_)
        | Body::DeviceSpan(_)
        | Body::Published(_) => Timestamp::default(),
    }
}

/// What was said about a whole case, by way of any of its members.
#[derive(Default)]
pub(crate) struct Sayings<'a> {
    pub(crate) void: Option<(&'a Void, &'a FactId)>,
    pub(crate) handled: Option<(&'a HandledElsewhere, &'a FactId)>,
    pub(crate) result: Option<(&'a ObjectionResult, &'a FactId)>,
    pub(crate) discretion: Option<(&'a Discretion, &'a FactId)>,
    /// Known of confirming reviews, the earliest.
    pub(crate) confirmed: Option<Timestamp>,
    /// Latest telling per (observation, kind).
    told: Vec<(&'a FactId, &'a Told)>,
}

impl<'a> Sayings<'a> {
    /// Adds what was said about one member, which may be a double that stands in no case.
    pub(crate) fn hear(&mut self, answers: &Answers<'a>, observation: &'a FactId) {
        if answers.is_empty() {
            return;
        }
        for fact in answers.about(observation) {
            let id = &fact.id;
            match &fact.body {
                Body::Void(it) if it.reason != VoidReason::Merged => {
                    latest(&mut self.void, it, id, |it| it.at);
                }
                Body::HandledElsewhere(it) => latest(&mut self.handled, it, id, |it| it.at),
                Body::ObjectionResult(it) => latest(&mut self.result, it, id, |it| it.at),
                Body::Discretion(it) => latest(&mut self.discretion, it, id, |it| it.at),
                Body::Told(it) => match self.told.iter_mut().find(|(about, told)| {
                    *about == observation && told.kind == it.kind && told.plate == it.plate
                }) {
                    // They come in order of (at, id).
                    Some(entry) => entry.1 = it,
                    None => self.told.push((observation, it)),
                },
                _ => {}
            }
        }
        if let Some((review, known)) = answers.review(observation)
            && review.verdict == Verdict::Confirmed
        {
            self.confirmed = Some(self.confirmed.map_or(known, |earlier| earlier.min(known)));
        }
    }

    /// What the subject was told and what still binds, with when and how often; a telling without a plate was to the
    /// observation's own.
    pub(crate) fn told<'s>(&'s self, number: &'s str, class: &'s str) -> impl Iterator<Item = &'a Told> + 's {
        self.told.iter().map(|(_, told)| *told).filter(move |told| {
            told.state != ToldState::NotSent
                && told
                    .plate
                    .as_ref()
                    .is_none_or(|(to, of)| **to == *number && of.as_deref().is_none_or(|of| of == class))
        })
    }
}

fn latest<'a, T>(slot: &mut Option<(&'a T, &'a FactId)>, it: &'a T, id: &'a FactId, at: fn(&T) -> Timestamp) {
    if slot.is_none_or(|(known, known_id)| (at(known), known_id) < (at(it), id)) {
        *slot = Some((it, id));
    }
}

/// Whether a telling of this kind says an outcome that binds.
pub(crate) fn binds(kind: NoticeKind) -> bool {
    matches!(
        kind,
        NoticeKind::Waived | NoticeKind::Warned | NoticeKind::PenaltyProposed
    )
}
