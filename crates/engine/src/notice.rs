//! The life of a message: its states, what an attempt can come to, and when it may be tried again.

use jiff::civil::Time;
use jiff::tz::TimeZone;

use crate::time::{HOUR, MINUTE, SECOND, Timestamp, end_of_day};

/// Where a notice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoticeState {
    /// Waits for its time and for a slot.
    Queued,
    /// Taken by a dispatcher; nothing is sent yet.
    Leased,
    /// Committed to be sent: from here on the person may know.
    Submitted,
    /// The provider took it.
    Accepted,
    /// The provider says that it arrived.
    Delivered,
    /// The provider says that it did not.
    Undelivered,
    /// Not sent in time, or the provider says so.
    Expired,
    /// A person stopped it.
    Held,
    /// Perhaps sent; waits for proof.
    Unknown,
    /// The provider said no; nothing was sent.
    Refused,
    /// Not to be sent, with a reason.
    Suppressed,
    /// Undone before submission.
    Cancelled,
    /// Nobody to write to.
    NoContact,
}

impl NoticeState {
    /// Every state with its word; the order is the stored number.
    pub const ALL: [(Self, &'static str); 13] = [
        (Self::Queued, "queued"),
        (Self::Leased, "leased"),
        (Self::Submitted, "submitted"),
        (Self::Accepted, "accepted"),
        (Self::Delivered, "delivered"),
        (Self::Undelivered, "undelivered"),
        (Self::Expired, "expired"),
        (Self::Held, "held"),
        (Self::Unknown, "unknown"),
        (Self::Refused, "refused"),
        (Self::Suppressed, "suppressed"),
        (Self::Cancelled, "cancelled"),
        (Self::NoContact, "no_contact"),
    ];

    /// The word.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(state, _)| *state == self)
            .map_or("", |(_, word)| word)
    }

    /// The state of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, text)| *text == word)
            .map(|(state, _)| *state)
    }

    /// Whether it is certain that nothing was sent under this state, so that a judgement may still cancel it. An
    /// expired notice is unsent only when it was never submitted; the store knows that by its live attempt.
    pub fn is_unsent(self) -> bool {
        matches!(
            self,
            Self::Queued
                | Self::Leased
                | Self::Held
                | Self::Refused
                | Self::Suppressed
                | Self::Cancelled
                | Self::NoContact
        )
    }

    /// Whether nothing but news changes a notice in this state.
    pub fn is_final(self) -> bool {
        !matches!(
            self,
            Self::Queued | Self::Leased | Self::Submitted | Self::Held | Self::Unknown
        )
    }

    /// How far news of this kind outweighs other news: a lower rank never overwrites a higher one.
    pub fn rank(self) -> u8 {
        match self {
            Self::Queued
            | Self::Held
            | Self::Cancelled
            | Self::Suppressed
            | Self::NoContact
            | Self::Refused => 0,
            Self::Leased => 1,
            Self::Submitted => 2,
            Self::Unknown => 3,
            Self::Accepted => 4,
            Self::Undelivered | Self::Expired => 5,
            Self::Delivered => 6,
        }
    }
}

/// What one attempt came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttemptClass {
    /// The provider took it.
    Accepted,
    /// This number has had enough for now; not sent.
    ThrottledRecipient,
    /// The account is too fast; not sent.
    ThrottledAccount,
    /// The number cannot be reached by rule; not sent.
    PermanentRecipient,
    /// Text, template or variables refused; not sent.
    PermanentContent,
    /// Opted out; not sent.
    Suppressed,
    /// Key, permission or balance; not sent, and nothing else will be.
    AccountBlocked,
    /// Timestamp refused; not sent.
    ClockSkew,
    /// Refused for the hour; not sent.
    QuietHours,
    /// No connection, or given up before connecting; not sent.
    NotSent,
    /// Everything else: perhaps sent.
    Unknown,
}

