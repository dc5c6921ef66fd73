//! A made-up city whose right answers are known: the lines that its cameras and officers would
//! send in a year, and what must come of them.
//!
//! The same plan makes the same bytes everywhere. Lines and answers are made one by one and
//! never stored.

mod calendar;
mod events;
mod fleet;
mod line;
mod papers;
mod plates;
mod stay;
mod throws;
mod truth;

use jiff::civil::{Date, date};

use calendar::Calendar;
use fleet::Share;
use plates::Plates;
use throws::mix;

pub use events::Events;
pub use truth::{Answer, CaseAnswer, Disposition, FactAnswer, Outcome, Totals};

/// What a city is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub seed: u64,
    /// How many lines, exactly, the faulty ones included.
    pub events: u64,
    /// The first and the last day on which stays begin; lines may come a month later.
    pub first: Date,
    pub last: Date,
    /// How many vehicles have lines, exactly; `None`: as many as come of their habits, some
    /// eight lines each on average.
    pub vehicles: Option<u64>,
    pub rates: Rates,
    pub mode: Mode,
    /// Lines come up to two hours later than they should, and some devices send up to 30 hours
    /// late. Without it lines come in the order of their `time`, repeats within a minute.
    pub shuffle: bool,
}

/// How often things go wrong, out of a thousand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Of the lines after a stay's first: the same line again.
    pub repeat: u16,
    /// The same id with other content.
    pub conflict: u16,
    /// The same picture under another id.
    pub copy: u16,
    /// No plate was read.
    pub unread: u16,
    /// What was read is no plate.
    pub invalid_plate: u16,
    /// Captured in the far future.
    pub clock_skew: u16,
    /// Half a line, or one without its time of capture.
    pub schema: u16,
    /// A device in test mode.
    pub test_mode: u16,
    /// Of the stays: all sightings with a confidence of 0.5.
    pub uncertain: u16,
    /// Known more than three weeks later.
    pub late: u16,
    /// Of the stays with a line to spare: confirmed by a review.
    pub confirmed: u16,
    /// And of those among them that are their vehicle's last: voided.
    pub void: u16,
    /// Rejected by a review, if of a single sighting.
    pub rejected: u16,
}

/// What the devices say of themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    Live,
    History,
}

/// Why there is no such city.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("{events} events are too few for {vehicles} vehicles; each has at least one")]
    TooFewEvents { events: u64, vehicles: u64 },
    #[error("{events} events are too many for {vehicles} vehicles; each has at most {most} in this time")]
    TooManyEvents { events: u64, vehicles: u64, most: u16 },
    #[error("there are plates for at most {most} vehicles; ask for fewer vehicles or events")]
    TooManyVehicles { most: u32 },
    #[error("{first} to {last} is no time for a city: from one day to ten years between 2000 and 2069")]
    Days { first: Date, last: Date },
    #[error("the rates of faulty lines add up to {sum} out of a thousand; at most 1000 are possible")]
    Rates { sum: u32 },
}

/// A city. See the module.
#[derive(Debug)]
pub struct City {
    plan: Plan,
    calendar: Calendar,
    plates: Plates,
    /// Goes into every id, so that cities of other seeds or times have other ids.
    salt: u64,
    /// By vehicle.
    shares: Vec<Share>,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            seed: 1,
            events: 100_000,
            first: date(2026, 1, 1),
            last: date(2026, 12, 31),
            vehicles: None,
            rates: Rates::default(),
            mode: Mode::Live,
            shuffle: false,
        }
    }
}

impl Plan {
    /// The same plan for all days of another year.
    #[must_use]
    pub fn in_year(self, year: i16) -> Plan {
        Plan {
            first: date(year, 1, 1),
            last: date(year, 12, 31),
            ..self
        }
    }

    fn check(&self) -> Result<(), PlanError> {
        let years = 2000..=2069;
        let is_long = self.last > self.first.saturating_add(jiff::Span::new().years(10));
        let is_outside = [self.first, self.last]
            .iter()
            .any(|day| !years.contains(&day.year()));
        if self.last < self.first || is_long || is_outside {
            return Err(PlanError::Days {
                first: self.first,
                last: self.last,
            });
        }
        let sum = self.rates.faulty_lines();
        if sum > 1_000 {
            return Err(PlanError::Rates { sum });
        }
        Ok(())
    }
}

impl Rates {
    /// Nothing goes wrong, and nobody says anything.
    pub const NONE: Rates = Rates {
        repeat: 0,
        conflict: 0,
        copy: 0,
        unread: 0,
        invalid_plate: 0,
        clock_skew: 0,
        schema: 0,
        test_mode: 0,
        uncertain: 0,
        late: 0,
        confirmed: 0,
        void: 0,
        rejected: 0,
    };

    fn faulty_lines(&self) -> u32 {
        [
            self.repeat,
            self.conflict,
            self.copy,
            self.unread,
            self.invalid_plate,
            self.clock_skew,
            self.schema,
            self.test_mode,
        ]
        .map(u32::from)
        .iter()
        .sum()
    }
}

impl Default for Rates {
    /// Enough of everything to be found in ten thousand lines.
    fn default() -> Rates {
        Rates {
            repeat: 20,
            conflict: 4,
            copy: 6,
            unread: 10,
            invalid_plate: 6,
            clock_skew: 4,
            schema: 4,
            test_mode: 6,
            uncertain: 12,
            late: 4,
            confirmed: 20,
            void: 20,
            rejected: 40,
        }
    }
}

impl City {
    pub fn new(plan: Plan) -> Result<City, PlanError> {
        plan.check()?;
        let calendar = Calendar::new(plan.first, plan.last);
        let shares = fleet::divide(&plan, stay::room(calendar.length()))?;
        let day = i64::from(plan.first.year()) * 366 + i64::from(plan.first.day_of_year());
        Ok(City {
            plates: Plates::new(plan.seed),
            salt: mix(plan.seed ^ mix(day as u64)),
            calendar,
            shares,
            plan,
        })
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How many vehicles have lines.
    pub fn vehicles(&self) -> u64 {
        self.shares.len() as u64
    }

    /// CloudEvents 1.0 lines in the order of their arrival, without line ends. As an iterator it
    /// makes a new `String` for each; `write_next` fills one again and again.
    pub fn events(&self) -> Events<'_> {
        Events::new(self)
    }

    /// The right answers; each is one JSON line when serialised.
    pub fn truth(&self) -> impl Iterator<Item = Answer> + '_ {
        truth::answers(self)
    }

    /// The right answers in numbers. Makes all of them, which takes as long as `truth`.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.truth().for_each(|answer| totals.add(&answer));
        totals
    }

    /// The registry file, line by line without line ends, the header first. The numbers are made
    /// up, and one vehicle in twenty is missing.
    pub fn owners(&self) -> impl Iterator<Item = String> + '_ {
        let header = "plate,class,phone,name,owner_id,valid_from,valid_to".to_owned();
        let rows = (0..self.shares.len() as u32).filter_map(|vehicle| papers::owner(self, vehicle));
        std::iter::once(header).chain(rows)
    }

    /// The registry file in one piece.
    pub fn owners_csv(&self) -> String {
        self.owners()
            .fold(String::new(), |file, line| file + &line + "\n")
    }

    /// The zones file.
    pub fn zones_toml(&self) -> String {
        papers::zones_toml()
    }

    /// The policy under which the answers are right: the first offence of a calendar year is
    /// waived. Its messages are owed at once.
    pub fn policy_toml(&self) -> String {
        papers::policy_toml(self.plan.first.year())
    }
}
