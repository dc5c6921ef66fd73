//! Registration epochs, and vehicles seen to be gone.

use std::sync::Arc;

use jiff::civil::Date;

use super::Bench;
use super::episode::Gone;
use crate::fact::{Body, RawPlate};
use crate::plate;
use crate::time::Timestamp;

/// A registration epoch: class (none: all) and first instant.
pub(super) struct Epoch {
    pub(super) class: Option<Arc<str>>,
    pub(super) from: Timestamp,
    /// Its day, which is its name.
    day: Date,
}

impl<'a> Bench<'_, 'a> {
    pub(super) fn epochs(&self) -> Vec<Epoch> {
        let mut epochs: Vec<Epoch> = Vec::new();
        for fact in self.ledger.facts() {
            if let Body::Registration(it) = &fact.body {
                epochs.push(Epoch {
                    class: self.certain_class(&it.plate),
                    from: it.from,
                    day: self.day(it.from, None),
                });
            }
        }
        epochs.sort_by(|a, b| (a.from, &a.class).cmp(&(b.from, &b.class)));
        epochs
    }

    pub(super) fn departures(&self) -> Vec<Gone<'a>> {
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
    fn certain_class(&self, raw: &RawPlate) -> Option<Arc<str>> {
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
}

pub(super) fn epoch_of(epochs: &[Epoch], class: &str, start: Timestamp) -> Option<usize> {
    let end = epochs.partition_point(|epoch| epoch.from <= start);
    let latest = epochs[..end]
        .iter()
        .rposition(|epoch| epoch.class.as_deref().is_none_or(|of| of == class))?;
    // Two registrations of one day are one epoch: nobody could tell their subjects apart.
    let day = epochs[latest].day;
    epochs[..=latest]
        .iter()
        .position(|epoch| epoch.day == day && epoch.class.as_deref().is_none_or(|of| of == class))
}