impl AttemptClass {
    /// Every class with its word; the order is the stored number.
    pub const ALL: [(Self, &'static str); 11] = [
        (Self::Accepted, "accepted"),
        (Self::ThrottledRecipient, "throttled_recipient"),
        (Self::ThrottledAccount, "throttled_account"),
        (Self::PermanentRecipient, "permanent_recipient"),
        (Self::PermanentContent, "permanent_content"),
        (Self::Suppressed, "suppressed"),
        (Self::AccountBlocked, "account_blocked"),
        (Self::ClockSkew, "clock_skew"),
        (Self::QuietHours, "quiet_hours"),
        (Self::NotSent, "not_sent"),
        (Self::Unknown, "unknown"),
    ];

    /// The word.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(class, _)| *class == self)
            .map_or("", |(_, word)| word)
    }

    /// The class of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, text)| *text == word)
            .map(|(class, _)| *class)
    }

    /// Whether it is certain that nothing was sent.
    pub fn is_not_sent(self) -> bool {
        !matches!(self, Self::Accepted | Self::Unknown)
    }

    /// Where the notice stands after an attempt of this class.
    pub fn next_state(self) -> NoticeState {
        match self {
            Self::Accepted => NoticeState::Accepted,
            Self::Unknown => NoticeState::Unknown,
            Self::PermanentRecipient | Self::PermanentContent => NoticeState::Refused,
            Self::Suppressed => NoticeState::Suppressed,
            Self::ThrottledRecipient
            | Self::ThrottledAccount
            | Self::AccountBlocked
            | Self::ClockSkew
            | Self::QuietHours
            | Self::NotSent => NoticeState::Queued,
        }
    }
}

/// Waits after the first tries.
const STEPS: [i64; 5] = [2 * SECOND, 10 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE];

/// How long to wait, in microseconds, before the try that follows `tries` of them: 2, 10, 30, 120, 600 s, then half an
/// hour; at least a minute after throttling; what the provider asked for, between a second and an hour, wins.
pub fn retry_after(class: AttemptClass, tries: u32, asked_seconds: Option<u64>) -> i64 {
    if let Some(seconds) = asked_seconds {
        return i64::try_from(seconds)
            .map_or(HOUR, |seconds| seconds.saturating_mul(SECOND))
            .clamp(SECOND, HOUR);
    }
    let step = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
    let wait = STEPS.get(step).copied().unwrap_or(30 * MINUTE);
    let throttled = matches!(
        class,
        AttemptClass::ThrottledAccount | AttemptClass::ThrottledRecipient
    );
    if throttled { wait.max(MINUTE) } else { wait }
}

/// The first instant not before `at` that lies outside quiet hours, which may pass midnight; equal ends mean none.
pub fn after_quiet_hours(at: Timestamp, quiet: (Time, Time), zone: &TimeZone) -> Timestamp {
    let (from, to) = quiet;
    let local = zone.to_datetime(at.to_jiff());
    let (date, time) = (local.date(), local.time());
    let passes_midnight = from > to;
    let ends_today = if passes_midnight {
        time < to
    } else {
        from <= time && time < to
    };
    let ends_tomorrow = passes_midnight && time >= from;
    if !ends_today && !ends_tomorrow {
        return at;
    }
    let day = if ends_tomorrow {
        date.tomorrow().unwrap_or(date)
    } else {
        date
    };
    let end = zone
        .to_zoned(day.to_datetime(to))
        .map_or_else(|_| end_of_day(day, zone), |end| end.timestamp().into());
    end.max(at)
}

/// The first instant from `at` on at which quiet hours begin, seen from outside of them; none: there are none.
pub fn next_quiet_hours(at: Timestamp, quiet: (Time, Time), zone: &TimeZone) -> Option<Timestamp> {
    let (from, to) = quiet;
    if from == to {
        return None;
    }
    let local = zone.to_datetime(at.to_jiff());
    let day = if local.time() < from {
        local.date()
    } else {
        local.date().tomorrow().ok()?
    };
    let begin = zone.to_zoned(day.to_datetime(from)).ok()?;
    Some(begin.timestamp().into())
}

