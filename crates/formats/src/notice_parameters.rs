//! What the text and the recipient of a message are found from, as stored beside the notice. It holds no phone and no
//! name: those are looked up when the message is sent.

use engine::case::{Case, Outcome};
use engine::fact::{FactId, NoticeKind};
use engine::ids::{CaseId, NoticeId};
use engine::message::{Lang, Message, Params, Texts, When, WindowWords};
use engine::plate::Grammar;
use engine::policy::Fine;
use engine::time::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use thiserror::Error;

/// Everything that sending a message needs to know of its case.
#[expect(
    clippy::struct_excessive_bools,
    reason = "a flat record, one field per thing that is known"
)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeParameters {
    /// The case's number.
    pub case: String,
    /// What the message says, as a word.
    pub kind: String,
    /// Which time it is owed.
    pub revision: u32,
    /// Normalised number.
    pub number: String,
    /// Class; `-` where unknown.
    pub class: String,
    /// `source#id` of the observation that stands for the case.
    pub about: String,
    /// The place in words.
    pub place: Option<String>,
    /// Start of the offence, in microseconds since the epoch.
    pub from: i64,
    /// Whether only its day is known.
    pub day_only: bool,
    /// IANA name of the zone in which days and hours are meant.
    pub time_zone: String,
    /// Kind of window and its length where it has one.
    pub window: Option<(String, u32)>,
    /// Place among the counted offences of the window.
    pub ordinal: Option<u32>,
    /// In the minor unit, with its currency.
    pub fine: Option<(u64, String)>,
    /// Legal basis of the outcome.
    pub basis: Option<String>,
    /// Whether a person has confirmed the record.
    pub reviewed: bool,
    /// Whether a waiver is open again.
    pub restored: bool,
    /// The last day on which to respond.
    pub respond_by: Option<String>,
    /// The provider's template that the policy names.
    pub template: Option<String>,
    /// Whose case it is.
    pub authority: Option<String>,
    /// Hours in which nothing is sent.
    pub quiet_hours: Option<(String, String)>,
    /// `id@version`.
    pub policy: Option<String>,
    /// Whether the text is Chinese; otherwise English.
    pub chinese: bool,
}

/// Where reading stopped. The library's own words may quote a stored value.
fn place_of(error: &serde_json::Error) -> String {
    format!("line {}, column {}", error.line(), error.column())
}

/// Stored parameters that cannot be read.
#[derive(Debug, Error)]
#[error("the parameters of a message cannot be read: {0}")]
pub struct ParametersError(String);

impl NoticeParameters {
    /// Takes from a case what a message of `kind` needs. `zone_name` and `grammar` serve cases that no policy governs.
    pub fn of(
        id: &CaseId,
        case: &Case,
        kind: NoticeKind,
        revision: u32,
        zone_name: &str,
        grammar: Grammar,
    ) -> Self {
        let policy = case.policy.as_deref();
        let rule = policy.map(|policy| policy.notice(kind));
        let basis = policy.and_then(|policy| match case.outcome {
            Outcome::PenaltyProposed | Outcome::PenaltyDecided => policy.basis_penalise.as_deref(),
            _ => policy.basis_waive.as_deref(),
        });
        let used_the_waiver = case.told.iter().any(|told| told.kind == NoticeKind::Waived);
        Self {
            case: id.to_string(),
            kind: kind.as_str().to_owned(),
            revision,
            number: case.subject.number.to_string(),
            class: case.subject.class.to_string(),
            about: case.anchor.to_string(),
            place: case
                .place
                .as_deref()
                .or_else(|| (*case.zone != *"unknown").then_some(&*case.zone))
                .map(str::to_owned),
            from: case.from.as_micros(),
            day_only: case.day_only,
            time_zone: policy
                .map_or(zone_name, |policy| &policy.time_zone_name)
                .to_owned(),
            window: policy.map(|policy| store_window(WindowWords::of(&policy.window))),
            ordinal: case.ordinal,
            fine: case
                .fine
                .as_ref()
                .map(|fine| (fine.minor, fine.currency.to_string())),
            basis: basis.map(str::to_owned),
            reviewed: case.reviewed,
            restored: used_the_waiver && matches!(kind, NoticeKind::Withdrawn | NoticeKind::ObjectionUpheld),
            respond_by: None,
            template: rule.and_then(|rule| rule.template.as_deref()).map(str::to_owned),
            authority: case.authority.as_deref().map(str::to_owned),
            quiet_hours: rule
                .and_then(|rule| rule.quiet_hours)
                .map(|(from, to)| (from.to_string(), to.to_string())),
            policy: policy.map(engine::policy::Policy::name),
            chinese: policy.map_or(grammar, |policy| policy.plates) == Grammar::Cn,
        }
    }

