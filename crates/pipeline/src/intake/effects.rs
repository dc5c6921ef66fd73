//! What a judgement changes, as the store writes it: versions of cases, messages, and facts for other ledgers.

use std::sync::Arc;

use bytes::Bytes;
use engine::notice::after_quiet_hours;
use engine::policy::NoticeRule;
use engine::reconcile::{CaseChange, Changes, GuestChange, NoticeStep, Step};
use engine::rules::Rules;
use engine::time::Timestamp;
use formats::inner::Inner;
use formats::notice_parameters::NoticeParameters;
use ports::commit::{CaseWrite, NewNotice, NoticeChange};

/// What the changes of one ledger write.
#[derive(Default)]
pub(crate) struct Effects {
    pub(crate) cases: Vec<CaseWrite>,
    pub(crate) notices: Vec<NoticeChange>,
    pub(crate) inner: Vec<Bytes>,
}

/// Everything that the changes of one ledger write.
pub(crate) fn of(rules: &Rules, now: Timestamp, plate: &Arc<str>, changes: &Changes) -> Effects {
    let mut effects = Effects::default();
    for change in &changes.cases {
        if change.is_new_version {
            let mut body = Vec::with_capacity(512);
            formats::case_line::write(&change.id, &change.case, &mut body);
            effects.cases.push(CaseWrite {
                id: change.id.clone(),
                version: change.version,
                plate: plate.clone(),
                outcome: change.case.outcome,
                before: change.before,
                offence_at: change.case.from,
                body: body.into(),
            });
        }
        effects.notices.extend(
            change
                .notices
                .iter()
                .map(|step| notice(rules, now, plate, change, step)),
        );
    }
    for guest in &changes.guests {
        let inner = match guest {
            GuestChange::Seat(target, guest) => Inner::Seat {
                target: target.clone(),
                guest: (**guest).clone(),
            },
            GuestChange::Unseat(target, observation) => Inner::Unseat {
                target: target.clone(),
                observation: observation.clone(),
            },
        };
        effects.inner.push(inner.encode().into());
    }
    effects
}

fn notice(
    rules: &Rules,
    now: Timestamp,
    plate: &Arc<str>,
    change: &CaseChange,
    step: &NoticeStep,
) -> NoticeChange {
    if step.step == Step::Cancel {
        return NoticeChange::Cancel(step.id.clone());
    }
    let case = &change.case;
    let standard = NoticeRule::standard(step.kind);
    let rule = case
        .policy
        .as_ref()
        .map_or(&standard, |policy| policy.notice(step.kind));
    let zone = case
        .policy
        .as_ref()
        .map_or_else(|| rules.time_zone(None), |policy| &policy.time_zone);
    let held = now.plus(rule.hold);
    let not_before = rule
        .quiet_hours
        .map_or(held, |quiet| after_quiet_hours(held, quiet, zone));
    let expires_at = rule.expires.end_after(now, zone, rules.calendar());
    let zone_name = rules.time_zone_name();
    let parameters = NoticeParameters::of(
        &change.id,
        case,
        step.kind,
        step.revision,
        zone_name,
        rules.grammar(),
    )
    .encode();
    if step.step == Step::Update {
        return NoticeChange::Update {
            id: step.id.clone(),
            parameters: parameters.into(),
            history: step.history,
            not_before,
            expires_at,
        };
    }
    let new = NewNotice {
        id: step.id.clone(),
        case: change.id.clone(),
        kind: step.kind,
        revision: step.revision,
        plate: plate.clone(),
        history: step.history,
        not_before,
        expires_at,
        parameters: parameters.into(),
    };
    if step.step == Step::Queue {
        NoticeChange::Queue(new)
    } else {
        NoticeChange::Requeue(new)
    }
}
