//! Time formats of mappings: strftime's, compiled once and read byte by byte.
//!
//! A reading is strict about order and range and lax about leading zeros, as strptime is. The one addition is `hhmmA`,
//! New York's `0752A`, `1215P`, `00:12A`: hours 00 to 12, where 00 and 12 both are the hour after midnight (`A`) or noon
//! (`P`).

mod cursor;

use std::fmt;

use self::cursor::Cursor;

/// A compiled format.
#[derive(Debug, Clone)]
pub(super) struct TimeFormat {
    steps: Vec<Step>,
    /// Whether it says no time of day.
    pub(super) day_only: bool,
    /// Whether the text itself says how far it is from UTC.
    pub(super) absolute: bool,
}

/// What a text said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) year: i16,
    pub(super) month: i8,
    pub(super) day: i8,
    pub(super) day_of_year: Option<i16>,
    pub(super) hour: i8,
    pub(super) minute: i8,
    pub(super) second: i8,
    pub(super) micros: i32,
    /// Seconds east of UTC.
    pub(super) offset: Option<i32>,
    /// Seconds since 1970.
    pub(super) epoch: Option<i64>,
}

/// Where a text stops being what the format says. It never quotes the text, which may hold anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mismatch {
    /// From 0, in bytes.
    pub(super) at: usize,
    pub(super) expected: &'static str,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} at character {}", self.expected, self.at + 1)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Literal(u8),
    Blanks,
    DateTimeBorder,
    Year,
    ShortYear,
    Month,
    MonthName,
    Day,
    DayOfYear,
    Hour,
    Hour12,
    Minute,
    Second,
    Fraction { dot: bool },
    HalfDay,
    Weekday,
    Offset { optional: bool },
    Zulu,
    Epoch,
    NewYork,
}

const DIRECTIVES: &str =
    "%Y %y %m %b %B %d %e %j %H %k %I %l %M %S %f %.f %p %P %a %A %z %:z %s %F %T %R %D %% and hhmmA";

impl TimeFormat {
    /// Compiles a format, or says what is wrong with it.
    pub(super) fn compile(format: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        let mut rest = format;
        while let Some(first) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("hhmmA") {
                steps.push(Step::NewYork);
                rest = after;
            } else if first == '%' {
                rest = directive(&rest[1..], &mut steps)?;
            } else {
                literal(first, &mut steps);
                rest = &rest[first.len_utf8()..];
            }
        }
        check(&steps)?;
        Ok(Self::of(steps))
    }

    /// What is read where a mapping gives no format: RFC 3339, the offset optional where the mapping names a zone.
    pub(super) fn rfc3339(offset_optional: bool) -> Self {
        let mut steps = vec![
            Step::Year,
            Step::Literal(b'-'),
            Step::Month,
            Step::Literal(b'-'),
            Step::Day,
        ];
        steps.extend([
            Step::DateTimeBorder,
            Step::Hour,
            Step::Literal(b':'),
            Step::Minute,
        ]);
        steps.extend([Step::Literal(b':'), Step::Second, Step::Fraction { dot: true }]);
        steps.push(Step::Offset {
            optional: offset_optional,
        });
        Self::of(steps)
    }

    fn of(steps: Vec<Step>) -> Self {
        let any = |kinds: &[Step]| steps.iter().any(|step| kinds.contains(step));
        let day_only = !any(&[Step::Hour, Step::Hour12, Step::NewYork, Step::Epoch]);
        let absolute = any(&[Step::Offset { optional: false }, Step::Zulu, Step::Epoch]);
        Self {
            steps,
            day_only,
            absolute,
        }
    }

    /// Whether it counts seconds since 1970, which no zone can change.
    pub(super) fn is_epoch(&self) -> bool {
        self.steps.contains(&Step::Epoch)
    }

    /// Reads a whole text.
    pub(super) fn read(&self, text: &str) -> Result<Reading, Mismatch> {
        let mut cursor = Cursor::new(text);
        for step in &self.steps {
            cursor.take(*step)?;
        }
        cursor.finish()
    }
}

