//! Observations that a correction gave to another plate.

use std::sync::Arc;

use super::admission;
use super::answers::Answers;
use super::candidate::addressee_by;
use crate::fact::{Body, Fact, Observation};
use crate::ledger::{Guest, Ledger};
use crate::rules::Rules;

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
            .filter_map(|about| addressed(rules, &answers, fact, seen, about))
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

/// A fact about a moved observation. A telling that names no plate was written to the one that the observation had
/// then, which at its new home nobody could tell; none: that one could not be read, so that nobody was told.
fn addressed(
    rules: &Rules,
    answers: &Answers<'_>,
    observation: &Fact,
    seen: &Observation,
    about: &Fact,
) -> Option<Fact> {
    let mut about = about.clone();
    if let Body::Told(told) = &mut about.body
        && told.plate.is_none()
    {
        let then = answers.correction_at(&observation.id, told.at);
        let to = addressee_by(rules, seen, then)?;
        told.plate = Some((to.number, to.class));
    }
    Some(about)
}
