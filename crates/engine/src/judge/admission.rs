//! Admission, observation by observation, from its own fields, its known and what was said about it. The first row of
//! the table that applies decides.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::answers::Answers;
use crate::case::{Disposition, Reason};
use crate::fact::{Fact, Mode, Observation, PlateCorrection, Verdict};
use crate::place::Place;
use crate::plate::{self, ClassReading, PlateError, ReadPlate};
use crate::policy::Admission;
use crate::rules::Rules;
use crate::time::{Length, Timestamp};
use crate::zone::ZoneKind;

/// An observation that takes part in episodes.
pub(crate) struct Sighting<'a> {
    pub(crate) fact: &'a Fact,
    pub(crate) seen: &'a Observation,
    pub(crate) known: Timestamp,
    pub(crate) number: Arc<str>,
    pub(crate) class: Arc<str>,
    pub(crate) place: Cow<'a, Place>,
    pub(crate) zone_kind: ZoneKind,
    pub(crate) authority: Option<&'a Arc<str>>,
    /// The policy that governs it, by number.
    pub(crate) policy: Option<usize>,
    /// Why its record keeps it out of the count.
    pub(crate) record: Option<Reason>,
    /// The hold that a confirmed review of it has settled.
    pub(crate) settled: Option<Reason>,
    pub(crate) repaired: bool,
    /// Neither rejected nor taken away as a double.
    pub(crate) has_force: bool,
    /// Rejected by a person.
    pub(crate) rejected: bool,
}

impl Sighting<'_> {
    pub(crate) fn at(&self) -> Timestamp {
        self.seen.captured_at
    }
}

/// What became of one observation.
pub(crate) enum Admitted<'a> {
    In(Sighting<'a>),
    Aside(Disposition, Reason),
    /// A correction gave it to another plate.
    Elsewhere,
}

/// A device clock that lost more than this has fallen back to its factory date.
const CLOCK_RESET: Length = Length::Months(120);

/// What reading a plate looks at: number, class, colour and kind of vehicle.
type PlateWords<'a> = [Option<&'a str>; 4];

/// The words of the plate of an observation as it now stands.
fn plate_words<'a>(seen: &'a Observation, correction: Option<&'a PlateCorrection>) -> PlateWords<'a> {
    let raw = &seen.plate;
    if let Some(correction) = correction {
        let named = &correction.plate;
        let class = named.class.as_deref().or(raw.class.as_deref());
        return [named.number.as_deref(), class, named.color.as_deref(), None];
    }
    let kind = seen.vehicle_kind.as_deref().filter(|_| !seen.corrected);
    [
        raw.number.as_deref(),
        raw.class.as_deref(),
        raw.color.as_deref(),
        kind,
    ]
}

fn read_words(rules: &Rules, [number, class, color, kind]: PlateWords<'_>) -> Result<ReadPlate, PlateError> {
    plate::read(rules.grammar(), number, class, color, kind)
}

/// Reads the plate of an observation as it now stands.
pub(crate) fn read_plate(
    rules: &Rules,
    seen: &Observation,
    correction: Option<&PlateCorrection>,
) -> Result<ReadPlate, PlateError> {
    read_words(rules, plate_words(seen, correction))
}

/// Where the observations of one ledger are let in, one by one.
pub(crate) struct Door<'d, 'a> {
    rules: &'a Rules,
    home: &'d str,
    answers: &'d Answers<'a>,
    /// The plate that was read last: neighbours in a ledger mostly read alike, and reading is dear.
    read: Option<(PlateWords<'a>, Result<ReadPlate, PlateError>)>,
}

impl<'d, 'a> Door<'d, 'a> {
    pub(crate) fn new(rules: &'a Rules, home: &'d str, answers: &'d Answers<'a>) -> Self {
        Self {
            rules,
            home,
            answers,
            read: None,
        }
    }

    fn read(&mut self, words: PlateWords<'a>) -> Result<ReadPlate, PlateError> {
        if let Some((known, read)) = &self.read
            && *known == words
        {
            return read.clone();
        }
        let read = read_words(self.rules, words);
        self.read = Some((words, read.clone()));
        read
    }

    pub(crate) fn admit(&mut self, fact: &'a Fact, seen: &'a Observation) -> Admitted<'a> {
        let (rules, answers) = (self.rules, self.answers);
        let correction = if seen.corrected {
            None
        } else {
            answers.correction(&fact.id)
        };
        let read = match self.read(plate_words(seen, correction.map(|(it, _)| it))) {
            Ok(read) => read,
            Err(PlateError::Unidentified) => {
                return Admitted::Aside(Disposition::Quarantined, Reason::UnidentifiedVehicle);
            }
            Err(PlateError::Invalid(_)) => {
                return Admitted::Aside(Disposition::Quarantined, Reason::InvalidPlate);
            }
        };
        if correction.is_some() && *read.number != *self.home {
            return Admitted::Elsewhere;
        }
        let corrected = seen.corrected || correction.is_some();
        let known = correction.map_or(fact.known, |(_, known)| known.max(fact.known));
        let place = effective_place(rules, seen);
        let at = seen.captured_at;
        let zone = place.zone.as_deref().and_then(|id| rules.zone(id));
        let authority = rules.authority_in(zone);
        let policy = rules.governing(authority.map(AsRef::as_ref), seen.code.as_deref(), at);
        let standard = Admission::default();
        let admission = policy.map_or(&standard, |number| {
            rules.policies()[number].admission(seen.device_kind)
        });
        let time_zone = rules.time_zone(policy);
        if let Some((disposition, reason)) = set_aside(rules, seen, admission, known, time_zone) {
            return Admitted::Aside(disposition, reason);
        }
        let review = answers.review(&fact.id).map(|(review, _)| review.verdict);
        let zone_kind = zone.and_then(|zone| zone.kind_at(at));
        let record = Record {
            read: &read,
            admission,
            known,
            time_zone,
            corrected,
            confirmed: review == Some(Verdict::Confirmed),
            zone_unknown: rules.has_zones() && zone_kind.is_none(),
        };
        let rejected = review == Some(Verdict::Rejected);
        Admitted::In(Sighting {
            fact,
            seen,
            known,
            record: record.reason(rules, seen),
            settled: record.settled(rules, seen),
            repaired: read.repaired && !corrected,
            number: read.number,
            class: if read.class_reading == ClassReading::Unknown {
                plate::unknown_class()
            } else {
                read.class
            },
            authority,
            place,
            zone_kind: zone_kind.unwrap_or(ZoneKind::Sidewalk),
            policy,
            has_force: !rejected && !answers.is_merged_away(&fact.id),
            rejected,
        })
    }
}

