//! Keys of requests that are under way or were answered, so that one that is sent again does nothing again.
//!
//! They are kept in memory, the newest so many; what a restart forgets is told apart by the fact itself.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::{HeaderValue, StatusCode};
use bytes::Bytes;

use crate::problem::Problem;

/// Keys that are remembered: some days of a busy office.
const KEPT: usize = 10_000;

/// An answer as it was given.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
    pub(crate) tag: Option<HeaderValue>,
}

/// All keys.
#[derive(Clone, Default)]
pub(crate) struct Keys(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    by_key: HashMap<[u8; 32], Entry>,
    /// The oldest first.
    order: VecDeque<[u8; 32]>,
}

struct Entry {
    print: [u8; 32],
    is_busy: bool,
    /// Where its fact stands in the stream.
    position: Option<u64>,
    answer: Option<Answer>,
}

/// What is to be done about a request.
pub(crate) enum Stand {
    /// Nothing: this was the answer.
    Answered(Answer),
    /// It is ours.
    Ours(Held),
}

/// A key that this request holds; let go when it is dropped.
pub(crate) struct Held {
    keys: Keys,
    key: [u8; 32],
}

/// The key was used for something else.
pub(crate) fn other_body() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "key_reused",
        "The key was used for something else",
        "give each deed an Idempotency-Key of its own",
    )
}

impl Keys {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a key for the request that `print` stands for.
    pub(crate) fn take(&self, key: [u8; 32], print: [u8; 32]) -> Result<Stand, Problem> {
        let mut known = self.known();
        if let Some(entry) = known.by_key.get_mut(&key) {
            if entry.print != print {
                return Err(other_body());
            }
            if let Some(answer) = &entry.answer {
                return Ok(Stand::Answered(answer.clone()));
            }
            if entry.is_busy {
                let detail = "the same request is being worked on; send it again in a moment";
                let title = "Already under way";
                return Err(Problem::new(StatusCode::CONFLICT, "under_way", title, detail));
            }
            entry.is_busy = true;
        } else {
            let entry = Entry {
                print,
                is_busy: true,
                position: None,
                answer: None,
            };
            known.by_key.insert(key, entry);
            known.order.push_back(key);
            while known.order.len() > KEPT {
                let oldest = known.order.pop_front();
                oldest.and_then(|oldest| known.by_key.remove(&oldest));
            }
        }
        Ok(Stand::Ours(Held {
            keys: self.clone(),
            key,
        }))
    }
}

impl Held {
    /// Where its fact stands, if an earlier try got that far.
    pub(super) fn position(&self) -> Option<u64> {
        self.keys.known().by_key.get(&self.key)?.position
    }

    /// Its fact is in the stream.
    pub(super) fn written(&self, position: u64) {
        if let Some(entry) = self.keys.known().by_key.get_mut(&self.key) {
            entry.position = Some(position);
        }
    }

    /// This is the answer from now on.
    pub(crate) fn answered(&self, answer: Answer) {
        if let Some(entry) = self.keys.known().by_key.get_mut(&self.key) {
            entry.answer = Some(answer);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut known = self.keys.known();
        let Some(entry) = known.by_key.get_mut(&self.key) else {
            return;
        };
        entry.is_busy = false;
        // What came to nothing may be tried again with another body.
        if entry.position.is_none() && entry.answer.is_none() {
            known.by_key.remove(&self.key);
            known.order.retain(|key| *key != self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(keys: &Keys, key: u8, print: u8) -> Held {
        match keys.take([key; 32], [print; 32]).unwrap() {
            Stand::Ours(held) => held,
            Stand::Answered(_) => panic!("nobody has answered"),
        }
    }

    fn status(keys: &Keys, key: u8, print: u8) -> u16 {
        match keys.take([key; 32], [print; 32]) {
            Ok(Stand::Answered(answer)) => answer.status.as_u16(),
            Ok(Stand::Ours(_)) => 0,
            Err(problem) => problem.status().as_u16(),
        }
    }

    #[test]
    fn a_key_is_held_then_answered_and_good_for_one_request_only() {
        let keys = Keys::default();
        let held = ours(&keys, 1, 1);
        assert_eq!(
            (status(&keys, 1, 1), status(&keys, 1, 2), status(&keys, 2, 2)),
            (409, 422, 0)
        );
        held.written(7);
        drop(held);
        let again = ours(&keys, 1, 1);
        assert_eq!(again.position(), Some(7));
        again.answered(Answer {
            status: StatusCode::OK,
            body: Bytes::new(),
            tag: Some(HeaderValue::from_static("\"v1\"")),
        });
        drop(again);
        assert_eq!((status(&keys, 1, 1), status(&keys, 1, 2)), (200, 422));
    }

    #[test]
    fn what_came_to_nothing_leaves_nothing() {
        let keys = Keys::default();
        drop(ours(&keys, 1, 1));
        assert_eq!(status(&keys, 1, 2), 0);
        assert!(keys.known().order.is_empty());
    }

    #[test]
    fn the_oldest_keys_are_forgotten() {
        let keys = Keys::default();
        for number in 0..KEPT + 5 {
            let key = ids_of(number);
            let Stand::Ours(held) = keys.take(key, [0; 32]).unwrap() else {
                panic!("each is new");
            };
            held.written(1);
        }
        let known = keys.known();
        assert_eq!((known.by_key.len(), known.order.len()), (KEPT, KEPT));
        assert!(!known.by_key.contains_key(&ids_of(0)));
    }

    fn ids_of(number: usize) -> [u8; 32] {
        engine::ids::hash(&[&number.to_be_bytes()])
    }
}
