//! From a provider's answer to what is written about it: where the notice goes, and when it may be tried again.

use engine::notice::{AttemptClass, NoticeState, retry_after};
use engine::time::Timestamp;
use ports::dispatch::Finished;
use ports::gateway::Answer;

use super::Flight;

/// What follows a definite not-sent, as far as there is another way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The same way again, after a while.
    Again,
    /// The next owner, at once.
    OtherOwner,
    /// The next provider, at once.
    OtherProvider,
}

/// Which way to go after an answer. Never another way unless it is certain that nothing was sent.
pub(super) fn way(flight: &Flight, answer: &Answer, another_provider: bool) -> Way {
    match answer.class {
        AttemptClass::PermanentRecipient if flight.owner + 1 < flight.owners => Way::OtherOwner,
        AttemptClass::NotSent
        | AttemptClass::ThrottledAccount
        | AttemptClass::AccountBlocked
        | AttemptClass::ClockSkew
            if another_provider =>
        {
            Way::OtherProvider
        }
        _ => Way::Again,
    }
}

/// What is written of the attempt.
pub(super) fn finished(flight: &Flight, answer: Answer, way: Way, now: Timestamp) -> Finished {
    let class = answer.class;
    let state = if way == Way::Again {
        class.next_state()
    } else {
        NoticeState::Queued
    };
    let not_before = (state == NoticeState::Queued).then(|| match way {
        Way::OtherOwner | Way::OtherProvider => now,
        Way::Again => now.plus(retry_after(class, flight.attempts + 1, answer.retry_after)),
    });
    Finished {
        attempt: flight.attempt.clone(),
        notice: flight.notice.clone(),
        class,
        code: answer.code,
        provider_id: answer.provider_id,
        next: state,
        reason: (class != AttemptClass::Accepted).then(|| class.as_str().into()),
        not_before,
        told: class
            .is_not_sent()
            .then(|| flight.telling.not_sent(&flight.attempt, now)),
    }
}
