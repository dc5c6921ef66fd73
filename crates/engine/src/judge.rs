//! The judgement: every case of a plate, computed from scratch from its ledger. Total and deterministic.
//!
//! Nothing here depends on the order in which the ledger was filled, and time enters only as `deadline <= now`.

mod admission;
mod answers;
mod candidate;
mod episode;
mod fold;
mod uses;
mod window;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::case::{Case, Disposition, Outcome, Reason};
use crate::fact::{Body, Fact, FactId, Observation, Precision, Subject};
use crate::ledger::{Guest, Ledger};
use crate::plate;
use crate::rules::Rules;
use crate::time::Timestamp;

use admission::{Admitted, Sighting, admit};
use answers::Answers;
use candidate::{Candidate, Makings};
use episode::{Gone, Ground};
use fold::{Decision, Fold};
use uses::Uses;

/// What a ledger comes to.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// All cases, by subject in bytes and start.
    pub cases: Vec<Case>,
    /// Facts that stand in no case.
    pub standings: Vec<Standing>,
    /// When time alone changes something; none: never.
    pub wake: Option<Timestamp>,
}

/// A fact that stands in no case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which fact.
    pub fact: FactId,
    /// How it is read.
    pub disposition: Disposition,
    /// Why.
    pub reason: Option<Reason>,
}

/// Judges the ledger of the plate `home` at `now`.
pub fn judge(rules: &Rules, home: &str, ledger: &Ledger, now: Timestamp) -> Judgement {
    let own = ledger.facts().iter();
    let answers = Answers::new(
        own.clone()
            .chain(ledger.guests().iter().flat_map(|guest| &guest.about)),
    );
    let mut judgement = Judgement::default();
    let seen = own.chain(ledger.guests().iter().map(|guest| &guest.observation));
    let mut sightings = Vec::new();
    for fact in seen {
        let Body::Observation(observation) = &fact.body else {
            continue;
        };
        match admit(rules, home, fact, observation, &answers) {
            Admitted::In(sighting) => sightings.push(*sighting),
            Admitted::Aside(disposition, reason) => {
                judgement.standings.push(Standing {
                    fact: fact.id.clone(),
                    disposition,
                    reason: Some(reason),
                });
            }
            Admitted::Elsewhere => {}
        }
    }
    sightings.sort_unstable_by(|a, b| (a.at(), &a.fact.id).cmp(&(b.at(), &b.fact.id)));
    let bench = Bench {
        rules,
        home,
        ledger,
        now,
        answers,
        doubles: take_doubles(&mut sightings),
        sightings,
    };
    bench.other_standings(&mut judgement);
    bench.cases(&mut judgement);
    judgement
}

/// Takes out records of one picture under other ids: same device, instant and images. The smallest id stands.
fn take_doubles<'a>(sightings: &mut Vec<Sighting<'a>>) -> Vec<(usize, &'a FactId)> {
    let mut doubles = Vec::new();
    let mut kept: Vec<Sighting<'a>> = Vec::with_capacity(sightings.len());
    for sighting in sightings.drain(..) {
        let original = sighting.seen.images.and_then(|images| {
            let same = |other: &&(usize, &Sighting<'a>)| {
                let seen = other.1.seen;
                seen.images == Some(images)
                    && seen.device == sighting.seen.device
                    && seen.ticket == sighting.seen.ticket
                    && other.1.class == sighting.class
            };
            let instant = kept
                .iter()
                .enumerate()
                .rev()
                .take_while(|(_, other)| other.at() == sighting.at());
            instant.collect::<Vec<_>>().iter().find(same).map(|(at, _)| *at)
        });
        match original {
            Some(at) => doubles.push((at, &sighting.fact.id)),
            None => kept.push(sighting),
        }
    }
    *sightings = kept;
    doubles.sort_unstable();
    doubles
}

