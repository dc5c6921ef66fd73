//! What a message can say of a case, and the value of each parameter in a language.

use std::borrow::Cow;

use jiff::civil::{Date, DateTime};

use super::template::Param;
use super::words::{self, WindowWords};
use super::{Lang, place};
use crate::policy::Fine;

/// When something was seen, as exactly as it is known. Civil time in the policy's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// To the minute.
    Minute(DateTime),
    /// Only the day.
    Day(Date),
}

/// What a reminder may promise; it must not promise more than the policy keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// Who leaves in time has nothing recorded: a cure stage with `counts = false`.
    NotRecorded,
    /// Who leaves in time is not punished, but it counts.
    NoPenalty,
    /// There is nothing more to it than the reminder.
    OnlyReminder,
}

/// What is known of a case for its message. What is absent is left out of the text with its clause.
#[derive(Clone, Copy, Debug, Default)]
pub struct Params<'a> {
    /// Full number: the owner is told which car.
    pub plate: &'a str,
    /// Public case number.
    pub case: Option<&'a str>,
    /// The place in words; shortened as [`super::fit_place`] does.
    pub place: Option<&'a str>,
    /// When the stay was recorded.
    pub time: Option<When>,
    /// The window in which it counts.
    pub window: Option<WindowWords>,
    /// Its place among the counted offences of that window, from 1. Without it nothing is called first.
    pub ordinal: Option<u32>,
    /// The proposed fine.
    pub fine: Option<&'a Fine>,
    /// Legal basis of this outcome.
    pub basis: Option<&'a str>,
    /// The last day on which to respond.
    pub deadline: Option<Date>,
    /// Until when to leave; civil time in the policy's zone.
    pub until: Option<DateTime>,
    /// What leaving in time brings.
    pub promise: Option<Promise>,
    /// Whether the first-offence waiver is open again, or untouched, after an objection or a withdrawal: only when the
    /// case that went away was the one that had used it.
    pub restored: bool,
    /// Whether a person has confirmed the record; until then it is a suspicion (涉嫌).
    pub reviewed: bool,
    /// The public number to call; none: 12345.
    pub hotline: Option<&'a str>,
}

impl Params<'_> {
    /// The value of a parameter; none where it is not known or not fit for a message.
    pub(super) fn value(&self, param: Param, lang: Lang) -> Option<Cow<'_, str>> {
        let pick =
            |zh: &'static str, en: &'static str| Some(Cow::Borrowed(if lang == Lang::Zh { zh } else { en }));
        let own = |text: String| (!text.is_empty()).then_some(Cow::Owned(text));
        match param {
            Param::Plate => place::plain(self.plate),
            Param::Case => self.case.and_then(place::plain),
            Param::Place => self.place.map(|name| place::fit_place(name, lang)).and_then(own),
            Param::Time => match self.time? {
                When::Minute(at) => own(words::minute(at, lang)),
                When::Day(date) => own(words::day(date, lang)),
            },
            Param::Seen => match self.time? {
                When::Minute(at) => own(words::soon(at, lang)),
                When::Day(date) => own(words::day(date, lang)),
            },
            Param::Window => self.window.map(|window| window.phrase(lang)).and_then(own),
            Param::Nth => own(words::nth(self.ordinal?, self.window?, lang)),
            Param::Fine => own(words::money(self.fine?, lang)),
            Param::Penalty => match (self.fine, lang) {
                (Some(fine), Lang::Zh) => own(format!("拟罚款{}", words::money(fine, lang))),
                (Some(fine), Lang::En) => own(format!("proposed fine {}", words::money(fine, lang))),
                (None, _) => pick("拟予处罚", "a penalty is proposed"),
            },
            Param::Basis => self.basis.and_then(place::plain),
            Param::Deadline => own(words::day(self.deadline?, lang)),
            Param::Until => match (self.until?, self.time) {
                (until, Some(When::Minute(at))) if until.date() == at.date() => {
                    own(words::clock(until.time(), lang))
                }
                (until, _) => own(words::soon(until, lang)),
            },
            Param::Promise => match self.promise? {
                Promise::NotRecorded => pick("按时驶离不作记录", "If you leave in time nothing is recorded"),
                Promise::NoPenalty => pick("按时驶离不予处罚", "If you leave in time there is no penalty"),
                Promise::OnlyReminder => pick("本次仅作提醒，请勿再停", "This is a reminder only"),
            },
            Param::Restored if self.restored => {
                pick("首次免罚机会不受影响", "Your first-offence waiver is unaffected")
            }
            Param::Restored => None,
            Param::Finding if self.reviewed => pick("经核属", "confirmed"),
            Param::Finding => pick("涉嫌", "suspected"),
            Param::Hotline => self
                .hotline
                .and_then(place::plain)
                .or(Some(Cow::Borrowed("12345"))),
        }
    }
}