/// Compiles what follows a `%`; gives what follows the directive.
fn directive<'a>(text: &'a str, steps: &mut Vec<Step>) -> Result<&'a str, String> {
    use Step::{
        Blanks, Day, DayOfYear, Epoch, Hour, Hour12, Literal, Minute, Month, MonthName, Second, ShortYear,
        Year,
    };
    if let Some(after) = text.strip_prefix(".f") {
        steps.push(Step::Fraction { dot: true });
        return Ok(after);
    }
    if let Some(after) = text.strip_prefix(":z") {
        steps.push(Step::Offset { optional: false });
        return Ok(after);
    }
    let Some(letter) = text.chars().next() else {
        return Err(format!(
            "ends in a lone `%`; write `%%` for the sign itself, or one of {DIRECTIVES}"
        ));
    };
    match letter {
        'Y' => steps.push(Year),
        'y' => steps.push(ShortYear),
        'm' => steps.push(Month),
        'b' | 'B' | 'h' => steps.push(MonthName),
        'd' | 'e' => steps.push(Day),
        'j' => steps.push(DayOfYear),
        'H' | 'k' => steps.push(Hour),
        'I' | 'l' => steps.push(Hour12),
        'M' => steps.push(Minute),
        'S' => steps.push(Second),
        'f' => steps.push(Step::Fraction { dot: false }),
        'p' | 'P' => steps.push(Step::HalfDay),
        'a' | 'A' => steps.push(Step::Weekday),
        'z' => steps.push(Step::Offset { optional: false }),
        's' => steps.push(Epoch),
        'F' => steps.extend([Year, Literal(b'-'), Month, Literal(b'-'), Day]),
        'T' => steps.extend([Hour, Literal(b':'), Minute, Literal(b':'), Second]),
        'R' => steps.extend([Hour, Literal(b':'), Minute]),
        'D' => steps.extend([Month, Literal(b'/'), Day, Literal(b'/'), ShortYear]),
        'n' | 't' => steps.push(Blanks),
        '%' => steps.push(Literal(b'%')),
        'Z' => {
            return Err("`%Z` cannot be read: abbreviations of zones are not unique; write the letters as they stand \
                        in the text and give `zone`"
                .to_owned());
        }
        other => {
            return Err(format!(
                "`%{other}` is not a directive that can be read; there are {DIRECTIVES}"
            ));
        }
    }
    Ok(&text[letter.len_utf8()..])
}

fn literal(character: char, steps: &mut Vec<Step>) {
    if character.is_ascii_whitespace() {
        if steps.last() != Some(&Step::Blanks) {
            steps.push(Step::Blanks);
        }
        return;
    }
    let after_time = matches!(
        steps.last(),
        Some(Step::Second | Step::Minute | Step::Hour | Step::Fraction { .. })
    );
    if character == 'Z' && after_time {
        steps.push(Step::Zulu);
        return;
    }
    let mut bytes = [0; 4];
    steps.extend(character.encode_utf8(&mut bytes).bytes().map(Step::Literal));
}

/// Refuses formats that cannot give one instant or day.
fn check(steps: &[Step]) -> Result<(), String> {
    let count = |kinds: &[Step]| steps.iter().filter(|step| kinds.contains(step)).count();
    let parts = [
        ("the year", count(&[Step::Year, Step::ShortYear])),
        ("the month", count(&[Step::Month, Step::MonthName])),
        ("the day", count(&[Step::Day])),
        ("the day of the year", count(&[Step::DayOfYear])),
        ("the hour", count(&[Step::Hour, Step::Hour12, Step::NewYork])),
        ("the minute", count(&[Step::Minute, Step::NewYork])),
        ("the second", count(&[Step::Second])),
        ("AM or PM", count(&[Step::HalfDay])),
        (
            "the offset",
            count(&[Step::Offset { optional: false }, Step::Zulu]),
        ),
        ("the seconds since 1970", count(&[Step::Epoch])),
    ];
    if let Some((name, _)) = parts.iter().find(|(_, count)| *count > 1) {
        return Err(format!("says {name} twice"));
    }
    let [
        year,
        month,
        day,
        day_of_year,
        hour,
        minute,
        second,
        half,
        _,
        epoch,
    ] = parts.map(|(_, count)| count == 1);
    if epoch {
        return if steps == [Step::Epoch] {
            Ok(())
        } else {
            Err("`%s` stands alone: it already is an instant".to_owned())
        };
    }
    if !year || month != day || month == day_of_year {
        return Err(
            "does not say a whole date: a year (%Y), a month (%m or %b) and a day (%d), or %Y and %j"
                .to_owned(),
        );
    }
    if (minute && !hour) || (second && !minute) {
        return Err("says minutes or seconds without the hour or minute before them".to_owned());
    }
    let twelve = steps.contains(&Step::Hour12);
    if twelve != half {
        return Err(
            "`%I` needs `%p` and `%p` needs `%I`: an hour of twelve is before or after noon".to_owned(),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests;
