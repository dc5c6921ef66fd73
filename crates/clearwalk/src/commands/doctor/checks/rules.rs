//! Mistakes in rules that every single file is free of: no policy in force, messages that can never leave.

use std::fmt::Write as _;

use engine::fact::NoticeKind;
use engine::policy::NoticeRule;
use engine::rules::Rules;
use engine::time::{HOUR, Length, MINUTE, Timestamp};

use super::Check;

const DAY: i64 = 24 * HOUR;

/// Whether anything is punishable today.
pub(super) fn in_force(rules: &Rules, now: Timestamp) -> Check {
    let policies = rules.policies();
    let names: Vec<String> = policies
        .iter()
        .filter(|policy| policy.in_force(now))
        .map(|policy| policy.name())
        .collect();
    if names.is_empty() {
        let all: Vec<String> = policies.iter().map(|policy| policy.name()).collect();
        return Check::bad(
            "in force",
            format!(
                "none of {} is in force today: nothing is punishable",
                all.join(", ")
            ),
            "see policy.effective; publish a version that holds today",
        );
    }
    Check::well("in force", names.join(", "))
}

/// Messages that expire before they may be sent.
pub(super) fn spans(rules: &Rules) -> Check {
    let mut wrong = String::new();
    for policy in rules.policies() {
        for (kind, word) in NoticeKind::ALL {
            if let Some(what) = never_sent(policy.notice(kind)) {
                // Writing to a text cannot fail.
                let _written = write!(wrong, "{} {word}: {what}; ", policy.name());
            }
        }
    }
    if wrong.is_empty() {
        return Check::well("spans", "every message can leave before it expires");
    }
    Check::bad(
        "spans",
        wrong.trim_end_matches("; "),
        "see notice.hold, notice.quiet_hours and notice.expires",
    )
}

/// Why a message of this rule may never leave; only exact spans are compared, since whole days are longer than any night.
fn never_sent(rule: &NoticeRule) -> Option<String> {
    let quiet = rule.quiet_hours.map_or(0, |(from, to)| {
        let at = |time: jiff::civil::Time| i64::from(time.hour()) * HOUR + i64::from(time.minute()) * MINUTE;
        (at(to) - at(from)).rem_euclid(DAY)
    });
    if rule.quiet_hours.is_some_and(|(from, to)| from == to) {
        return Some("its quiet hours cover the whole day".to_owned());
    }
    let Length::Exact(expires) = rule.expires else {
        return None;
    };
    let mut what = String::new();
    let minutes = |span: i64| span / MINUTE;
    let mut longer = |name: &str, span: i64| {
        if span > 0 && expires <= span && what.is_empty() {
            // Writing to a text cannot fail.
            let _written = write!(
                what,
                "it expires after {} min, and {name} takes {} min",
                minutes(expires),
                minutes(span)
            );
        }
    };
    longer("its hold", rule.hold);
    longer("a night of quiet hours", quiet);
    (!what.is_empty()).then_some(what)
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;

    fn rule(hold: i64, quiet: Option<(i8, i8)>, expires: Length) -> NoticeRule {
        NoticeRule {
            hold,
            quiet_hours: quiet.map(|(from, to)| (time(from, 0, 0, 0), time(to, 0, 0, 0))),
            expires,
            ..NoticeRule::standard(NoticeKind::Waived)
        }
    }

    #[test]
    fn a_message_that_can_never_leave_is_found() {
        let hours = |hours: i64| Length::Exact(hours * HOUR);
        for (rule, said) in [
            (rule(10 * MINUTE, Some((21, 8)), hours(12)), None),
            (rule(10 * MINUTE, None, Length::WorkingDays(5)), None),
            (rule(0, None, hours(1)), None),
            (
                rule(10 * MINUTE, Some((21, 8)), hours(11)),
                Some("quiet hours takes 660 min"),
            ),
            (rule(2 * HOUR, None, hours(1)), Some("its hold takes 120 min")),
            (rule(0, Some((0, 0)), Length::Days(5)), Some("the whole day")),
            (
                rule(0, Some((8, 21)), hours(13)),
                Some("quiet hours takes 780 min"),
            ),
        ] {
            let found = never_sent(&rule);
            match said {
                None => assert_eq!(found, None, "{rule:?}"),
                Some(said) => assert!(found.as_deref().is_some_and(|it| it.contains(said)), "{found:?}"),
            }
        }
    }
}
