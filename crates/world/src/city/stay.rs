//! One stay of one vehicle at one place: what is seen, what goes wrong on the way, and what a
//! person says about it later.
//!
//! Whatever goes wrong changes no other case: it ends in no case, or it is about a vehicle's last.

use super::calendar::{DAY, HOUR, MINUTE};
use super::fleet::Share;
use super::throws::{Purpose, Throws, mix};
use super::{City, Rates, papers};

/// The next stay of a vehicle begins at least this long after the end of the former one: the
/// policy's `doubt` of 36 hours, and one more.
const APART: u32 = 37 * HOUR;
/// Four gaps of at most 25 minutes, and what comes after the last sighting.
const LONGEST: u32 = 2 * HOUR;
/// A stay needs a slot of this length: its end must be `APART` before the next slot.
const SLOT: u32 = APART + LONGEST + HOUR;
/// A device that was cut off sends within this time, before the vehicle's next stay begins, so
/// that stays become known in their order.
const OUTAGE: u32 = 30 * HOUR;
/// How far a shuffled line strays from its place.
const STRAY: u32 = 2 * HOUR;
/// Later than any `lateness` of five working days, the longest holidays included.
const TOO_LATE: u32 = 25 * DAY;

/// What a line is; everything but `Seen` and `Doubtful` stands in no case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Seen,
    /// Seen, with a confidence of 0.5.
    Doubtful,
    /// The same line once more.
    Repeat,
    /// The same source and id with other content.
    Conflict,
    /// The same picture under another id.
    Copy,
    /// No plate.
    Unread,
    /// Not a plate.
    Garbled,
    /// Captured decades later.
    Skewed,
    /// Half a line.
    Cut,
    /// No time of capture.
    Timeless,
    /// From a device in test mode.
    Test,
    Void(&'static str),
    Confirmed,
    Rejected,
}

/// What becomes of the stay's case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Counts,
    Uncertain,
    Late,
    Voided(&'static str),
    Rejected,
}

/// A line before it is written; in the order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Record {
    pub(super) arrival: u32,
    pub(super) vehicle: u32,
    pub(super) stay: u16,
    /// Place among the lines of the stay.
    pub(super) line: u16,
    pub(super) what: What,
    pub(super) device: u16,
    /// Of the sighting that the line shows or is about.
    pub(super) id: u64,
    pub(super) captured: u32,
    /// When it became known.
    pub(super) time: u32,
    /// In hundredths.
    pub(super) confidence: u8,
    /// Whether the line names the class of the plate.
    pub(super) with_class: bool,
}

#[derive(Debug)]
pub(super) struct Stay {
    pub(super) device: u16,
    pub(super) fate: Fate,
    pub(super) records: Vec<Record>,
}

/// How many stays of one vehicle a plan of this length has room for.
pub(super) fn room(length: u32) -> u32 {
    length / SLOT
}

/// When the `index`th of `of` stays begins.
pub(super) fn begin(city: &City, vehicle: u32, index: u16, of: u16) -> u32 {
    open(city, vehicle, index, of).1
}

fn open(city: &City, vehicle: u32, index: u16, of: u16) -> (Throws, u32) {
    let place = u64::from(vehicle) << 16 | u64::from(index);
    let mut throws = Throws::new(city.plan.seed, Purpose::Stay, place);
    let slot = city.calendar.length() / u32::from(of);
    let after = if index + 1 < of { APART } else { 0 };
    let window = slot - after - LONGEST;
    let offset = throws.below(window);
    // Most cars that would come by night come eight hours later instead.
    let sleeps = (u32::from(index) * slot + offset) % DAY < 6 * HOUR && throws.below(4) > 0;
    let offset = if sleeps && offset + 8 * HOUR < window {
        offset + 8 * HOUR
    } else {
        offset
    };
    (throws, u32::from(index) * slot + offset)
}

impl Stay {
    /// The next stay of a vehicle that has `left` of `of` stays left.
    pub(super) fn new(city: &City, vehicle: u32, left: Share, of: u16) -> Stay {
        let index = of - left.stays;
        let (mut throws, begin) = open(city, vehicle, index, of);
        let (least, most) = left.next_lines();
        let count = throws.between(least, most) as u16;
        let plan = &city.plan;
        let (fate, answer) = choose(&plan.rates, left.stays == 1, count, &mut throws);
        let mut lag = 0;
        if fate == Fate::Late {
            lag = TOO_LATE + throws.below(5 * DAY);
        } else if plan.shuffle && throws.per_mille(30) {
            lag = throws.below(OUTAGE);
        }
        let device = if throws.below(10) < 6 {
            (mix(plan.seed ^ mix(u64::from(vehicle))) % u64::from(papers::DEVICES)) as u16
        } else {
            throws.below(papers::DEVICES) as u16
        };
        let first = Record {
            arrival: 0,
            vehicle,
            stay: index,
            line: 0,
            what: What::Seen,
            device,
            id: 0,
            captured: begin,
            time: 0,
            confidence: 95,
            with_class: throws.below(10) > 0,
        };
        let mut stay = Stay {
            device,
            fate,
            records: Vec::with_capacity(usize::from(count)),
        };
        stay.sight(city, first, count - u16::from(answer.is_some()), lag, &mut throws);
        if let Some(answer) = answer {
            stay.answer(answer, &mut throws);
        }
        stay
    }