/// Everything that one judgement looks at.
struct Bench<'r, 'a> {
    rules: &'r Rules,
    home: &'r str,
    ledger: &'a Ledger,
    now: Timestamp,
    answers: Answers<'a>,
    /// In order of (captured_at, id).
    sightings: Vec<Sighting<'a>>,
    doubles: Vec<(usize, &'a FactId)>,
}

/// A registration epoch: class (none: all) and first instant.
struct Epoch {
    class: Option<Arc<str>>,
    from: Timestamp,
}

impl<'a> Bench<'_, 'a> {
    fn cases(&self, judgement: &mut Judgement) {
        let epochs = self.epochs();
        let departures = self.departures();
        let ground = Ground {
            rules: self.rules,
            sightings: &self.sightings,
            departures: &departures,
        };
        let makings = Makings {
            rules: self.rules,
            sightings: &self.sightings,
            answers: &self.answers,
            doubles: &self.doubles,
        };
        let mut classes: BTreeMap<&Arc<str>, Vec<usize>> = BTreeMap::new();
        for (number, sighting) in self.sightings.iter().enumerate() {
            classes.entry(&sighting.class).or_default().push(number);
        }
        let mut subjects: Vec<(Arc<str>, Option<usize>)> = Vec::new();
        let mut by_authority: BTreeMap<Option<Arc<str>>, Vec<Candidate<'a>>> = BTreeMap::new();
        for (class, indices) in classes {
            let mut episodes = episode::episodes(&ground, &indices);
            if !self.answers.is_empty() {
                let told_at = |members: &[usize]| {
                    let sayings = makings.sayings(members);
                    sayings.told(self.home, class).map(|told| told.at).min()
                };
                episode::split_at_cap(&ground, &mut episodes, told_at);
            }
            let epoch = |start: Timestamp| epoch_of(&epochs, class, start);
            episode::mark_doubts(
                &ground,
                &mut episodes,
                |episode| makings.is_gone(episode),
                |episode| epoch(episode.start).map_or(0, |at| at + 1),
            );
            for episode in episodes {
                let subject = (class.clone(), epoch(episode.start));
                let number = subjects
                    .iter()
                    .position(|known| *known == subject)
                    .unwrap_or_else(|| {
                        subjects.push(subject);
                        subjects.len() - 1
                    });
                let members = episode.members.clone();
                match makings.candidate(episode, number, class) {
                    Some(candidate) => {
                        let authority = self.sightings[candidate.leader].authority.clone();
                        by_authority.entry(authority).or_default().push(candidate);
                    }
                    None => self.too_short(&members, judgement),
                }
            }
        }
        for (authority, candidates) in by_authority {
            self.fold(authority.as_ref(), candidates, &subjects, &epochs, judgement);
        }
        judgement
            .cases
            .sort_by_cached_key(|case| (case.subject.to_string(), case.from, case.facts[0].clone()));
    }

    fn too_short(&self, members: &[usize], judgement: &mut Judgement) {
        judgement.standings.extend(members.iter().map(|member| Standing {
            fact: self.sightings[*member].fact.id.clone(),
            disposition: Disposition::Inadmissible,
            reason: Some(Reason::TooShort),
        }));
    }

    fn fold(
        &self,
        authority: Option<&Arc<str>>,
        mut candidates: Vec<Candidate<'a>>,
        subjects: &[(Arc<str>, Option<usize>)],
        epochs: &[Epoch],
        judgement: &mut Judgement,
    ) {
        candidates.sort_unstable_by(|a, b| (a.from, a.smallest).cmp(&(b.from, b.smallest)));
        let zones: Vec<Arc<str>> = candidates
            .iter()
            .map(|candidate| self.zone_name(candidate.zone_of))
            .collect();
        let uses = Uses::new(self.rules, &self.sightings, &candidates, &zones);
        let (decisions, uses) = Fold::new(self.rules, self.now, &candidates, uses, &zones).run();
        for (rank, decision) in decisions.into_iter().enumerate() {
            if let Some(deadline) = decision.deadline.filter(|deadline| *deadline > self.now) {
                judgement.wake = Some(judgement.wake.map_or(deadline, |wake| wake.min(deadline)));
            }
            let candidate = &candidates[rank];
            let (class, epoch) = &subjects[candidate.subject];
            let subject = Subject {
                number: self.sightings[candidate.leader].number.clone(),
                class: class.clone(),
                epoch: epoch.map(|at| self.day(epochs[at].from, candidate.policy)),
            };
            judgement
                .cases
                .push(self.case(authority, candidate, rank, decision, subject, &uses));
        }
    }

