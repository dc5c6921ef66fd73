//! What a row became, and its CloudEvent.

use jiff::fmt::temporal::DateTimePrinter;

/// An observation as a row states it, before the door and the engine judge it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MappedFact {
    /// Never contains `#`.
    pub source: String,
    /// Never empty.
    pub id: String,
    /// Never blank: rows without a usable plate are quarantined.
    pub plate_number: String,
    /// Absent for `-`, which stands for an unknown class.
    pub class: Option<String>,
    /// The plate's colour.
    pub color: Option<String>,
    /// Microseconds since 1970-01-01T00:00:00Z; of a day, its first instant.
    pub captured_at: i64,
    /// When it became known, in microseconds; absent: `captured_at`.
    pub time: Option<i64>,
    /// Whether only the day of `captured_at` is known.
    pub day_precision: bool,
    pub zone: Option<String>,
    /// In units of 1e-7 degree; both or neither.
    pub lon: Option<i32>,
    pub lat: Option<i32>,
    pub crs: Option<Crs>,
    /// The place in words.
    pub name: Option<String>,
    pub device: String,
    pub code: Option<String>,
    pub mode: Mode,
    pub ticket: Option<String>,
    pub session: Option<String>,
}

/// Which system coordinates are given in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crs {
    Wgs84,
    Gcj02,
    Bd09,
}

impl Crs {
    pub(super) const NAMES: [&str; 3] = ["wgs84", "gcj02", "bd09"];

    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "wgs84" => Some(Self::Wgs84),
            "gcj02" => Some(Self::Gcj02),
            "bd09" => Some(Self::Bd09),
            _ => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Wgs84 => "wgs84",
            Self::Gcj02 => "gcj02",
            Self::Bd09 => "bd09",
        }
    }
}

/// Whether an observation counts and is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Counts and is told.
    Live,
    /// Never counts.
    Test,
    /// Counts and is never told.
    #[default]
    History,
}

impl Mode {
    pub(super) const NAMES: [&str; 3] = ["live", "history", "test"];

    /// Reads the word of a fact.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "live" => Some(Self::Live),
            "test" => Some(Self::Test),
            "history" => Some(Self::History),
            _ => None,
        }
    }

    /// The word of a fact.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
            Self::History => "history",
        }
    }
}

