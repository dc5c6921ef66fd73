//! What comes back of calls, and how it is written: however often that takes, and nothing is sent in the meantime.

use std::sync::Arc;

use engine::notice::AttemptClass;
use engine::time::Timestamp;
use metrics::{counter, gauge, histogram};
use ports::dispatch::Pause;
use ports::store::StoreError;

use super::desk::Desk;
use super::outcome::{self, Way};
use super::{Course, Dispatch, Landed, unknown};
use crate::metrics::{ACCEPTED_SECONDS, OUTCOMES_WAITING, SENDS, between};

/// Remembered ways of notices that are tried again; losing one costs a refused try, so all are dropped at once.
const MOST_COURSES: usize = 10_000;

impl Dispatch {
    /// Writes what is known of ended calls.
    pub(super) async fn record(&mut self, now: Timestamp) -> Result<usize, StoreError> {
        while let Some(landed) = self.calls.try_join_next_with_id() {
            self.landed.push(landed);
        }
        for landed in std::mem::take(&mut self.landed) {
            self.land(landed, now);
        }
        gauge!(OUTCOMES_WAITING).set(self.waiting.len() as f64);
        let recorded = self.waiting.len();
        if recorded > 0 {
            self.write(now).await?;
            gauge!(OUTCOMES_WAITING).set(0.0);
        }
        self.pause_blocked(now).await?;
        Ok(recorded)
    }

    /// Reads one answer.
    fn land(&mut self, landed: Landed, now: Timestamp) {
        let (id, answer) = match landed {
            Ok(landed) => landed,
            Err(error) => {
                tracing::error!("a call to an SMS provider panicked; nobody knows what it sent");
                (error.id(), unknown("panicked"))
            }
        };
        let Some(flight) = self.flights.remove(&id) else {
            return;
        };
        let desk = &mut self.desks[flight.desk];
        desk.answered(now, &answer);
        let provider = Arc::clone(desk.gateway.name());
        counter!(SENDS, "provider" => provider.to_string(), "class" => answer.class.as_str()).increment(1);
        if answer.class == AttemptClass::Accepted {
            let took = between(flight.submitted_at, now);
            histogram!(ACCEPTED_SECONDS, "provider" => provider.to_string()).record(took);
        }
        if answer.class == AttemptClass::AccountBlocked {
            let code = answer.code.clone().unwrap_or_else(|| "refused".into());
            self.blocked.insert(provider, code);
        }
        let another = self.desks.iter().skip(flight.desk + 1).any(Desk::is_open);
        let way = outcome::way(&flight, &answer, another);
        let course = match way {
            Way::Again => None,
            Way::OtherOwner => Some(Course {
                provider: flight.desk,
                owner: flight.owner + 1,
            }),
            Way::OtherProvider => Some(Course {
                provider: flight.desk + 1,
                owner: flight.owner,
            }),
        };
        match course {
            Some(course) => {
                if self.courses.len() >= MOST_COURSES {
                    self.courses.clear();
                }
                self.courses.insert(flight.notice.clone(), course);
            }
            None => {
                self.courses.remove(&flight.notice);
            }
        }
        self.waiting.push(outcome::finished(&flight, answer, way, now));
    }

    /// Writes all outcomes at once, or, when one of them is impossible, each by itself: it must not hold up the others.
    async fn write(&mut self, now: Timestamp) -> Result<(), StoreError> {
        match self.store.finish(now, &self.waiting).await {
            Ok(()) => {
                self.waiting.clear();
                return Ok(());
            }
            Err(error @ StoreError::Unavailable(_)) => return Err(error),
            Err(error) => {
                tracing::error!(%error, "outcomes cannot be written together; each is tried by itself");
            }
        }
        while let Some(outcome) = self.waiting.last() {
            match self.store.finish(now, std::slice::from_ref(outcome)).await {
                Ok(()) => {}
                Err(error @ StoreError::Unavailable(_)) => return Err(error),
                Err(error) => {
                    tracing::error!(attempt = %outcome.attempt, class = outcome.class.as_str(), %error,
                        "an outcome cannot be written; the attempt becomes unknown");
                }
            }
            self.waiting.pop();
        }
        Ok(())
    }

    /// A refused account sends nothing more until a person has seen to it.
    async fn pause_blocked(&mut self, now: Timestamp) -> Result<(), StoreError> {
        if self.blocked.is_empty() {
            return Ok(());
        }
        let states = self.store.providers().await?;
        while let Some((provider, code)) = self.blocked.first_key_value() {
            let is_paused = states
                .iter()
                .any(|state| state.name == *provider && state.paused.is_some());
            if !is_paused {
                let pause = Pause {
                    reason: format!("account_blocked: {code}").into(),
                    by: "dispatch".into(),
                    at: now,
                };
                self.store.pause(provider, &pause).await?;
            }
            self.blocked.pop_first();
        }
        Ok(())
    }
}