/// The rows of the table that keep an observation out of all episodes, after the plate.
fn set_aside(
    rules: &Rules,
    seen: &Observation,
    admission: &Admission,
    known: Timestamp,
    time_zone: &TimeZone,
) -> Option<(Disposition, Reason)> {
    let at = seen.captured_at;
    if at > known.plus(admission.future_tolerance) {
        return Some((Disposition::Quarantined, Reason::ClockSkew));
    }
    let calendar = rules.calendar();
    // The cheap test answers for nearly every record.
    if CLOCK_RESET.exceeded(at, known, time_zone, calendar)
        && CLOCK_RESET
            .longer(admission.oldest, at, time_zone, calendar)
            .exceeded(at, known, time_zone, calendar)
    {
        return Some((Disposition::Quarantined, Reason::ClockReset));
    }
    if seen.mode == Mode::Test {
        return Some((Disposition::Inadmissible, Reason::TestMode));
    }
    if !rules.device_may_speak(&seen.device, at) {
        return Some((Disposition::Inadmissible, Reason::DeviceNotApproved));
    }
    None
}

/// What the rows about the record look at.
struct Record<'r> {
    read: &'r ReadPlate,
    admission: &'r Admission,
    known: Timestamp,
    time_zone: &'r TimeZone,
    corrected: bool,
    confirmed: bool,
    zone_unknown: bool,
}

impl Record<'_> {
    /// The hold that a confirmed review has settled.
    fn settled(&self, rules: &Rules, seen: &Observation) -> Option<Reason> {
        let unconfirmed = Record {
            confirmed: false,
            ..*self
        };
        let is_settled = self.confirmed && self.reason(rules, seen).is_none();
        is_settled.then(|| unconfirmed.reason(rules, seen)).flatten()
    }

    /// The first row of the table that applies and that no confirmed review has settled.
    fn reason(&self, rules: &Rules, seen: &Observation) -> Option<Reason> {
        let at = seen.captured_at;
        let exceeded = |length: Length| length.exceeded(at, self.known, self.time_zone, rules.calendar());
        if exceeded(self.admission.oldest) {
            return Some(Reason::TooOld);
        }
        if self.read.kind.outside_jurisdiction() {
            return Some(Reason::OutsideJurisdiction);
        }
        let class_unknown = self.read.class_reading == ClassReading::Unknown;
        if self.confirmed {
            // Only a person who names the plate can name its class.
            return class_unknown.then_some(Reason::ClassUnknown);
        }
        if self.read.kind.unstable() {
            return Some(Reason::UnstablePlate);
        }
        if seen
            .vehicle_kind
            .as_deref()
            .is_some_and(|kind| !plate::is_motor_vehicle(kind))
        {
            return Some(Reason::NotAMotorVehicle);
        }
        match self.read.class_reading {
            ClassReading::Unknown => return Some(Reason::ClassUnknown),
            ClassReading::Mismatch if !self.corrected => return Some(Reason::ClassMismatch),
            ClassReading::Mismatch | ClassReading::Certain => {}
        }
        if !self.corrected && below(seen, self.admission) {
            return Some(Reason::PlateUncertain);
        }
        if exceeded(self.admission.lateness) {
            return Some(Reason::Late);
        }
        self.zone_unknown.then_some(Reason::ZoneUnknown)
    }
}

fn below(seen: &Observation, admission: &Admission) -> bool {
    seen.plate
        .confidence
        .is_some_and(|confidence| confidence < admission.min_confidence)
        || seen
            .plate
            .min_char_confidence
            .is_some_and(|confidence| confidence < admission.min_char_confidence)
}

/// The place as the sender gives it, completed by what the device is registered with.
fn effective_place<'a>(rules: &Rules, seen: &'a Observation) -> Cow<'a, Place> {
    let Some(device) = rules.device(&seen.device) else {
        return Cow::Borrowed(&seen.place);
    };
    let needs_zone = seen.place.zone.is_none() && device.zone.is_some();
    let needs_crs = device.crs.is_some() && seen.place.point.is_some_and(|point| point.crs.is_none());
    if !needs_zone && !needs_crs {
        return Cow::Borrowed(&seen.place);
    }
    let mut place = seen.place.clone();
    if needs_zone {
        place.zone.clone_from(&device.zone);
    }
    if let Some(point) = &mut place.point {
        point.crs = point.crs.or(device.crs);
    }
    Cow::Owned(place)
}
