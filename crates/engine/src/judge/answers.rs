//! What people and offices said about an observation: of several answers to one question the latest `at` counts, then
//! the larger fact id; a void is final.

use std::ops::Range;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};

use crate::fact::{
    Body, Discretion, Fact, FactId, HandledElsewhere, NoticeKind, ObjectionResult, PlateCorrection, Review,
    Told, ToldState, Verdict, Void, VoidReason,
};
use crate::ids::NoticeId;
use crate::time::Timestamp;

/// All facts about observations, found by observation.
pub(crate) struct Answers<'a> {
    /// In order of (about, at, id).
    sorted: Vec<(&'a FactId, Timestamp, &'a Fact)>,
    /// Where in it those about an observation stand: it is asked for again and again.
    spans: HashMap<&'a FactId, Range<usize>>,
}

impl<'a> Answers<'a> {
    pub(crate) fn new(facts: impl Iterator<Item = &'a Fact>) -> Self {
        let mut sorted: Vec<_> = facts
            .filter_map(|fact| Some((fact.body.about()?, happened(&fact.body), fact)))
            .collect();
        sorted.sort_unstable_by(|a, b| (a.0, a.1, &a.2.id).cmp(&(b.0, b.1, &b.2.id)));
        let mut spans: HashMap<&FactId, Range<usize>> = HashMap::new();
        for (at, (about, ..)) in sorted.iter().enumerate() {
            spans.entry(about).or_insert(at..at).end = at + 1;
        }
        Self { sorted, spans }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// Everything about one observation, the latest last.
    pub(crate) fn about(&self, observation: &FactId) -> impl DoubleEndedIterator<Item = &'a Fact> + '_ {
        let span = self.spans.get(observation).cloned().unwrap_or_default();
        self.sorted[span].iter().map(|entry| entry.2)
    }

    /// The latest review of one observation, with when its verdict became known: a repetition takes nothing from the
    /// first that said so.
    pub(crate) fn review(&self, observation: &FactId) -> Option<(&'a Review, Timestamp)> {
        let mut reviews = self.about(observation).rev().filter_map(|fact| match &fact.body {
            Body::Review(review) => Some((review, fact.known)),
            _ => None,
        });
        let (latest, known) = reviews.next()?;
        let repeated = reviews.take_while(|(review, _)| review.verdict == latest.verdict);
        Some((
            latest,
            repeated.fold(known, |earliest, (_, known)| earliest.min(known)),
        ))
    }

    /// The latest correction of one observation's plate, with when it became known.
    pub(crate) fn correction(&self, observation: &FactId) -> Option<(&'a PlateCorrection, Timestamp)> {
        self.about(observation).rev().find_map(|fact| match &fact.body {
            Body::PlateCorrection(correction) => Some((&**correction, fact.known)),
            _ => None,
        })
    }

    /// The correction of one observation's plate that stood at `at`.
    pub(crate) fn correction_at(&self, observation: &FactId, at: Timestamp) -> Option<&'a PlateCorrection> {
        self.about(observation).rev().find_map(|fact| match &fact.body {
            Body::PlateCorrection(correction) if correction.at <= at => Some(&**correction),
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
    /// Latest telling per observation, addressee, kind and, where our own sending says so, notice.
    told: Vec<Telling<'a>>,
}

/// The latest word on one telling.
struct Telling<'a> {
    about: &'a FactId,
    to: Addressee,
    /// Which of several notices of one kind; none: somebody else than our own sending says so.
    notice: Option<&'a str>,
    told: &'a Told,
}

/// Whom a telling was written to.
#[derive(PartialEq, Eq)]
pub(crate) struct Addressee {
    pub(crate) number: Arc<str>,
    /// None: whatever the class.
    pub(crate) class: Option<Arc<str>>,
}

impl<'a> Sayings<'a> {
    /// Adds what was said about one member, which may be a double that stands in no case.
    /// `addressee` says whom a telling was written to; none: nobody who can be named.
    pub(crate) fn hear(
        &mut self,
        answers: &Answers<'a>,
        observation: &'a FactId,
        addressee: impl Fn(&Told) -> Option<Addressee>,
    ) {
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
                Body::Told(it) => {
                    let Some(to) = addressee(it) else {
                        continue;
                    };
                    let notice = NoticeId::of_telling(id);
                    let same = |known: &&mut Telling<'_>| {
                        known.about == observation
                            && known.to == to
                            && known.told.kind == it.kind
                            && known.notice == notice
                    };
                    // They come in order of (at, id).
                    match self.told.iter_mut().find(same) {
                        Some(known) => known.told = it,
                        None => self.told.push(Telling {
                            about: observation,
                            to,
                            notice,
                            told: it,
                        }),
                    }
                }
                _ => {}
            }
        }
        if let Some((review, known)) = answers.review(observation)
            && review.verdict == Verdict::Confirmed
        {
            self.confirmed = Some(self.confirmed.map_or(known, |earlier| earlier.min(known)));
        }
    }

    /// What the subject was told and what still binds, with when and how often.
    pub(crate) fn told<'s>(&'s self, number: &'s str, class: &'s str) -> impl Iterator<Item = &'a Told> + 's {
        let binding = self.told.iter().filter(move |telling| {
            telling.told.state != ToldState::NotSent
                && *telling.to.number == *number
                && telling.to.class.as_deref().is_none_or(|of| of == class)
        });
        binding.map(|telling| telling.told)
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