    /// As stored.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings and numbers always serialise")
    }

    /// From what is stored.
    pub fn decode(bytes: &[u8]) -> Result<Self, ParametersError> {
        let parameters: Self =
            serde_json::from_slice(bytes).map_err(|error| ParametersError(place_of(&error)))?;
        let known =
            NoticeKind::parse(&parameters.kind).is_some() && FactId::parse(&parameters.about).is_some();
        if known {
            Ok(parameters)
        } else {
            Err(ParametersError("unknown kind or observation".to_owned()))
        }
    }

    /// What the message says.
    pub fn notice_kind(&self) -> NoticeKind {
        NoticeKind::parse(&self.kind).unwrap_or(NoticeKind::Waived)
    }

    /// The observation that stands for the case.
    pub fn observation(&self) -> FactId {
        FactId::parse(&self.about).unwrap_or_else(|| FactId::new("unknown", "unknown"))
    }

    /// The notice's id.
    pub fn notice(&self) -> NoticeId {
        NoticeId::new(&CaseId::from_text(&self.case), self.notice_kind(), self.revision)
    }

    /// Start of the offence.
    pub fn start(&self) -> Timestamp {
        Timestamp::from_micros(self.from)
    }

    /// The zone in which days and hours are meant.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }

    /// Hours in which nothing is sent.
    pub fn quiet(&self) -> Option<(Time, Time)> {
        let (from, to) = self.quiet_hours.as_ref()?;
        Some((from.parse().ok()?, to.parse().ok()?))
    }

    /// The text.
    pub fn message(&self, texts: &Texts) -> Message {
        let lang = if self.chinese { Lang::Zh } else { Lang::En };
        let local = self.zone().to_datetime(self.start().to_jiff());
        let fine = self.fine.as_ref().map(|(minor, currency)| Fine {
            minor: *minor,
            currency: Arc::from(&**currency),
        });
        let params = Params {
            plate: &self.number,
            case: Some(&self.case),
            place: self.place.as_deref(),
            time: Some(if self.day_only {
                When::Day(local.date())
            } else {
                When::Minute(local)
            }),
            window: self
                .window
                .as_ref()
                .and_then(|(kind, count)| read_window(kind, *count)),
            ordinal: self.ordinal,
            fine: fine.as_ref(),
            basis: self.basis.as_deref(),
            deadline: self
                .respond_by
                .as_deref()
                .and_then(|day| day.parse::<Date>().ok()),
            until: None,
            promise: None,
            restored: self.restored,
            reviewed: self.reviewed,
            hotline: None,
        };
        texts.render(self.notice_kind(), self.template.as_deref(), &params, lang)
    }
}

fn store_window(words: WindowWords) -> (String, u32) {
    let (kind, count) = match words {
        WindowWords::CalendarYear => ("calendar-year", 0),
        WindowWords::CalendarMonth => ("calendar-month", 0),
        WindowWords::SameDay => ("same-day", 0),
        WindowWords::FiscalYear => ("fiscal-year", 0),
        WindowWords::RollingHours(hours) => ("rolling-hours", hours),
        WindowWords::RollingDays(days) => ("rolling-days", days),
        WindowWords::RollingMonths(months) => ("rolling-months", months),
        WindowWords::SincePolicy => ("since-policy", 0),
        WindowWords::Lifetime => ("lifetime", 0),
    };
    (kind.to_owned(), count)
}

fn read_window(kind: &str, count: u32) -> Option<WindowWords> {
    Some(match kind {
        "calendar-year" => WindowWords::CalendarYear,
        "calendar-month" => WindowWords::CalendarMonth,
        "same-day" => WindowWords::SameDay,
        "fiscal-year" => WindowWords::FiscalYear,
        "rolling-hours" => WindowWords::RollingHours(count),
        "rolling-days" => WindowWords::RollingDays(count),
        "rolling-months" => WindowWords::RollingMonths(count),
        "since-policy" => WindowWords::SincePolicy,
        "lifetime" => WindowWords::Lifetime,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_window_reads_back_as_it_was_stored() {
        for words in [
            WindowWords::CalendarYear,
            WindowWords::RollingDays(365),
            WindowWords::RollingMonths(12),
            WindowWords::RollingHours(24),
            WindowWords::Lifetime,
        ] {
            let (kind, count) = store_window(words);
            assert_eq!(read_window(&kind, count), Some(words));
        }
    }

    fn parameters() -> NoticeParameters {
        NoticeParameters {
            case: "260302-0123456789AB".to_owned(),
            kind: "waived".to_owned(),
            revision: 1,
            number: "湘K12345".to_owned(),
            class: "02".to_owned(),
            about: "/devices/LD-0132#7f3a".to_owned(),
            place: Some("乐坪大道".to_owned()),
            from: 1_772_416_805_000_000,
            day_only: false,
            time_zone: "Asia/Shanghai".to_owned(),
            window: Some(store_window(WindowWords::RollingMonths(12))),
            ordinal: Some(1),
            fine: Some((10_000, "CNY".to_owned())),
            basis: None,
            reviewed: true,
            restored: false,
            respond_by: Some("2026-03-09".to_owned()),
            template: None,
            authority: None,
            quiet_hours: Some(("21:00:00".to_owned(), "08:00:00".to_owned())),
            policy: Some("loudi-sidewalk@2026-03".to_owned()),
            chinese: true,
        }
    }

    #[test]
    fn what_is_stored_comes_back_whole() {
        let stored = NoticeParameters::decode(&parameters().encode()).unwrap();
        assert_eq!(stored, parameters());
        assert_eq!(stored.notice_kind(), NoticeKind::Waived);
        assert_eq!(stored.observation(), FactId::new("/devices/LD-0132", "7f3a"));
        assert_eq!(
            stored.quiet(),
            Some((Time::constant(21, 0, 0, 0), Time::constant(8, 0, 0, 0)))
        );
    }

    #[test]
    fn what_names_no_message_or_observation_is_refused() {
        for (kind, about) in [("corrected", "s#1"), ("waived", "no hash")] {
            let broken = NoticeParameters {
                kind: kind.to_owned(),
                about: about.to_owned(),
                ..parameters()
            };
            assert!(
                NoticeParameters::decode(&broken.encode()).is_err(),
                "{kind} {about}"
            );
        }
        assert!(NoticeParameters::decode(b"{}").is_err());
    }
}