    fn day(&self, at: Timestamp, policy: Option<usize>) -> Date {
        at.date_in(self.rules.time_zone(policy))
    }

    fn zone_name(&self, sighting: usize) -> Arc<str> {
        self.sightings[sighting]
            .place
            .zone
            .clone()
            .unwrap_or_else(unknown_zone)
    }

    fn case(
        &self,
        authority: Option<&Arc<str>>,
        candidate: &Candidate<'a>,
        rank: usize,
        decision: Decision,
        subject: Subject,
        uses: &Uses<'_, 'a>,
    ) -> Case {
        let members = || candidate.members.iter().map(|member| &self.sightings[*member]);
        let mut zones: Vec<Arc<str>> = Vec::with_capacity(1);
        for member in &candidate.members {
            let zone = self.zone_name(*member);
            if !zones.contains(&zone) {
                zones.push(zone);
            }
        }
        let anchor = members()
            .map(|sighting| sighting.fact)
            .chain(self.double_facts(candidate))
            .min_by_key(|fact| anchor_key(fact));
        let policy = decision
            .policy
            .map(|number| self.rules.policies()[number].clone());
        let has_ordinal = decision.outcome.is_first() || decision.outcome == Outcome::PenaltyProposed;
        let ordinal = decision
            .policy
            .filter(|_| has_ordinal)
            .map(|number| uses.ordinal(number, rank, decision.base));
        let shows_window = has_ordinal || decision.outcome == Outcome::PenaltyDecided;
        let window = decision
            .policy
            .filter(|_| shows_window)
            .map(|number| uses.printed(number, rank, decision.standing));
        let named = || members().find_map(|sighting| sighting.place.name.clone());
        let registered = || {
            self.rules
                .zone(&self.zone_name(candidate.zone_of))
                .and_then(|zone| zone.name.clone())
        };
        Case {
            subject,
            authority: authority.cloned(),
            zone: self.zone_name(candidate.zone_of),
            place: named().or_else(registered),
            zones,
            from: candidate.from,
            to: candidate.to,
            day_only: members().any(|sighting| sighting.seen.precision == Precision::Day),
            facts: members().map(|sighting| sighting.fact.id.clone()).collect(),
            doubles: candidate.doubles.iter().map(|id| (*id).clone()).collect(),
            anchor: anchor.map_or_else(|| candidate.smallest.clone(), |fact| fact.id.clone()),
            outcome: decision.outcome,
            ordinal,
            window,
            policy,
            fine: decision.fine,
            reasons: decision.reasons,
            deadline: decision.deadline,
            proposal: decision.proposal,
            trace: decision.trace,
            live: candidate.live,
            reviewed: candidate.confirmed.is_some(),
            told: candidate.told.clone(),
            objection_rejected: candidate.objection_rejected,
        }
    }

    fn double_facts<'s>(&'s self, candidate: &'s Candidate<'a>) -> impl Iterator<Item = &'a Fact> + 's {
        let own = |id: &FactId| self.ledger.fact(id);
        let guest = |id: &FactId| {
            self.ledger
                .guests()
                .iter()
                .map(|guest| &guest.observation)
                .find(|observation| observation.id == *id)
        };
        candidate
            .doubles
            .iter()
            .filter_map(move |id| own(id).or_else(|| guest(id)))
    }

    fn epochs(&self) -> Vec<Epoch> {
        let mut epochs: Vec<Epoch> = Vec::new();
        for fact in self.ledger.facts() {
            if let Body::Registration(it) = &fact.body {
                epochs.push(Epoch {
                    class: self.certain_class(&it.plate),
                    from: it.from,
                });
            }
        }
        epochs.sort_by(|a, b| (a.from, &a.class).cmp(&(b.from, &b.class)));
        epochs
    }

    fn departures(&self) -> Vec<Gone<'a>> {
        let mut departures: Vec<Gone<'a>> = Vec::new();
        for fact in self.ledger.facts() {
            if let Body::Departure(departure) = &fact.body {
                departures.push(Gone {
                    departure,
                    class: self.certain_class(&departure.plate),
                });
            }
        }
        departures.sort_by_key(|gone| gone.departure.departed_at);
        departures
    }

    /// The class of a plate that is named outside an observation; none where it is not certain.
    fn certain_class(&self, raw: &crate::fact::RawPlate) -> Option<Arc<str>> {
        raw.class.as_ref().or(raw.color.as_ref())?;
        let grammar = self.rules.grammar();
        let read = plate::read(
            grammar,
            raw.number.as_deref(),
            raw.class.as_deref(),
            raw.color.as_deref(),
            None,
        )
        .ok()?;
        (read.class_reading == plate::ClassReading::Certain).then_some(read.class)
    }

    /// Facts that are not observations, and doubles.
    fn other_standings(&self, judgement: &mut Judgement) {
        let mut note = |fact: &FactId, disposition, reason| {
            judgement.standings.push(Standing {
                fact: fact.clone(),
                disposition,
                reason,
            });
        };
        for (_, double) in &self.doubles {
            note(double, Disposition::Merged, Some(Reason::ContentDuplicate));
        }
        for fact in self.ledger.facts() {
            if fact.body.observation().is_some() {
                continue;
            }
            if fact
                .body
                .about()
                .is_some_and(|about| !self.ledger.is_home_of(about))
            {
                note(&fact.id, Disposition::Waiting, Some(Reason::AboutUnknown));
            } else {
                let reason = (!fact.body.has_effect()).then_some(Reason::NoEffectYet);
                note(&fact.id, Disposition::Applied, reason);
            }
        }
    }
}

