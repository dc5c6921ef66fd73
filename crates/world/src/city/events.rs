//! The lines of a city in the order of their arrival, made hour by hour.
//!
//! Kept are eight bytes per vehicle and the lines of the stays that are under way; a year of ten
//! million lines needs no more memory at its end than at its beginning.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::calendar::HOUR;
use super::fleet::Share;
use super::stay::{self, Record, Stay};
use super::{City, line};

/// The end of a list of vehicles.
const NOBODY: u32 = u32::MAX;

/// See [`City::events`].
#[derive(Debug)]
pub struct Events<'a> {
    city: &'a City,
    left: Vec<Share>,
    /// For each hour, the first vehicle whose next stay begins in it.
    hours: Vec<u32>,
    /// For each vehicle, another one whose next stay begins in the same hour.
    others: Vec<u32>,
    hour: usize,
    waiting: BinaryHeap<Reverse<Record>>,
}

impl<'a> Events<'a> {
    pub(super) fn new(city: &'a City) -> Events<'a> {
        let mut events = Events {
            city,
            left: city.shares.clone(),
            hours: vec![NOBODY; (city.calendar.length() / HOUR) as usize],
            others: vec![NOBODY; city.shares.len()],
            hour: 0,
            waiting: BinaryHeap::new(),
        };
        for vehicle in 0..city.shares.len() as u32 {
            events.expect(vehicle);
        }
        events
    }

    /// Replaces what is in `line` by the next line, without its end; false when there is none.
    pub fn write_next(&mut self, line: &mut String) -> bool {
        let next = self.next_record();
        if let Some(record) = &next {
            line::write(line, self.city, record);
        }
        next.is_some()
    }

    fn next_record(&mut self) -> Option<Record> {
        loop {
            // No stay of a later hour has a line before the hour begins.
            let begun = self.hour as u32 * HOUR;
            let is_due = |Reverse(record): &Reverse<Record>| record.arrival < begun;
            if self.waiting.peek().is_some_and(is_due) || self.hour == self.hours.len() {
                return self.waiting.pop().map(|Reverse(record)| record);
            }
            self.go_through_hour();
        }
    }

    fn go_through_hour(&mut self) {
        let mut vehicle = self.hours[self.hour];
        self.hour += 1;
        while vehicle != NOBODY {
            let other = self.others[vehicle as usize];
            let left = self.left[vehicle as usize];
            let of = self.city.shares[vehicle as usize].stays;
            let stay = Stay::new(self.city, vehicle, left, of);
            self.left[vehicle as usize] = left.without(stay.records.len());
            self.waiting.extend(stay.records.into_iter().map(Reverse));
            self.expect(vehicle);
            vehicle = other;
        }
    }

    /// Notes in which hour the vehicle's next stay begins.
    fn expect(&mut self, vehicle: u32) {
        let of = self.city.shares[vehicle as usize].stays;
        let left = self.left[vehicle as usize].stays;
        if left > 0 {
            let begin = stay::begin(self.city, vehicle, of - left, of);
            let hour = &mut self.hours[(begin / HOUR) as usize];
            self.others[vehicle as usize] = *hour;
            *hour = vehicle;
        }
    }
}

impl Iterator for Events<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let mut line = String::new();
        self.write_next(&mut line).then_some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::city::Plan;
    use crate::city::stay::What;

    #[test]
    fn only_the_lines_under_way_are_kept() {
        let plan = Plan {
            events: 60_000,
            shuffle: true,
            ..Plan::default()
        };
        let city = City::new(plan).unwrap();
        let mut events = Events::new(&city);
        let (mut most, mut last) = (0, 0);
        while let Some(record) = events.next_record() {
            assert!(record.arrival >= last, "out of order: {record:?}");
            last = record.arrival;
            most = most.max(events.waiting.len());
        }
        // A day of the year has 164 lines; some wait for weeks, as late ones do.
        assert!(most < 400, "{most}");
        assert!(
            events
                .left
                .iter()
                .all(|share| (share.lines, share.stays) == (0, 0))
        );
    }
    #[test]
    fn a_vehicle_has_nothing_under_way_when_its_next_stay_begins() {
        let plan = Plan {
            events: 60_000,
            shuffle: true,
            ..Plan::default()
        };
        let city = City::new(plan).unwrap();
        let mut events = Events::new(&city);
        let mut latest = vec![0; city.shares.len()];
        while let Some(record) = events.next_record() {
            // Late ones are held whenever they come, and what a person says waits for nobody.
            let is_late = record.time - record.captured > 20 * 24 * HOUR;
            if matches!(record.what, What::Confirmed | What::Void(_) | What::Rejected) || is_late {
                continue;
            }
            let latest = &mut latest[record.vehicle as usize];
            assert!(record.stay >= *latest, "{record:?}");
            *latest = record.stay;
        }
    }
}
