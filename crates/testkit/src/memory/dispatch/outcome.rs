//! What an outcome does to the books of the model: its attempt, its notice, and the provider's run of unknowns.

use engine::notice::{AttemptClass, NoticeState};
use engine::time::Timestamp;
use ports::dispatch::{Finished, Pause, ProviderState};
use ports::restore::is_restored;
use ports::store::StoreError;

use super::super::Books;

const UNKNOWNS_IN_A_ROW: u32 = 10;

pub(super) fn finish(books: &mut Books, now: Timestamp, outcome: &Finished) -> Result<(), StoreError> {
    let attempt = books
        .attempts
        .iter_mut()
        .find(|attempt| attempt.id == outcome.attempt && attempt.notice == outcome.notice);
    let attempt =
        attempt.ok_or_else(|| StoreError::Corrupt(format!("there is no attempt {}", outcome.attempt)))?;
    let was = attempt.class;
    let is_freed = was == Some(AttemptClass::Unknown) && !attempt.live;
    let takes = match was {
        None | Some(AttemptClass::Unknown) => true,
        Some(AttemptClass::Accepted) => outcome.class == AttemptClass::Accepted,
        Some(_) => false,
    };
    if !takes {
        return Ok(());
    }
    attempt.class = Some(outcome.class);
    if outcome.class.is_not_sent() {
        attempt.live = false;
        attempt.recipient = None;
    }
    attempt.code = outcome.code.clone().or_else(|| attempt.code.take());
    attempt.provider_id = outcome.provider_id.clone().or_else(|| attempt.provider_id.take());
    let provider = attempt.provider.clone();
    if was.is_none() || outcome.class == AttemptClass::Accepted {
        streak(books, &provider, outcome, now);
    }
    if outcome.class.is_not_sent() || is_freed {
        books.append_inner(now, outcome.told.as_slice());
    }
    let notice = books.notice(&outcome.notice);
    let notice =
        notice.ok_or_else(|| StoreError::Corrupt(format!("there is no notice {}", outcome.notice)))?;
    if outcome.class.is_not_sent() {
        let waits = matches!(notice.state, NoticeState::Submitted | NoticeState::Unknown);
        if !waits && notice.state.rank() >= NoticeState::Accepted.rank() {
            return Ok(());
        }
        if !waits || !outcome.next.is_unsent() {
            return Err(StoreError::Corrupt(format!(
                "notice {} was not sent",
                outcome.notice
            )));
        }
    } else if outcome.next.rank() <= notice.state.rank() {
        return Ok(());
    }
    notice.state = outcome.next;
    notice.reason.clone_from(&outcome.reason);
    notice.not_before = outcome.not_before.unwrap_or(notice.not_before);
    if outcome.class == AttemptClass::Accepted {
        notice.accepted_at = notice.accepted_at.or(Some(now));
    }
    notice.final_at = outcome.next.is_final().then_some(now);
    Ok(())
}

fn streak(books: &mut Books, provider: &str, outcome: &Finished, now: Timestamp) {
    let by_us = |reason: String| Pause {
        reason: reason.into(),
        by: "clearwalk".into(),
        at: now,
    };
    match outcome.class {
        AttemptClass::Unknown => {
            let state = books.provider(provider);
            state.unknowns += 1;
            if state.unknowns >= UNKNOWNS_IN_A_ROW {
                set_pause(state, by_us("unknowns".to_owned()));
            }
        }
        AttemptClass::AccountBlocked => {
            let state = books.provider(provider);
            state.unknowns = 0;
            let code = outcome.code.as_deref().unwrap_or("refused");
            set_pause(state, by_us(format!("account_blocked: {code}")));
        }
        _ => {
            if let Some(state) = books.providers.get_mut(provider) {
                state.unknowns = 0;
            }
        }
    }
}

/// A pause because the store was put back in time has its own end.
pub(super) fn refuse_restored(state: &ProviderState) -> Result<(), StoreError> {
    match &state.paused {
        Some(pause) if is_restored(&pause.reason) => Err(StoreError::Conflict(pause.reason.to_string())),
        _ => Ok(()),
    }
}

/// A look-up ends a pause for unknowns, so such a one never replaces another.
pub(super) fn set_pause(state: &mut ProviderState, pause: Pause) {
    let weight = |reason: &str| match reason {
        reason if reason.starts_with("unknowns") => 0,
        reason if reason.starts_with("account_blocked") => 1,
        _ => 2,
    };
    let stands = state.paused.as_ref().map(|stands| weight(&stands.reason));
    let new = weight(&pause.reason);
    if stands.is_none_or(|stands| stands < new || new == 2) {
        state.paused = Some(pause);
    }
}
