//! The judgement: every case of a plate, computed from scratch from its ledger. Total and deterministic.
//!
//! Nothing here depends on the order in which the ledger was filled, and time enters only as `deadline <= now`.

mod admission;
mod answers;
mod assemble;
mod candidate;
mod decision;
mod doubt;
mod episode;
mod epoch;
mod fold;
mod moved;
mod uses;
mod window;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::case::{Case, Disposition, Reason};
use crate::fact::{Body, FactId, Subject};
use crate::ledger::Ledger;
use crate::rules::Rules;
use crate::time::Timestamp;

pub use moved::{departures_to_other_plates, ledger_key};

use admission::{Admitted, Door, Sighting};
use answers::Answers;
use candidate::{Candidate, Makings};
use episode::Ground;
use epoch::{Epoch, epoch_of};
use fold::Fold;
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
    let mut door = Door::new(rules, home, &answers);
    let mut sightings = Vec::with_capacity(ledger.facts().len());
    for fact in seen {
        let Body::Observation(observation) = &fact.body else {
            continue;
        };
        match door.admit(fact, observation) {
            Admitted::In(sighting) => sightings.push(sighting),
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
    take_papers_away(&mut sightings, &answers);
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

/// Who takes one record of a paper away as merged takes the paper away.
fn take_papers_away(sightings: &mut [Sighting<'_>], answers: &Answers<'_>) {
    if answers.is_empty() {
        return;
    }
    let paper = |sighting: &Sighting<'_>| {
        let number = sighting.seen.ticket.clone()?;
        Some((
            Arc::<str>::from(sighting.fact.id.source()),
            number,
            sighting.class.clone(),
        ))
    };
    let merged = sightings
        .iter()
        .filter(|sighting| answers.is_merged_away(&sighting.fact.id));
    let papers: Vec<_> = merged.filter_map(paper).collect();
    for sighting in sightings.iter_mut().filter(|_| !papers.is_empty()) {
        if paper(sighting).is_some_and(|paper| papers.contains(&paper)) {
            sighting.has_force = false;
        }
    }
}

/// Takes out records of one picture under other ids: same device, instant and images. The smallest id stands.
fn take_doubles<'a>(sightings: &mut Vec<Sighting<'a>>) -> Vec<(usize, &'a FactId)> {
    let mut doubles = Vec::new();
    // Nearly no ledger has two sightings of one instant.
    if sightings.windows(2).all(|pair| pair[0].at() < pair[1].at()) {
        return doubles;
    }
    let mut kept: Vec<Sighting<'a>> = Vec::with_capacity(sightings.len());
    for sighting in sightings.drain(..) {
        let instant = kept.partition_point(|other| other.at() < sighting.at());
        let same = |other: &Sighting<'a>| {
            other.seen.images == sighting.seen.images
                && other.seen.device == sighting.seen.device
                && other.seen.ticket == sighting.seen.ticket
                && other.class == sighting.class
        };
        let original = sighting
            .seen
            .images
            .and_then(|_| kept[instant..].iter().rposition(same));
        match original {
            Some(at) => doubles.push((instant + at, &sighting.fact.id)),
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
            let indices = classes.entry(&sighting.class);
            indices
                .or_insert_with(|| Vec::with_capacity(self.sightings.len()))
                .push(number);
        }
        let mut subjects: Vec<(Arc<str>, Option<usize>)> = Vec::new();
        let mut by_authority: BTreeMap<Option<&Arc<str>>, Vec<Candidate<'a>>> = BTreeMap::new();
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
            doubt::mark_doubts(
                &ground,
                &mut episodes,
                |episode| makings.is_gone(episode),
                |episode| epoch(episode.start).map_or(0, |at| at + 1),
            );
            let count = episodes.len();
            for episode in episodes {
                let epoch = epoch(episode.start);
                let number = subjects
                    .iter()
                    .rposition(|(of, at)| of == class && *at == epoch)
                    .unwrap_or_else(|| {
                        subjects.push((class.clone(), epoch));
                        subjects.len() - 1
                    });
                match makings.candidate(episode, number, class) {
                    Ok(candidate) => by_authority
                        .entry(self.sightings[candidate.leader].authority)
                        .or_insert_with(|| Vec::with_capacity(count))
                        .push(candidate),
                    Err(members) => self.too_short(&members, judgement),
                }
            }
        }
        for (authority, candidates) in by_authority {
            self.fold(authority, candidates, &subjects, &epochs, judgement);
        }
        judgement.cases.sort_by(|a, b| {
            let subjects = a.subject.text_order(&b.subject);
            subjects.then_with(|| (a.from, &a.facts[0]).cmp(&(b.from, &b.facts[0])))
        });
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