impl MappedFact {
    /// Appends the structured CloudEvent `clearwalk.observation.v1`, on one line without its end. Equal facts give
    /// equal bytes.
    pub fn to_cloudevent_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"specversion":"1.0","type":"clearwalk.observation.v1","source":"#);
        text(out, &self.source);
        out.extend_from_slice(br#","id":"#);
        text(out, &self.id);
        out.extend_from_slice(br#","time":"#);
        instant(out, self.time.unwrap_or(self.captured_at));
        out.extend_from_slice(br#","data":{"plate":{"number":"#);
        text(out, &self.plate_number);
        member(out, "class", self.class.as_deref());
        member(out, "color", self.color.as_deref());
        out.extend_from_slice(br#"},"captured_at":"#);
        instant(out, self.captured_at);
        if self.day_precision {
            out.extend_from_slice(br#","captured_precision":"day""#);
        }
        out.extend_from_slice(br#","device":{"id":"#);
        text(out, &self.device);
        member(out, "mode", Some(self.mode.as_str()));
        out.extend_from_slice(br#"},"place":{"#);
        self.place(out);
        out.push(b'}');
        member(out, "violation_code", self.code.as_deref());
        member(out, "ticket", self.ticket.as_deref());
        member(out, "session", self.session.as_deref());
        out.extend_from_slice(b"}}");
    }

    fn place(&self, out: &mut Vec<u8>) {
        let before = out.len();
        member(out, "zone", self.zone.as_deref());
        member(out, "name", self.name.as_deref());
        if let (Some(lon), Some(lat)) = (self.lon, self.lat) {
            out.extend_from_slice(br#","lon":"#);
            degrees(out, lon);
            out.extend_from_slice(br#","lat":"#);
            degrees(out, lat);
            member(out, "crs", self.crs.map(Crs::as_str));
        }
        // The first member needs no comma before it.
        if out.len() > before {
            out.remove(before);
        }
    }
}

fn member(out: &mut Vec<u8>, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        out.extend_from_slice(b",\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        text(out, value);
    }
}

/// A JSON string. Escapes are rare, so whole runs are copied.
fn text(out: &mut Vec<u8>, value: &str) {
    out.push(b'"');
    let bytes = value.as_bytes();
    let mut copied = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[copied..at]);
        copied = at + 1;
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                out.extend_from_slice(b"\\u00");
                out.extend([byte >> 4, byte & 15].map(|nibble| b"0123456789abcdef"[usize::from(nibble)]));
            }
        }
    }
    out.extend_from_slice(&bytes[copied..]);
    out.push(b'"');
}

/// RFC 3339 in UTC, with a fraction only where there is one.
fn instant(out: &mut Vec<u8>, micros: i64) {
    const PRINTER: DateTimePrinter = DateTimePrinter::new();
    out.push(b'"');
    let at =
        jiff::Timestamp::from_microsecond(micros).expect("readers give instants within jiff's range only");
    PRINTER
        .print_timestamp(&at, &mut *out)
        .expect("writing to a Vec cannot fail");
    out.push(b'"');
}

/// A decimal number of degrees without needless zeros.
fn degrees(out: &mut Vec<u8>, units: i32) {
    const UNITS: u32 = 10_000_000;
    if units < 0 {
        out.push(b'-');
    }
    let units = units.unsigned_abs();
    decimal(out, units / UNITS, 1);
    let fraction = units % UNITS;
    if fraction > 0 {
        out.push(b'.');
        decimal(out, fraction, 7);
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
}

fn decimal(out: &mut Vec<u8>, mut value: u32, width: usize) {
    let mut digits = [b'0'; 10];
    let mut at = digits.len();
    while value > 0 {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    out.extend_from_slice(&digits[at.min(digits.len() - width)..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(fact: &MappedFact) -> String {
        let mut out = Vec::new();
        fact.to_cloudevent_json(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_event_has_every_part_in_its_place() {
        let fact = MappedFact {
            source: "/import/x".into(),
            id: "7".into(),
            plate_number: "湘K12345".into(),
            class: Some("02".into()),
            color: Some("blue".into()),
            captured_at: 1_772_416_805_000_000,
            time: Some(1_772_416_809_500_000),
            day_precision: true,
            zone: Some("Z1".into()),
            lon: Some(-1_119_940_000),
            lat: Some(5),
            crs: Some(Crs::Gcj02),
            name: Some("a \"b\" \\ \u{1}\n".into()),
            device: "LD-0132".into(),
            code: Some("1039".into()),
            mode: Mode::Live,
            ticket: Some("T".into()),
            session: Some("S".into()),
        };
        assert_eq!(
            json(&fact),
            concat!(
                r#"{"specversion":"1.0","type":"clearwalk.observation.v1","source":"/import/x","id":"7","#,
                r#""time":"2026-03-02T02:00:09.5Z","data":{"plate":{"number":"湘K12345","class":"02","color":"blue"},"#,
                r#""captured_at":"2026-03-02T02:00:05Z","captured_precision":"day","#,
                r#""device":{"id":"LD-0132","mode":"live"},"#,
                r#""place":{"zone":"Z1","name":"a \"b\" \\ \u0001\n","lon":-111.994,"lat":0.0000005,"crs":"gcj02"},"#,
                r#""violation_code":"1039","ticket":"T","session":"S"}}"#
            )
        );
    }

    #[test]
    fn what_is_absent_is_left_out_and_the_time_is_then_that_of_the_capture() {
        let fact = MappedFact {
            source: "s".into(),
            id: "1".into(),
            plate_number: "A".into(),
            lon: Some(0),
            lat: Some(-900_000_000),
            device: "d".into(),
            ..MappedFact::default()
        };
        assert_eq!(
            json(&fact),
            concat!(
                r#"{"specversion":"1.0","type":"clearwalk.observation.v1","source":"s","id":"1","#,
                r#""time":"1970-01-01T00:00:00Z","data":{"plate":{"number":"A"},"captured_at":"1970-01-01T00:00:00Z","#,
                r#""device":{"id":"d","mode":"history"},"place":{"lon":0,"lat":-90}}}"#
            )
        );
        assert!(serde_json::from_str::<serde_json::Value>(&json(&fact)).is_ok());
    }
}