    /// Adds `count` lines of the device.
    fn sight(&mut self, city: &City, first: Record, count: u16, lag: u32, throws: &mut Throws) {
        let plan = &city.plan;
        let mut seen = first;
        let mut may_fail = false;
        for line in 0..count {
            let fault = if may_fail {
                fault(&plan.rates, throws)
            } else {
                None
            };
            let stray = if plan.shuffle && throws.per_mille(100) {
                throws.below(STRAY)
            } else {
                0
            };
            // One fault after each sighting at most, so that no two are about the same one.
            may_fail = fault.is_none() && matches!(self.fate, Fate::Counts | Fate::Voided(_));
            let record = match fault {
                None => {
                    let gap = if line == 0 {
                        0
                    } else {
                        throws.between(5 * MINUTE, 25 * MINUTE)
                    };
                    seen.captured += gap;
                    seen.what = if self.fate == Fate::Uncertain {
                        What::Doubtful
                    } else {
                        What::Seen
                    };
                    seen.confidence = if self.fate == Fate::Uncertain {
                        50
                    } else {
                        throws.between(95, 99) as u8
                    };
                    seen.line = line;
                    seen.time = seen.captured + throws.between(2, 30) + lag;
                    seen.arrival = seen.time + stray;
                    seen.id = id(city, &seen);
                    seen
                }
                Some(what) => spoil(city, &Record { line, what, ..seen }, lag, stray, throws),
            };
            self.records.push(record);
        }
    }

    /// Adds what a person says about the first sighting once everything is known.
    fn answer(&mut self, what: What, throws: &mut Throws) {
        let last = self.records.iter().map(|record| record.arrival).max();
        let first = self.records[0];
        let within = if what == What::Confirmed {
            20 * HOUR
        } else {
            3 * DAY
        };
        let time = last.unwrap_or(first.arrival) + HOUR + throws.below(within);
        let line = self.records.len() as u16;
        self.records.push(Record {
            what,
            line,
            time,
            arrival: time,
            ..first
        });
    }
}

/// What becomes of a stay of `count` lines, and what a person says about it.
fn choose(rates: &Rates, is_last: bool, count: u16, throws: &mut Throws) -> (Fate, Option<What>) {
    /// Every reason that takes away the whole case.
    const VOID_REASONS: [&str; 8] = [
        "emergency_vehicle",
        "rescue",
        "handled_on_the_spot",
        "conflicting_signs",
        "unclear_record",
        "plate_mismatch",
        "exempt",
        "device_recall",
    ];
    if throws.per_mille(rates.uncertain) {
        (Fate::Uncertain, None)
    } else if throws.per_mille(rates.late) {
        (Fate::Late, None)
    } else if is_last && count > 1 && throws.per_mille(rates.void) {
        let reason = VOID_REASONS[throws.below(VOID_REASONS.len() as u32) as usize];
        (Fate::Voided(reason), Some(What::Void(reason)))
    } else if is_last && count == 2 && throws.per_mille(rates.rejected) {
        // Of a single sighting, so that no evidence is left.
        (Fate::Rejected, Some(What::Rejected))
    } else if count > 1 && throws.per_mille(rates.confirmed) {
        (Fate::Counts, Some(What::Confirmed))
    } else {
        (Fate::Counts, None)
    }
}

fn fault(rates: &Rates, throws: &mut Throws) -> Option<What> {
    let broken = if throws.below(2) == 0 {
        What::Cut
    } else {
        What::Timeless
    };
    let mut point = throws.below(1_000);
    let faults = [
        (rates.repeat, What::Repeat),
        (rates.conflict, What::Conflict),
        (rates.copy, What::Copy),
        (rates.unread, What::Unread),
        (rates.invalid_plate, What::Garbled),
        (rates.clock_skew, What::Skewed),
        (rates.schema, broken),
        (rates.test_mode, What::Test),
    ];
    for (rate, what) in faults {
        match point.checked_sub(u32::from(rate)) {
            None => return Some(what),
            Some(rest) => point = rest,
        }
    }
    None
}

/// Makes the faulty line that follows a sighting, from a copy of it.
fn spoil(city: &City, seen: &Record, lag: u32, stray: u32, throws: &mut Throws) -> Record {
    let mut record = *seen;
    let later = throws.between(3, MINUTE);
    match record.what {
        What::Repeat => record.arrival += later,
        What::Conflict => {
            record.arrival += later;
            record.time += later;
            record.confidence -= 1;
        }
        What::Copy => {
            record.time += later;
            record.arrival = record.arrival.max(record.time) + 1;
        }
        _ => {
            record.captured += later;
            record.time = record.captured + throws.between(2, 30) + lag;
            record.arrival = record.time + stray;
            record.id = id(city, &record);
        }
    }
    record
}

/// No two sightings of a city have the same, and hardly any two of different cities.
fn id(city: &City, record: &Record) -> u64 {
    mix(city.salt ^ (u64::from(record.vehicle) << 32 | u64::from(record.stay) << 16 | u64::from(record.line)))
}
