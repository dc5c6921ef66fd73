//! Everything remembered of one plate: its facts, what others handed over, and what was said of its cases before.
//!
//! A ledger never decides; [`crate::judge`] does. It only refuses to take a fact twice.

use std::sync::Arc;

use crate::case::Outcome;
use crate::fact::{Body, ContentDigest, Fact, FactId, NoticeKind, Subject};
use crate::ids::CaseId;
use crate::time::Timestamp;

/// One plate's memory. The key is a normalised number; observations without one live under `?source#id`, and so do
/// facts that wait for an observation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// In order of id.
    facts: Vec<Fact>,
    /// Observations that a correction brought here, in order of id.
    guests: Vec<Guest>,
    /// What was said before.
    pub memo: Memo,
    /// What people want said again; lives until the next judgement and is never stored.
    wishes: Vec<Wish>,
}

/// A message that a person wants said again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// About which case.
    pub case: CaseId,
    /// What it says.
    pub kind: NoticeKind,
    /// Which time it would be; one that exists already is not made twice.
    pub revision: u32,
}

/// An observation whose home is another ledger, and what was said about it. It is replaced as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// The observation under its corrected plate, known when the correction was.
    pub observation: Fact,
    /// Reviews, voids, tellings and the like about it, in order of id.
    pub about: Vec<Fact>,
}

/// What the store was told about a ledger's cases, so that only differences are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memo {
    /// Every case that ever had a number here.
    pub cases: Vec<CaseMemo>,
    /// What was last handed to other ledgers: observation, target, digest of the guest.
    pub sent: Vec<SentGuest>,
    /// When time alone changes something; none: never.
    pub wake: Option<Timestamp>,
}

/// A case as the store last heard of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseMemo {
    /// Its number.
    pub id: CaseId,
    /// Its latest version, from 1.
    pub version: u32,
    /// The observation that its number is made of.
    pub anchor: FactId,
    /// Its members when it last had some, doubles included.
    pub members: Vec<FactId>,
    /// Its subject.
    pub subject: Subject,
    /// When it began.
    pub from: Timestamp,
    /// A digest of everything that a reader sees of it.
    pub fingerprint: u64,
    /// Its outcome.
    pub outcome: Outcome,
    /// Messages that were ever owed.
    pub notices: Vec<NoticeMemo>,
}

/// A message that is or was owed for a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeMemo {
    /// What it says.
    pub kind: NoticeKind,
    /// Which time it is owed.
    pub revision: u32,
    /// Whether it is owed now; otherwise it was cancelled.
    pub owed: bool,
    /// Whether it was written as suppressed, because every sighting is history.
    pub history: bool,
    /// A digest of what its text is made of.
    pub fingerprint: u64,
}

/// What was last handed to another ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentGuest {
    /// Which observation.
    pub observation: FactId,
    /// To which plate.
    pub target: Arc<str>,
    /// A digest of the guest.
    pub fingerprint: u64,
}

/// What became of an added fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is new.
    New,
    /// Known already, with the same content.
    Duplicate,
    /// Known already, with other content; the first is kept.
    Conflict,
}

impl Ledger {
    /// The facts, in order of id.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// The guests, in order of id.
    pub fn guests(&self) -> &[Guest] {
        &self.guests
    }

    /// Puts a ledger back together; `facts` and `guests` come in the order in which they were handed out.
    pub fn restore(facts: Vec<Fact>, guests: Vec<Guest>, memo: Memo) -> Self {
        Self {
            facts,
            guests,
            memo,
            wishes: Vec::new(),
        }
    }

    /// Takes a wish for the next judgement.
    pub fn wish(&mut self, wish: Wish) {
        self.wishes.push(wish);
    }

    /// Takes what a judgement said; wishes were heard by it.
    pub fn remember(&mut self, memo: Memo) {
        self.memo = memo;
        self.wishes.clear();
    }

    /// The wishes that wait.
    pub(crate) fn wishes(&self) -> &[Wish] {
        &self.wishes
    }

    /// Whether it holds nothing at all.
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty() && self.guests.is_empty()
    }

    /// A fact by id.
    pub fn fact(&self, id: &FactId) -> Option<&Fact> {
        self.facts
            .binary_search_by(|fact| fact.id.cmp(id))
            .ok()
            .map(|at| &self.facts[at])
    }

    /// Takes a fact in. Of two equal ones the smallest known counts; of two that differ the first is kept.
    pub fn add(&mut self, fact: Fact) -> Added {
        match self.facts.binary_search_by(|known| known.id.cmp(&fact.id)) {
            Ok(at) => {
                let known = &mut self.facts[at];
                if known.digest != fact.digest {
                    return Added::Conflict;
                }
                known.known = known.known.min(fact.known);
                Added::Duplicate
            }
            Err(at) => {
                self.facts.insert(at, fact);
                Added::New
            }
        }
    }

    /// Notes that an equal fact came again with `known`, and answers as [`Self::add`] would; none: it is new.
    pub fn meet(&mut self, id: &FactId, digest: &ContentDigest, known: Timestamp) -> Option<Added> {
        let at = self.facts.binary_search_by(|fact| fact.id.cmp(id)).ok()?;
        let fact = &mut self.facts[at];
        if fact.digest != *digest {
            return Some(Added::Conflict);
        }
        fact.known = fact.known.min(known);
        Some(Added::Duplicate)
    }

    /// Takes a fact out, to move it to another ledger.
    pub fn remove(&mut self, id: &FactId) -> Option<Fact> {
        let at = self.facts.binary_search_by(|fact| fact.id.cmp(id)).ok()?;
        Some(self.facts.remove(at))
    }

    /// Takes everything out that is about `observation`: what waited for it.
    pub fn take_about(&mut self, observation: &FactId) -> Vec<Fact> {
        let (about, rest) = std::mem::take(&mut self.facts)
            .into_iter()
            .partition(|fact| fact.body.about().is_some_and(|about| about == observation));
        self.facts = rest;
        about
    }

    /// Puts a guest in the place of what was here of it before.
    pub fn seat(&mut self, guest: Guest) {
        match self
            .guests
            .binary_search_by(|known| known.observation.id.cmp(&guest.observation.id))
        {
            Ok(at) => self.guests[at] = guest,
            Err(at) => self.guests.insert(at, guest),
        }
    }

    /// Takes a guest away, because its correction was corrected.
    pub fn unseat(&mut self, observation: &FactId) {
        if let Ok(at) = self
            .guests
            .binary_search_by(|known| known.observation.id.cmp(observation))
        {
            self.guests.remove(at);
        }
    }

    /// Whether a fact about `observation` belongs here.
    pub fn is_home_of(&self, observation: &FactId) -> bool {
        self.fact(observation)
            .is_some_and(|fact| matches!(fact.body, Body::Observation(_)))
    }
}
