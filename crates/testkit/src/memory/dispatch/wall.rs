//! The submit wall of the model.

use engine::ids::NoticeId;
use engine::notice::NoticeState;
use engine::time::Timestamp;
use ports::dispatch::{ALL_PROVIDERS, Caps, Grant, RECIPIENT_CAP, Submission};
use ports::read::StoredNotice;

use super::super::{Attempt, Books};

pub(super) fn submit(books: &mut Books, now: Timestamp, submission: &Submission) -> Grant {
    let is_paused = [ALL_PROVIDERS, &*submission.provider].iter().any(|name| {
        books
            .providers
            .get(*name)
            .is_some_and(|state| state.paused.is_some())
    });
    let is_taken = books.attempts.iter().any(|attempt| {
        attempt.id == submission.attempt || (attempt.notice == submission.notice && attempt.live)
    });
    if is_paused {
        return Grant::Refused;
    }
    let counted = submission.caps != Caps::default();
    let recipient = counted.then(|| submission.recipient.reveal().to_owned());
    let until = recipient
        .as_ref()
        .and_then(|to| capped(books, now, submission.caps, to));
    let Some(notice) = books.notice(&submission.notice) else {
        return Grant::Refused;
    };
    if let Some(until) = until {
        if notice.state != NoticeState::Queued {
            return Grant::Refused;
        }
        notice.not_before = until;
        notice.reason = Some(RECIPIENT_CAP.into());
        return Grant::Capped(until);
    }
    if is_taken || notice.state != NoticeState::Queued || notice.not_before > now || notice.expires_at <= now
    {
        return Grant::Refused;
    }
    notice.state = NoticeState::Submitted;
    notice.reason = None;
    notice.attempts += 1;
    notice.submitted_at = Some(now);
    notice.final_at = None;
    notice.text = Some(submission.text.clone());
    notice.segments = Some(submission.segments);
    notice.recipient = Some(submission.recipient.clone());
    books.attempts.push(Attempt {
        id: submission.attempt.clone(),
        notice: submission.notice.clone(),
        provider: submission.provider.clone(),
        live: true,
        submitted_at: now,
        deadline: submission.deadline,
        class: None,
        code: None,
        provider_id: None,
        looks: 0,
        next_look: None,
        absent_since: None,
        recipient,
    });
    books.append_inner(now, std::slice::from_ref(&submission.told));
    Grant::Granted
}

/// Whether a later message of the same kind exists.
pub(super) fn is_superseded(books: &Books, id: &NoticeId) -> bool {
    let Some(row) = books.notices.iter().find(|notice| notice.id == *id) else {
        return false;
    };
    let is_later = |later: &StoredNotice| {
        later.case == row.case && later.kind == row.kind && later.revision > row.revision
    };
    books.notices.iter().any(is_later)
}

/// Until when a recipient has had enough, if it has.
fn capped(books: &Books, now: Timestamp, caps: Caps, recipient: &str) -> Option<Timestamp> {
    let theirs = books
        .attempts
        .iter()
        .filter(|it| it.recipient.as_deref() == Some(recipient));
    let mut ends: Vec<_> = theirs.map(|attempt| attempt.deadline).collect();
    ends.sort_unstable_by(|a, b| b.cmp(a));
    let until = |(most, window): (u32, i64)| {
        let leaves = ends.get(most.saturating_sub(1) as usize)?.plus(window);
        (leaves > now).then_some(leaves)
    };
    caps.windows().filter_map(until).max()
}
