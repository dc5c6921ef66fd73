//! The right answers: what a judge must find in the lines of a city under the city's own policy.
//!
//! They come from the plan of each stay, never from reading the lines, so that a mistake in
//! reading cannot hide here too.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fleet::Share;
use super::stay::{Fate, Record, Stay, What};
use super::{City, line, papers};

/// One right answer. Every line of the city stands in exactly one: in the `facts` of a case, or
/// in an answer of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    Case(CaseAnswer),
    Fact(FactAnswer),
}

/// A case that must come out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseAnswer {
    /// `NUMBER/CLASS`.
    pub subject: String,
    pub zone: String,
    /// The first and the last sighting.
    pub from: String,
    pub to: String,
    /// `source#id` of its sightings, oldest first.
    pub facts: Vec<String>,
    pub outcome: Outcome,
    /// Place among the counted offences of its calendar year; none unless waived or penalised.
    pub ordinal: Option<u32>,
    /// The deciding one.
    pub reason: Cow<'static, str>,
    /// Whether the registry file has a number to write to.
    pub contact: bool,
}

/// A line that stands in no case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactAnswer {
    /// `source#id`; none for half a line, which has no identity.
    pub fact: Option<String>,
    pub disposition: Disposition,
    /// None where no word is laid down.
    pub reason: Option<Cow<'static, str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Waived,
    PenaltyProposed,
    Held,
    Voided,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    Duplicate,
    Conflict,
    Merged,
    Quarantined,
    Inadmissible,
    Applied,
}

/// The answers in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// All lines: those in cases and those that stand in none.
    pub lines: u64,
    pub cases: u64,
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Lines that stand in no case.
    pub dispositions: BTreeMap<Disposition, u64>,
}

impl Totals {
    pub fn add(&mut self, answer: &Answer) {
        match answer {
            Answer::Case(case) => {
                self.lines += case.facts.len() as u64;
                self.cases += 1;
                *self.outcomes.entry(case.outcome).or_default() += 1;
            }
            Answer::Fact(fact) => {
                self.lines += 1;
                *self.dispositions.entry(fact.disposition).or_default() += 1;
            }
        }
    }
}

/// All answers: the cases by subject in bytes and then by time, after them the other lines.
pub(super) fn answers(city: &City) -> impl Iterator<Item = Answer> + '_ {
    let mut vehicles: Vec<u32> = (0..city.shares.len() as u32).collect();
    vehicles.sort_unstable_by_key(|vehicle| city.plates.of(*vehicle));
    let cases = vehicles.into_iter().flat_map(|vehicle| Cases::new(city, vehicle));
    let facts = (0..city.shares.len() as u32)
        .flat_map(|vehicle| Stays::new(city, vehicle))
        .flat_map(|stay| stay.records.into_iter().filter_map(|record| fact(&record)));
    cases.map(Answer::Case).chain(facts.map(Answer::Fact))
}

/// The stays of a vehicle in their order.
struct Stays<'a> {
    city: &'a City,
    vehicle: u32,
    of: u16,
    left: Share,
}

impl<'a> Stays<'a> {
    fn new(city: &'a City, vehicle: u32) -> Stays<'a> {
        let left = city.shares[vehicle as usize];
        Stays {
            city,
            vehicle,
            of: left.stays,
            left,
        }
    }
}

impl Iterator for Stays<'_> {
    type Item = Stay;

    fn next(&mut self) -> Option<Stay> {
        if self.left.stays == 0 {
            return None;
        }
        let stay = Stay::new(self.city, self.vehicle, self.left, self.of);
        self.left = self.left.without(stay.records.len());
        Some(stay)
    }
}

/// The cases of a vehicle in their order.
struct Cases<'a> {
    stays: Stays<'a>,
    year: i16,
    /// In that year.
    counted: u32,
}

impl<'a> Cases<'a> {
    fn new(city: &'a City, vehicle: u32) -> Cases<'a> {
        Cases {
            stays: Stays::new(city, vehicle),
            year: 0,
            counted: 0,
        }
    }

    /// Outcome, ordinal and deciding reason.
    fn judge(&mut self, fate: Fate, begin: u32) -> (Outcome, Option<u32>, &'static str) {
        match fate {
            Fate::Uncertain => (Outcome::Held, None, "plate_uncertain"),
            Fate::Late => (Outcome::Held, None, "late"),
            Fate::Voided(reason) => (Outcome::Voided, None, reason),
            Fate::Rejected => (Outcome::Voided, None, "review_rejected"),
            Fate::Counts => {
                let year = self.stays.city.calendar.year(begin);
                if year != self.year {
                    (self.year, self.counted) = (year, 0);
                }
                self.counted += 1;
                if self.counted == 1 {
                    (Outcome::Waived, Some(1), "first_in_window")
                } else {
                    (Outcome::PenaltyProposed, Some(self.counted), "allowance_used")
                }
            }
        }
    }
}

impl Iterator for Cases<'_> {
    type Item = CaseAnswer;

    fn next(&mut self) -> Option<CaseAnswer> {
        let stay = self.stays.next()?;
        let seen: Vec<&Record> = stay
            .records
            .iter()
            .filter(|record| is_seen(record.what))
            .collect();
        let (first, last) = (seen.first()?, seen.last()?);
        let (outcome, ordinal, reason) = self.judge(stay.fate, first.captured);
        let city = self.stays.city;
        let mut zone = String::new();
        papers::write_zone(&mut zone, stay.device);
        Some(CaseAnswer {
            subject: city.plates.of(first.vehicle).subject().to_owned(),
            zone,
            from: city.calendar.text(first.captured),
            to: city.calendar.text(last.captured),
            facts: seen.iter().map(|record| line::fact_id(record)).collect(),
            outcome,
            ordinal,
            reason: reason.into(),
            contact: papers::has_phone(city.plan.seed, first.vehicle),
        })
    }
}

fn is_seen(what: What) -> bool {
    matches!(what, What::Seen | What::Doubtful)
}

fn fact(record: &Record) -> Option<FactAnswer> {
    use Disposition::{Applied, Conflict, Duplicate, Inadmissible, Merged, Quarantined};
    let (disposition, reason) = match record.what {
        What::Seen | What::Doubtful => return None,
        What::Repeat => (Duplicate, None),
        What::Conflict => (Conflict, None),
        What::Copy => (Merged, None),
        What::Unread => (Quarantined, Some("unidentified_vehicle")),
        What::Garbled => (Quarantined, Some("invalid_plate")),
        What::Skewed => (Quarantined, Some("clock_skew")),
        What::Cut | What::Timeless => (Quarantined, Some("schema")),
        What::Test => (Inadmissible, None),
        What::Void(_) | What::Confirmed | What::Rejected => (Applied, None),
    };
    Some(FactAnswer {
        fact: (record.what != What::Cut).then(|| line::fact_id(record)),
        disposition,
        reason: reason.map(Cow::Borrowed),
    })
}