/// When the quiet hours ended that were the last before `at`, seen from outside of them; none: there are none.
pub fn last_quiet_hours(at: Timestamp, quiet: (Time, Time), zone: &TimeZone) -> Option<Timestamp> {
    let (from, to) = quiet;
    if from == to {
        return None;
    }
    let local = zone.to_datetime(at.to_jiff());
    let day = if local.time() < to {
        local.date().yesterday().ok()?
    } else {
        local.date()
    };
    let end = zone.to_zoned(day.to_datetime(to)).ok()?;
    Some(end.timestamp().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_move_a_message_to_their_end_over_midnight_or_not() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let at = |text: &str| -> Timestamp { text.parse::<jiff::Timestamp>().unwrap().into() };
        let night = (Time::constant(21, 0, 0, 0), Time::constant(8, 0, 0, 0));
        let noon = (Time::constant(12, 0, 0, 0), Time::constant(14, 0, 0, 0));
        for (when, quiet, then) in [
            ("2026-03-02T20:59:59+08:00", night, "2026-03-02T20:59:59+08:00"),
            ("2026-03-02T21:00:00+08:00", night, "2026-03-03T08:00:00+08:00"),
            ("2026-03-03T07:59:59+08:00", night, "2026-03-03T08:00:00+08:00"),
            ("2026-03-03T08:00:00+08:00", night, "2026-03-03T08:00:00+08:00"),
            ("2026-03-03T13:00:00+08:00", noon, "2026-03-03T14:00:00+08:00"),
            ("2026-03-03T14:00:00+08:00", noon, "2026-03-03T14:00:00+08:00"),
        ] {
            assert_eq!(after_quiet_hours(at(when), quiet, &zone), at(then), "{when}");
        }
    }

    #[test]
    fn the_next_and_the_last_quiet_hours_are_found_across_midnight() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let at = |text: &str| -> Timestamp { text.parse::<jiff::Timestamp>().unwrap().into() };
        let night = (Time::constant(21, 0, 0, 0), Time::constant(8, 0, 0, 0));
        let noon = (Time::constant(12, 0, 0, 0), Time::constant(14, 0, 0, 0));
        for (when, quiet, last, next) in [
            (
                "2026-03-02T08:00:00+08:00",
                night,
                "2026-03-02T08:00:00+08:00",
                "2026-03-02T21:00:00+08:00",
            ),
            (
                "2026-03-02T20:59:59+08:00",
                night,
                "2026-03-02T08:00:00+08:00",
                "2026-03-02T21:00:00+08:00",
            ),
            (
                "2026-03-02T09:00:00+08:00",
                noon,
                "2026-03-01T14:00:00+08:00",
                "2026-03-02T12:00:00+08:00",
            ),
            (
                "2026-03-02T15:00:00+08:00",
                noon,
                "2026-03-02T14:00:00+08:00",
                "2026-03-03T12:00:00+08:00",
            ),
        ] {
            assert_eq!(last_quiet_hours(at(when), quiet, &zone), Some(at(last)), "{when}");
            assert_eq!(next_quiet_hours(at(when), quiet, &zone), Some(at(next)), "{when}");
        }
        let never = (Time::constant(0, 0, 0, 0), Time::constant(0, 0, 0, 0));
        assert_eq!(
            next_quiet_hours(at("2026-03-02T15:00:00+08:00"), never, &zone),
            None
        );
    }

    #[test]
    fn only_accepted_and_unknown_may_have_reached_a_person() {
        for (class, _) in AttemptClass::ALL {
            assert_eq!(class.is_not_sent(), class.next_state().is_unsent(), "{class:?}");
        }
    }

    #[test]
    fn what_the_provider_asks_for_is_kept_between_a_second_and_an_hour() {
        assert_eq!(retry_after(AttemptClass::ThrottledAccount, 1, Some(0)), SECOND);
        assert_eq!(
            retry_after(AttemptClass::ThrottledAccount, 1, Some(u64::MAX)),
            HOUR
        );
        assert_eq!(retry_after(AttemptClass::ThrottledAccount, 1, None), MINUTE);
        assert_eq!(retry_after(AttemptClass::NotSent, 99, None), 30 * MINUTE);
    }
}
