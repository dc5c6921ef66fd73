//! A text under a time format, one step after another.

use super::{Mismatch, Reading, Step};

/// A text being read.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    reading: Reading,
    hour12: Option<i8>,
    pm: Option<bool>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            bytes: text.as_bytes(),
            at: 0,
            reading: Reading::default(),
            hour12: None,
            pm: None,
        }
    }

    /// Reads what one step of the format stands for.
    pub(super) fn take(&mut self, step: Step) -> Result<(), Mismatch> {
        match step {
            Step::Literal(byte) => self.literal(byte)?,
            Step::Blanks => self.blanks()?,
            Step::DateTimeBorder => self.any(b"Tt ", "a T or a blank").map(|_| ())?,
            Step::Year => self.reading.year = self.number(4, 4, 0, 9999, "a year of four digits")? as i16,
            Step::ShortYear => {
                let year = self.number(2, 2, 0, 99, "a year of two digits")? as i16;
                self.reading.year = if year < 69 { 2000 + year } else { 1900 + year };
            }
            Step::Month => self.reading.month = self.number(1, 2, 1, 12, "a month 01 to 12")? as i8,
            Step::MonthName => self.reading.month = self.name(&MONTHS, "an English month")? + 1,
            Step::Day => self.reading.day = self.number(1, 2, 1, 31, "a day 01 to 31")? as i8,
            Step::DayOfYear => {
                self.reading.day_of_year =
                    Some(self.number(1, 3, 1, 366, "a day of the year 001 to 366")? as i16);
            }
            Step::Hour => self.reading.hour = self.number(1, 2, 0, 23, "an hour 00 to 23")? as i8,
            Step::Hour12 => self.hour12 = Some(self.number(1, 2, 1, 12, "an hour 01 to 12")? as i8),
            Step::Minute => self.reading.minute = self.number(1, 2, 0, 59, "minutes 00 to 59")? as i8,
            // A leap second is read as the second before it.
            Step::Second => self.reading.second = self.number(1, 2, 0, 60, "seconds 00 to 60")?.min(59) as i8,
            Step::Fraction { dot } => self.fraction(dot)?,
            Step::HalfDay => {
                self.half_day("AM or PM")?;
                self.any(b"Mm", "AM or PM")?;
            }
            Step::Weekday => self.name(&WEEKDAYS, "an English day of the week").map(|_| ())?,
            Step::Offset { optional } => self.offset(optional)?,
            Step::Zulu => {
                self.literal(b'Z')?;
                self.reading.offset = Some(0);
            }
            Step::Epoch => self.epoch()?,
            Step::NewYork => self.new_york()?,
        }
        Ok(())
    }

    /// What was read, if nothing is left.
    pub(super) fn finish(mut self) -> Result<Reading, Mismatch> {
        if self.at < self.bytes.len() {
            return Err(self.mismatch("the end"));
        }
        if let (Some(hour), Some(pm)) = (self.hour12, self.pm) {
            self.reading.hour = hour % 12 + if pm { 12 } else { 0 };
        }
        Ok(self.reading)
    }

    fn mismatch(&self, expected: &'static str) -> Mismatch {
        Mismatch {
            at: self.at,
            expected,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn any(&mut self, wanted: &[u8], expected: &'static str) -> Result<u8, Mismatch> {
        match self.peek() {
            Some(byte) if wanted.contains(&byte) => {
                self.at += 1;
                Ok(byte)
            }
            _ => Err(self.mismatch(expected)),
        }
    }

    fn literal(&mut self, byte: u8) -> Result<(), Mismatch> {
        self.any(&[byte], "the literal text of the format").map(|_| ())
    }

    fn blanks(&mut self) -> Result<(), Mismatch> {
        self.any(b" \t", "a blank")?;
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(
        &mut self,
        least: usize,
        most: usize,
        low: u32,
        high: u32,
        expected: &'static str,
    ) -> Result<u32, Mismatch> {
        let mut value = 0;
        let mut digits = 0;
        while digits < most
            && let Some(byte @ b'0'..=b'9') = self.bytes.get(self.at + digits)
        {
            value = value * 10 + u32::from(byte - b'0');
            digits += 1;
        }
        if digits < least || value < low || value > high {
            return Err(self.mismatch(expected));
        }
        self.at += digits;
        Ok(value)
    }

    fn fraction(&mut self, dot: bool) -> Result<(), Mismatch> {
        if dot {
            if self.peek() != Some(b'.') {
                return Ok(());
            }
            self.at += 1;
        }
        let mut value = 0;
        let mut digits = 0;
        while let Some(byte @ b'0'..=b'9') = self.peek() {
            // What is finer than a microsecond is cut off.
            if digits < 6 {
                value = value * 10 + i32::from(byte - b'0');
            }
            digits += 1;
            self.at += 1;
        }
        if digits == 0 {
            return Err(self.mismatch("a fraction of a second"));
        }
        self.reading.micros = value * 10_i32.pow(6 - digits.min(6));
        Ok(())
    }

    fn half_day(&mut self, expected: &'static str) -> Result<(), Mismatch> {
        self.pm = Some(matches!(self.any(b"AaPp", expected)?, b'P' | b'p'));
        Ok(())
    }

    fn name(&mut self, names: &[&str], expected: &'static str) -> Result<i8, Mismatch> {
        let rest = &self.bytes[self.at..];
        let begins =
            |name: &str| rest.len() >= name.len() && rest[..name.len()].eq_ignore_ascii_case(name.as_bytes());
        let found = names
            .iter()
            .position(|name| begins(&name[..3]))
            .ok_or_else(|| self.mismatch(expected))?;
        self.at += if begins(names[found]) {
            names[found].len()
        } else {
            3
        };
        Ok(found as i8)
    }

    fn offset(&mut self, optional: bool) -> Result<(), Mismatch> {
        const EXPECTED: &str = "an offset such as Z, +08:00 or -0500";
        if optional && self.peek().is_none() {
            return Ok(());
        }
        let sign = match self.any(b"Zz+-", EXPECTED)? {
            b'+' => 1,
            b'-' => -1,
            _ => {
                self.reading.offset = Some(0);
                return Ok(());
            }
        };
        let hours = self.number(2, 2, 0, 25, EXPECTED)? as i32;
        if self.peek() == Some(b':') {
            self.at += 1;
        }
        let minutes = if matches!(self.peek(), Some(b'0'..=b'9')) {
            self.number(2, 2, 0, 59, EXPECTED)? as i32
        } else {
            0
        };
        self.reading.offset = Some(sign * (hours * 3600 + minutes * 60));
        Ok(())
    }

    fn epoch(&mut self) -> Result<(), Mismatch> {
        const EXPECTED: &str = "whole seconds since 1970";
        let text = std::str::from_utf8(&self.bytes[self.at..]).map_err(|_| self.mismatch(EXPECTED))?;
        self.reading.epoch = Some(text.parse().map_err(|_| self.mismatch(EXPECTED))?);
        self.at = self.bytes.len();
        Ok(())
    }

    fn new_york(&mut self) -> Result<(), Mismatch> {
        let hour = self.number(2, 2, 0, 12, "an hour 00 to 12 (hhmmA)")? as i8;
        if self.peek() == Some(b':') {
            self.at += 1;
        }
        self.reading.minute = self.number(2, 2, 0, 59, "minutes 00 to 59 (hhmmA)")? as i8;
        self.half_day("A or P (hhmmA)")?;
        self.hour12 = Some(hour);
        Ok(())
    }
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];
