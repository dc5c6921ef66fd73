//! A case as one JSON object on one line: what `decide` prints, what is stored of each version of a case, and what
//! exports and pages read back. First the keys of the contract in its order, then `authority`, `place`, `live` and
//! `reviewed`; every key is always there.

#[cfg(test)]
mod tests;

use engine::case::{Case, Disposition, Edge, Outcome, PrintedWindow, Reason};
use engine::explain::{self, Sentences};
use engine::fact::{FactId, Subject};
use engine::ids::CaseId;
use engine::time::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::json;

/// A case line, read back. Keys that it does not know are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseLine {
    /// The case's number.
    pub case: String,
    /// Number, class and registration epoch.
    pub subject: String,
    /// The zone that decides.
    pub zone: String,
    /// All zones in order of first sighting.
    pub zones: Vec<String>,
    /// First sighting, RFC 3339 in the policy's zone.
    pub from: String,
    /// Last sighting.
    pub to: String,
    /// Its observations.
    pub facts: Vec<String>,
    /// A word of [`Outcome`].
    pub outcome: String,
    /// Place among the counted offences of the window.
    pub ordinal: Option<u32>,
    /// In which that is counted.
    pub window: Option<WindowLine>,
    /// `id@version`.
    pub policy: Option<String>,
    /// The fine in the minor unit.
    pub fine_minor: Option<u64>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// Words of [`Reason`], the deciding one first.
    pub reasons: Vec<String>,
    /// When time alone would change the outcome.
    pub deadline: Option<String>,
    /// Why, for a reader.
    pub because: Because,
    /// The heavier outcome that waits for a person.
    pub proposal: Option<String>,
    /// Whose case it is; none: the installation's only authority.
    #[serde(default)]
    pub authority: Option<String>,
    /// The place in words.
    #[serde(default)]
    pub place: Option<String>,
    /// Whether a member was seen live.
    #[serde(default)]
    pub live: bool,
    /// Whether a person confirmed it.
    #[serde(default)]
    pub reviewed: bool,
}

/// The window of a case line; dates, or instants where the policy's boundary is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowLine {
    /// A word of [`engine::policy::WindowKind`].
    pub kind: String,
    /// None: open.
    pub from: Option<String>,
    /// Not included; none: open.
    pub to: Option<String>,
}

/// One sentence in each language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Because {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// A fact that stands in no case, as `decide --all` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactLine {
    /// `source#id`.
    pub fact: String,
    /// A word of [`Disposition`].
    pub disposition: String,
    /// A word of [`Reason`].
    pub reason: Option<String>,
}

impl CaseLine {
    /// Reads a line, or the stored body of a version.
    pub fn parse(bytes: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(bytes)
    }

    /// The outcome; none: a word of a later version.
    pub fn outcome(&self) -> Option<Outcome> {
        Outcome::parse(&self.outcome)
    }
}

/// Appends the line of a case, without its end.
pub fn write(id: &CaseId, case: &Case, out: &mut Vec<u8>) {
    write_with(id, case, &explain::sentences(case), out);
}

/// Appends the line of a fact that stands in no case, without its end.
pub fn write_fact(fact: &FactId, disposition: Disposition, reason: Option<Reason>, out: &mut Vec<u8>) {
    let mut line = Line { out, zone: None };
    line.text("{\"fact\":", fact.as_str());
    line.text(",\"disposition\":", disposition.as_str());
    line.maybe_text(",\"reason\":", reason.map(Reason::as_str));
    line.out.push(b'}');
}

