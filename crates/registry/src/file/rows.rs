//! Rows by plate: 32 bytes each, and one string for everything that they say.

use std::fmt;

use jiff::civil::Date;
use ports::contact::{Name, Phone};
use ports::registry::{Owner, OwnerQuery};

/// The class of a row that holds for every class.
pub(super) const ANY: &str = "-";

/// What one row says, checked.
pub(super) struct Entry<'a> {
    pub(super) number: &'a str,
    pub(super) class: &'a str,
    /// Empty: an owner without a phone.
    pub(super) phone: &'a str,
    pub(super) name: &'a str,
    pub(super) owner_id: &'a str,
    pub(super) from: Option<Date>,
    pub(super) to: Option<Date>,
}

/// More text than a row can hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// Every row, in order of the plate and then of the file.
#[derive(Default)]
pub(super) struct Rows {
    /// The fields of all rows, one after the other; holds phones and is therefore never printed.
    text: String,
    rows: Vec<Row>,
}

#[derive(Clone, Copy)]
struct Row {
    start: usize,
    number: u16,
    class: u16,
    phone: u16,
    name: u16,
    owner_id: u16,
    /// Days since 1970; the end is not included.
    from: i32,
    to: i32,
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn push(&mut self, entry: &Entry<'_>) -> Result<(), TooLong> {
        let length = |text: &str| u16::try_from(text.len()).map_err(|_| TooLong);
        let row = Row {
            start: self.text.len(),
            number: length(entry.number)?,
            class: length(entry.class)?,
            phone: length(entry.phone)?,
            name: length(entry.name)?,
            owner_id: length(entry.owner_id)?,
            from: entry.from.map_or(i32::MIN, days),
            to: entry.to.map_or(i32::MAX, days),
        };
        for field in [entry.number, entry.class, entry.phone, entry.name, entry.owner_id] {
            self.text.push_str(field);
        }
        self.rows.push(row);
        Ok(())
    }

    /// Puts the rows in order, once all are there.
    pub(super) fn finish(&mut self) {
        self.text.shrink_to_fit();
        self.rows.shrink_to_fit();
        let text = &self.text;
        // Stable, so that the rows of one plate stay in the order of the file.
        self.rows
            .sort_by(|one, other| one.number(text).cmp(other.number(text)));
    }

    /// Those with a phone whose row holds on the day of the query, in the order of the file.
    pub(super) fn owners(&self, query: &OwnerQuery) -> Vec<Owner> {
        let text = &self.text;
        let first = self.rows.partition_point(|row| row.number(text) < &*query.number);
        let day = days(query.at.date_in(&query.zone));
        let valid: Vec<&Row> = self.rows[first..]
            .iter()
            .take_while(|row| row.number(text) == &*query.number)
            .filter(|row| row.from <= day && day < row.to)
            .collect();
        let class = if &*query.class == ANY {
            let mut known = valid
                .iter()
                .map(|row| row.class(text))
                .filter(|class| *class != ANY);
            let one = known.next().unwrap_or(ANY);
            if known.any(|class| class != one) {
                return Vec::new();
            }
            one
        } else {
            &query.class
        };
        valid
            .into_iter()
            .filter(|row| row.class(text) == class || row.class(text) == ANY)
            .filter_map(|row| row.owner(text))
            .collect()
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows", self.rows.len())
    }
}

impl Row {
    fn number<'a>(&self, text: &'a str) -> &'a str {
        &text[self.start..][..usize::from(self.number)]
    }

    fn class<'a>(&self, text: &'a str) -> &'a str {
        &text[self.start + usize::from(self.number)..][..usize::from(self.class)]
    }

    fn owner(&self, text: &str) -> Option<Owner> {
        let rest = &text[self.start + usize::from(self.number) + usize::from(self.class)..];
        let (phone, rest) = rest.split_at(usize::from(self.phone));
        let (name, rest) = rest.split_at(usize::from(self.name));
        let owner_id = &rest[..usize::from(self.owner_id)];
        Some(Owner {
            phone: Phone::parse(phone)?,
            name: (!name.is_empty()).then(|| Name::new(name.to_owned())),
            owner_id: (!owner_id.is_empty()).then(|| owner_id.into()),
        })
    }
}

fn days(date: Date) -> i32 {
    date.duration_since(Date::constant(1970, 1, 1))
        .as_hours()
        .div_euclid(24) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_costs_little_more_than_its_text() {
        assert!(size_of::<Row>() <= 32);
    }

    #[test]
    fn days_are_counted_from_1970_in_both_directions() {
        for (date, expected) in [("1970-01-01", 0), ("1969-12-31", -1), ("2026-03-02", 20_514)] {
            assert_eq!(days(date.parse().unwrap()), expected, "{date}");
        }
    }
}