fn anchor_key(fact: &Fact) -> (u64, Option<Timestamp>, &str, &str) {
    let position = if fact.position == 0 {
        u64::MAX
    } else {
        fact.position
    };
    (
        position,
        fact.body.observation().map(|seen| seen.captured_at),
        fact.id.source(),
        fact.id.id(),
    )
}

fn epoch_of(epochs: &[Epoch], class: &str, start: Timestamp) -> Option<usize> {
    let end = epochs.partition_point(|epoch| epoch.from <= start);
    let latest = epochs[..end]
        .iter()
        .rposition(|epoch| epoch.class.as_deref().is_none_or(|of| of == class))?;
    // Two registrations of one instant are one epoch.
    let from = epochs[latest].from;
    epochs[..=latest]
        .iter()
        .position(|epoch| epoch.from == from && epoch.class.as_deref().is_none_or(|of| of == class))
}

fn unknown_zone() -> Arc<str> {
    static UNKNOWN: std::sync::LazyLock<Arc<str>> = std::sync::LazyLock::new(|| "unknown".into());
    UNKNOWN.clone()
}

/// The ledger that a plate's facts live in; none: the plate cannot be read.
pub fn ledger_key(rules: &Rules, seen: &Observation) -> Option<Arc<str>> {
    admission::read_plate(rules, seen, None)
        .ok()
        .map(|read| read.number)
}

/// Observations that a correction gave to other plates, with what was said about them, by the plate that they go to.
pub fn departures_to_other_plates(rules: &Rules, home: &str, ledger: &Ledger) -> Vec<(Arc<str>, Guest)> {
    if !ledger
        .facts()
        .iter()
        .any(|fact| matches!(fact.body, Body::PlateCorrection(_)))
    {
        return Vec::new();
    }
    let answers = Answers::new(ledger.facts().iter());
    let mut moved = Vec::new();
    for fact in ledger.facts() {
        let Body::Observation(seen) = &fact.body else {
            continue;
        };
        let Some((correction, known)) = answers.correction(&fact.id) else {
            continue;
        };
        let Ok(read) = admission::read_plate(rules, seen, Some(correction)) else {
            continue;
        };
        if *read.number == *home {
            continue;
        }
        let mut observation = (**seen).clone();
        observation.corrected = true;
        observation.plate = correction.plate.clone();
        observation.plate.class = observation.plate.class.or_else(|| seen.plate.class.clone());
        let mut about: Vec<Fact> = answers
            .about(&fact.id)
            .filter(|fact| !matches!(fact.body, Body::PlateCorrection(_)))
            .cloned()
            .collect();
        about.sort_by(|a, b| a.id.cmp(&b.id));
        let observation = Fact {
            known: known.max(fact.known),
            body: Body::Observation(Box::new(observation)),
            ..fact.clone()
        };
        moved.push((read.number, Guest { observation, about }));
    }
    moved
}
