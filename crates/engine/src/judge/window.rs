//! Windows: the span in which "first" counts, and how far a use reaches.

use jiff::civil::Date;

use crate::case::{Edge, PrintedWindow};
use crate::policy::{Boundary, Policy, WindowKind};
use crate::rules::Rules;
use crate::time::{Calendar, DAY, Length, Timestamp, end_of_day, start_of_day};

/// A span of instants, the end not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

impl Span {
    pub(crate) fn contains(self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }

    /// Whether `at` lies a day or more from either end, where no change of the clock can move its date out.
    pub(crate) fn surely_contains(self, at: Timestamp) -> bool {
        self.contains(at.plus(-DAY)) && self.contains(at.plus(DAY))
    }
}

/// The window of an offence, or in rolling windows its own reach.
#[derive(Clone, Copy)]
pub(crate) struct Own {
    pub(crate) span: Span,
    /// The printed form of a fixed window; none: a rolling one.
    pub(crate) fixed: Option<PrintedWindow>,
}

/// The window of an offence at `start` under a version.
pub(crate) fn own(rules: &Rules, policy: usize, start: Timestamp) -> Own {
    let version = &rules.policies()[policy];
    match fixed(version, rules.run_start(policy), start) {
        Some((span, printed)) => Own {
            span,
            fixed: Some(printed),
        },
        None => Own {
            span: reach(version, rules.calendar(), start),
            fixed: None,
        },
    }
}

/// The fixed window of an offence at `start`, with its printed form; none for rolling windows.
fn fixed(policy: &Policy, run_start: Timestamp, start: Timestamp) -> Option<(Span, PrintedWindow)> {
    let zone = &policy.time_zone;
    let kind = policy.window.kind;
    let day = start.date_in(zone);
    let days = |from: Date, to: Date| {
        let span = Span {
            from: start_of_day(from, zone),
            to: start_of_day(to, zone),
        };
        (
            span,
            PrintedWindow {
                kind,
                from: Some(Edge::Day(from)),
                to: Some(Edge::Day(to)),
            },
        )
    };
    let date = |year: i16, month: i8, day: i8| Date::new(year, month, day).unwrap_or(Date::MAX);
    Some(match kind {
        WindowKind::CalendarYear => days(date(day.year(), 1, 1), date(day.year().saturating_add(1), 1, 1)),
        WindowKind::CalendarMonth => {
            let first = day.first_of_month();
            days(first, day.last_of_month().tomorrow().unwrap_or(Date::MAX))
        }
        WindowKind::SameDay => days(day, day.tomorrow().unwrap_or(Date::MAX)),
        WindowKind::FiscalYear => {
            let (month, first) = policy.window.start;
            let opens = date(day.year(), month, first);
            let year = if day >= opens {
                day.year()
            } else {
                day.year().saturating_sub(1)
            };
            days(
                date(year, month, first),
                date(year.saturating_add(1), month, first),
            )
        }
        WindowKind::SincePolicy => {
            let span = Span {
                from: run_start,
                to: Timestamp::MAX,
            };
            (
                span,
                PrintedWindow {
                    kind,
                    from: Some(Edge::Day(run_start.date_in(zone))),
                    to: None,
                },
            )
        }
        WindowKind::Lifetime => {
            let span = Span {
                from: Timestamp::MIN,
                to: Timestamp::MAX,
            };
            (
                span,
                PrintedWindow {
                    kind,
                    from: None,
                    to: None,
                },
            )
        }
        WindowKind::Rolling => return None,
    })
}

/// How far a use at `start` reaches in a rolling window; the end is not included.
fn reach(policy: &Policy, calendar: &Calendar, start: Timestamp) -> Span {
    let zone = &policy.time_zone;
    let length = policy.window.length;
    let to = match policy.window.boundary {
        Boundary::CivilDay => match length {
            Length::Exact(micros) => end_of_day(start.plus(micros).date_in(zone), zone),
            _ => length.end_after(start, zone, calendar),
        },
        Boundary::Instant => moved(start, length, policy, calendar),
    };
    Span { from: start, to }
}

/// `start` moved by whole days or months at the same time of day.
fn moved(start: Timestamp, length: Length, policy: &Policy, calendar: &Calendar) -> Timestamp {
    if let Length::Exact(micros) = length {
        return start.plus(micros);
    }
    let zone = &policy.time_zone;
    let at = zone.to_datetime(start.to_jiff());
    let day = length.last_day(at.date(), calendar);
    zone.to_zoned(day.to_datetime(at.time()))
        .map_or(Timestamp::MAX, |zoned| zoned.timestamp().into())
}

/// The printed form of a reach.
pub(crate) fn print_reach(policy: &Policy, reach: Span) -> PrintedWindow {
    let edge = |at: Timestamp| match policy.window.boundary {
        Boundary::CivilDay => Edge::Day(at.date_in(&policy.time_zone)),
        Boundary::Instant => Edge::Instant(at),
    };
    PrintedWindow {
        kind: WindowKind::Rolling,
        from: Some(edge(reach.from)),
        to: Some(edge(reach.to)),
    }
}
