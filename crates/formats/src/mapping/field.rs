//! A mapping's fields, ready to be asked for each row.

use super::Column;
use super::cells::Cells;
use super::fact::{Crs, Mode};
use super::instant::TimeReader;

/// Everything that `[fact]` says.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) source: Field,
    pub(super) id: Field,
    pub(super) plate: Field,
    pub(super) class: Option<Field>,
    pub(super) color: Option<Field>,
    pub(super) captured_at: TimeField,
    pub(super) time: Option<TimeField>,
    pub(super) precision: Option<Word<Precision>>,
    pub(super) zone: Option<Field>,
    pub(super) name: Option<Field>,
    pub(super) lon: Option<Word<Degrees>>,
    pub(super) lat: Option<Word<Degrees>>,
    pub(super) crs: Option<Word<Crs>>,
    pub(super) device: Field,
    pub(super) code: Option<Field>,
    pub(super) mode: Option<Word<Mode>>,
    pub(super) ticket: Option<Field>,
    pub(super) session: Option<Field>,
}

impl Fields {
    pub(super) fn constant_mode(&self) -> Option<Mode> {
        let Some(word) = &self.mode else {
            return Some(Mode::default());
        };
        Mode::parse(word.field.constant()?)
    }

    /// Whether a row's hash is asked for.
    pub(super) fn need_hash(&self) -> bool {
        let ids = [Some(&self.id), self.ticket.as_ref(), self.session.as_ref()];
        ids.into_iter()
            .flatten()
            .any(|field| field.source == Source::Hash)
    }
}

/// One field: where its text comes from and what stands in for none.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) key: &'static str,
    pub(super) source: Source,
    pub(super) null: Vec<String>,
    pub(super) default: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Const(String),
    Cell(usize),
    Join(Vec<usize>, String),
    Hash,
}

/// A row as fields see it.
#[derive(Clone, Copy)]
pub(super) struct RowView<'a> {
    pub(super) cells: &'a Cells,
    pub(super) hash: &'a str,
}

impl Field {
    /// The field's text in this row, never blank; `scratch` is where cells are joined.
    pub(super) fn value<'a>(&'a self, row: RowView<'a>, scratch: &'a mut String) -> Option<&'a str> {
        let usable = |cell: &str| !self.null.iter().any(|null| null == cell);
        let found = match &self.source {
            Source::Const(text) => return Some(text),
            Source::Hash => return Some(row.hash),
            Source::Cell(slot) => {
                let cell = row.cells.get(*slot);
                (!cell.is_empty() && usable(cell)).then_some(cell)
            }
            Source::Join(slots, join) => {
                scratch.clear();
                let mut blank = true;
                let mut null = false;
                for (index, slot) in slots.iter().enumerate() {
                    let cell = row.cells.get(*slot);
                    null |= !usable(cell);
                    blank &= cell.is_empty();
                    if index > 0 {
                        scratch.push_str(join);
                    }
                    scratch.push_str(cell);
                }
                (!blank && !null).then_some(scratch.trim())
            }
        };
        found.or(self.default.as_deref())
    }

    /// The text that is the same in every row.
    pub(super) fn constant(&self) -> Option<&str> {
        if let Source::Const(text) = &self.source {
            Some(text)
        } else {
            None
        }
    }

    /// The field and its columns, for a message about a row.
    pub(super) fn describe(&self, columns: &[Column]) -> String {
        let slots = match &self.source {
            Source::Cell(slot) => std::slice::from_ref(slot),
            Source::Join(slots, _) => slots,
            Source::Const(_) | Source::Hash => &[],
        };
        let names: Vec<_> = slots
            .iter()
            .map(|slot| format!("`{}`", columns[*slot].name))
            .collect();
        match names.as_slice() {
            [] => self.key.to_owned(),
            [one] => format!("{} (column {one})", self.key),
            many => format!("{} (columns {})", self.key, many.join(", ")),
        }
    }
}

/// A field that says when.
#[derive(Debug)]
pub(super) struct TimeField {
    pub(super) field: Field,
    pub(super) reader: TimeReader,
}

/// A field of a closed form.
#[derive(Debug)]
pub(super) struct Word<T> {
    pub(super) field: Field,
    pub(super) parse: fn(&str) -> Option<T>,
}

/// How exact `captured_at` is, where the file itself says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Precision {
    Second,
    Day,
}

impl Precision {
    pub(super) const NAMES: [&str; 2] = ["second", "day"];

    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "second" => Some(Self::Second),
            "day" => Some(Self::Day),
            _ => None,
        }
    }
}

/// Degrees in units of 1e-7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Degrees(pub(super) i32);

impl Degrees {
    /// Reads a plain decimal number between `-limit` and `limit`, rounded to the nearest unit.
    pub(super) fn parse(text: &str, limit: i64) -> Option<Self> {
        const UNITS: i64 = 10_000_000;
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 3 || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let mut units = whole.parse::<i64>().ok()? * UNITS;
        let mut worth = UNITS / 10;
        for digit in fraction.bytes().map(|byte| i64::from(byte - b'0')) {
            if worth == 0 {
                units += i64::from(digit >= 5);
                break;
            }
            units += digit * worth;
            worth /= 10;
        }
        if units > limit * UNITS {
            return None;
        }
        i32::try_from(if negative { -units } else { units })
            .ok()
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_are_read_without_a_float_and_rounded_to_the_unit() {
        for (text, units) in [
            ("77.6185035", Some(776_185_035)),
            ("-73.881189", Some(-738_811_890)),
            ("39.9578221507", Some(399_578_222)),
            ("39.95782215", Some(399_578_222)),
            ("39.957822149", Some(399_578_221)),
            ("180", Some(1_800_000_000)),
            ("+12.", Some(120_000_000)),
            ("180.0000001", None),
            ("1e2", None),
            ("", None),
            ("-", None),
            (".5", None),
            ("12,5", None),
            ("nan", None),
        ] {
            assert_eq!(Degrees::parse(text, 180).map(|it| it.0), units, "{text}");
        }
        assert_eq!(Degrees::parse("90.1", 90), None);
    }
}