fn write_with(id: &CaseId, case: &Case, because: &Sentences, out: &mut Vec<u8>) {
    let mut line = Line {
        out,
        zone: case.policy.as_ref().map(|policy| &policy.time_zone),
    };
    line.text("{\"case\":", id.as_str());
    line.subject(&case.subject);
    line.text(",\"zone\":", &case.zone);
    line.texts(",\"zones\":", case.zones.iter().map(AsRef::as_ref));
    line.time(",\"from\":", case.from);
    line.time(",\"to\":", case.to);
    line.texts(",\"facts\":", case.facts.iter().map(FactId::as_str));
    line.text(",\"outcome\":", case.outcome.as_str());
    line.natural(",\"ordinal\":", case.ordinal.map(u64::from));
    line.window(case.window.as_ref());
    match &case.policy {
        Some(policy) => line.joined(",\"policy\":", &[&policy.id, "@", &policy.version]),
        None => line.null(",\"policy\":"),
    }
    line.natural(",\"fine_minor\":", case.fine.as_ref().map(|fine| fine.minor));
    line.maybe_text(",\"currency\":", case.fine.as_ref().map(|fine| &*fine.currency));
    line.texts(",\"reasons\":", case.reasons.iter().map(|reason| reason.as_str()));
    match case.deadline {
        Some(deadline) => line.time(",\"deadline\":", deadline),
        None => line.null(",\"deadline\":"),
    }
    line.text(",\"because\":{\"zh\":", &because.zh);
    line.text(",\"en\":", &because.en);
    line.maybe_text("},\"proposal\":", case.proposal.map(Outcome::as_str));
    line.maybe_text(",\"authority\":", case.authority.as_deref());
    line.maybe_text(",\"place\":", case.place.as_deref());
    line.raw(if case.live {
        ",\"live\":true"
    } else {
        ",\"live\":false"
    });
    line.raw(if case.reviewed {
        ",\"reviewed\":true}"
    } else {
        ",\"reviewed\":false}"
    });
}

/// The line as it grows. Each method is led by what stands before its value: comma, key and colon.
struct Line<'o> {
    out: &'o mut Vec<u8>,
    /// In which times are printed; none: in UTC.
    zone: Option<&'o TimeZone>,
}

impl Line<'_> {
    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn text(&mut self, lead: &str, value: &str) {
        self.raw(lead);
        json::text(value, self.out);
    }

    fn maybe_text(&mut self, lead: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(lead, value),
            None => self.null(lead),
        }
    }

    fn null(&mut self, lead: &str) {
        self.raw(lead);
        self.raw("null");
    }

    fn natural(&mut self, lead: &str, value: Option<u64>) {
        match value {
            Some(value) => {
                self.raw(lead);
                json::natural(value, self.out);
            }
            None => self.null(lead),
        }
    }

    fn texts<'t>(&mut self, lead: &str, values: impl Iterator<Item = &'t str>) {
        self.raw(lead);
        let mut before = "[";
        for value in values {
            self.text(before, value);
            before = ",";
        }
        self.raw(if before == "[" { "[]" } else { "]" });
    }

    /// RFC 3339, with a fraction only where there is one.
    fn time(&mut self, lead: &str, at: Timestamp) {
        const PRINTER: DateTimePrinter = DateTimePrinter::new();
        self.raw(lead);
        self.out.push(b'"');
        let at = at.to_jiff();
        let printed = match self.zone {
            Some(zone) => PRINTER.print_timestamp_with_offset(&at, zone.to_offset(at), &mut *self.out),
            None => PRINTER.print_timestamp(&at, &mut *self.out),
        };
        printed.expect("writing to a Vec cannot fail");
        self.out.push(b'"');
    }

    /// One text made of parts.
    fn joined(&mut self, lead: &str, parts: &[&str]) {
        self.raw(lead);
        self.out.push(b'"');
        for part in parts {
            json::inside(part, self.out);
        }
        self.out.push(b'"');
    }

    fn subject(&mut self, subject: &Subject) {
        const LEAD: &str = ",\"subject\":";
        match subject.epoch {
            None => self.joined(LEAD, &[&subject.number, "/", &subject.class]),
            Some(epoch) => self.joined(
                LEAD,
                &[&subject.number, "/", &subject.class, "/", &epoch.to_string()],
            ),
        }
    }

    fn window(&mut self, window: Option<&PrintedWindow>) {
        let Some(window) = window else {
            return self.null(",\"window\":");
        };
        self.text(",\"window\":{\"kind\":", window.kind.as_str());
        self.edge(",\"from\":", window.from);
        self.edge(",\"to\":", window.to);
        self.raw("}");
    }

    fn edge(&mut self, lead: &str, edge: Option<Edge>) {
        match edge {
            None => self.null(lead),
            Some(Edge::Instant(at)) => self.time(lead, at),
            Some(Edge::Day(day)) => {
                self.raw(lead);
                json::plain(day, self.out);
            }
        }
    }
}
