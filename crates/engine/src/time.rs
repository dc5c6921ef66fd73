//! Instants, lengths and calendars: everything the rule knows about time, and no clock.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;

/// An instant, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// Microseconds in one second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in one minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds in one hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Microseconds in 24 hours.
pub const DAY: i64 = 24 * HOUR;

impl Timestamp {
    /// The earliest instant that a civil date can be given to (year -9998).
    pub const MIN: Self = Self(-377_000_000_000 * SECOND);
    /// The latest instant that a civil date can be given to (year 9998).
    pub const MAX: Self = Self(253_300_000_000 * SECOND);

    /// From microseconds since the epoch, kept within [`Self::MIN`] and [`Self::MAX`].
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(Self::MIN.0, Self::MAX.0))
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// This instant moved by `micros`, within the representable range.
    #[must_use]
    pub fn plus(self, micros: i64) -> Self {
        Self::from_micros(self.0.saturating_add(micros))
    }

    /// Microseconds from `earlier` to this instant; negative when `earlier` is later.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// The same instant as jiff has it.
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).expect("kept within jiff's range by from_micros")
    }

    /// The civil date of this instant in `zone`.
    pub fn date_in(self, zone: &TimeZone) -> Date {
        zone.to_datetime(self.to_jiff()).date()
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(value: jiff::Timestamp) -> Self {
        Self::from_micros(value.as_microsecond())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_jiff())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_jiff())
    }
}

/// 00:00 of `date` in `zone`, or the first instant after it when the clock skips midnight.
pub fn start_of_day(date: Date, zone: &TimeZone) -> Timestamp {
    zone.to_zoned(date.to_datetime(jiff::civil::Time::midnight()))
        .map_or(Timestamp::MAX, |zoned| zoned.timestamp().into())
}

/// 24:00 of `date` in `zone`.
pub fn end_of_day(date: Date, zone: &TimeZone) -> Timestamp {
    date.tomorrow()
        .map_or(Timestamp::MAX, |next| start_of_day(next, zone))
}

/// A length of time as policies write it. Days, working days and months are whole; hours and less run exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Microseconds, from `90s`, `15m`, `24h`.
    Exact(i64),
    /// Calendar days.
    Days(u32),
    /// Monday to Friday, corrected by the calendar.
    WorkingDays(u32),
    /// Months; a year is twelve.
    Months(u32),
}

impl Length {
    /// The first instant at which a period that began at `from` is over: whole days do not count the first day and
    /// end at 24:00 of the last (Civil Code art. 201-203); exact lengths end to the microsecond.
    pub fn end_after(self, from: Timestamp, zone: &TimeZone, calendar: &Calendar) -> Timestamp {
        match self {
            Self::Exact(micros) => from.plus(micros),
            Self::Days(_) | Self::WorkingDays(_) | Self::Months(_) => {
                end_of_day(self.last_day(from.date_in(zone), calendar), zone)
            }
        }
    }

    /// Whether more than this length lies between `from` and `at`.
    pub fn exceeded(self, from: Timestamp, at: Timestamp, zone: &TimeZone, calendar: &Calendar) -> bool {
        match self {
            Self::Exact(micros) => at.since(from) > micros,
            // The cheap tests answer for nearly every record without asking the calendar.
            Self::Days(days) if at.since(from) < i64::from(days) * (DAY - 2 * HOUR) => false,
            Self::WorkingDays(days) if days > 0 && at.since(from) < i64::from(days) * (DAY - 2 * HOUR) => {
                false
            }
            Self::Months(months) if at.since(from) < i64::from(months) * 27 * DAY => false,
            Self::Days(_) | Self::WorkingDays(_) | Self::Months(_) => {
                at >= self.end_after(from, zone, calendar)
            }
        }
    }

    /// The longer of two lengths, counted from `from`.
    #[must_use]
    pub fn longer(self, other: Self, from: Timestamp, zone: &TimeZone, calendar: &Calendar) -> Self {
        if self.end_after(from, zone, calendar) >= other.end_after(from, zone, calendar) {
            self
        } else {
            other
        }
    }

    /// The last day of the period that starts after `day`; the last of the month where the corresponding day is missing.
    pub fn last_day(self, day: Date, calendar: &Calendar) -> Date {
        match self {
            Self::Exact(_) => day,
            Self::Days(days) => add_days(day, i64::from(days)),
            Self::WorkingDays(days) => calendar.working_day_after(day, days),
            Self::Months(months) => {
                day.saturating_add(jiff::Span::new().months(i64::from(months.min(100_000))))
            }
        }
    }
}

/// `day` moved by `days`, at most to the end of the calendar.
pub fn add_days(day: Date, days: i64) -> Date {
    day.saturating_add(jiff::Span::new().days(days.clamp(-3_000_000, 3_000_000)))
}

/// Holidays and make-up workdays; weekends otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// Days off beside Saturdays and Sundays.
    pub holidays: BTreeSet<Date>,
    /// Saturdays and Sundays that are worked.
    pub workdays: BTreeSet<Date>,
}

impl Calendar {
    /// Whether offices work on `day`.
    pub fn is_working_day(&self, day: Date) -> bool {
        use jiff::civil::Weekday::{Saturday, Sunday};
        if self.workdays.contains(&day) {
            return true;
        }
        !matches!(day.weekday(), Saturday | Sunday) && !self.holidays.contains(&day)
    }

    /// The `count`th working day after `day`, which is not counted itself.
    pub fn working_day_after(&self, day: Date, count: u32) -> Date {
        let mut left = count;
        let mut current = day;
        while left > 0 {
            let Ok(next) = current.tomorrow() else {
                return current;
            };
            current = next;
            if self.is_working_day(current) {
                left -= 1;
            }
        }
        current
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse::<jiff::Timestamp>().unwrap().into()
    }

    fn shanghai() -> TimeZone {
        TimeZone::get("Asia/Shanghai").unwrap()
    }

    #[test]
    fn a_period_of_months_ends_at_the_end_of_the_corresponding_day() {
        let end =
            Length::Months(12).end_after(at("2024-02-29T10:00:00+08:00"), &shanghai(), &Calendar::default());
        assert_eq!(end, at("2025-03-01T00:00:00+08:00"));
    }

    #[test]
    fn working_days_skip_weekends_and_holidays_and_take_make_up_days() {
        let calendar = Calendar {
            holidays: ["2026-10-01", "2026-10-02"]
                .iter()
                .map(|day| day.parse().unwrap())
                .collect(),
            workdays: ["2026-10-03"].iter().map(|day| day.parse().unwrap()).collect(),
        };
        let end = Length::WorkingDays(2).end_after(at("2026-09-30T23:59:59+08:00"), &shanghai(), &calendar);
        assert_eq!(end, at("2026-10-06T00:00:00+08:00"));
    }

    #[test]
    fn the_cheap_test_of_exceeded_agrees_with_the_calendar() {
        let zone = shanghai();
        let calendar = Calendar::default();
        let from = at("2026-03-06T15:00:00+08:00");
        for hours in 0..400 {
            let now = from.plus(hours * HOUR);
            for length in [
                Length::Days(1),
                Length::WorkingDays(1),
                Length::WorkingDays(5),
                Length::Days(10),
            ] {
                let exact = now >= length.end_after(from, &zone, &calendar);
                assert_eq!(
                    length.exceeded(from, now, &zone, &calendar),
                    exact,
                    "{length:?} after {hours} h"
                );
            }
        }
    }
}
