//! Words of the engine's closed lists as numbers: their place in the list, which never changes.

use engine::case::{Disposition, Outcome};
use engine::fact::NoticeKind;
use engine::notice::{AttemptClass, NoticeState};

use crate::error::{Fault, corrupt};

/// A word of a closed list.
pub(crate) trait Word: Copy + PartialEq + 'static {
    const LIST: &'static [(Self, &'static str)];
    const WHAT: &'static str;

    /// As it is stored.
    fn number(self) -> i64 {
        let at = Self::LIST.iter().position(|(word, _)| *word == self);
        at.expect("a list holds all of its words") as i64
    }

    /// From what is stored.
    fn of(number: i64) -> Result<Self, Fault> {
        let word = usize::try_from(number).ok().and_then(|at| Self::LIST.get(at));
        word.map(|(word, _)| *word)
            .ok_or_else(|| corrupt(format!("{number} is no {} that this release knows", Self::WHAT)))
    }
}

impl Word for Disposition {
    const LIST: &'static [(Self, &'static str)] = &Self::ALL;
    const WHAT: &'static str = "disposition";
}

impl Word for Outcome {
    const LIST: &'static [(Self, &'static str)] = &Self::ALL;
    const WHAT: &'static str = "outcome";
}

impl Word for NoticeKind {
    const LIST: &'static [(Self, &'static str)] = &Self::ALL;
    const WHAT: &'static str = "kind of notice";
}

impl Word for NoticeState {
    const LIST: &'static [(Self, &'static str)] = &Self::ALL;
    const WHAT: &'static str = "state of a notice";
}

impl Word for AttemptClass {
    const LIST: &'static [(Self, &'static str)] = &Self::ALL;
    const WHAT: &'static str = "class of an attempt";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_indexes_name_the_numbers_that_the_lists_give() {
        let schema = include_str!("../migrations/0001_store.sql");
        assert_eq!(NoticeState::Queued.number(), 0);
        assert!(schema.contains("WHERE state = 0"));
        assert_eq!(AttemptClass::Unknown.number(), 10);
        assert!(schema.contains("WHERE class = 10"));
        assert!(NoticeState::of(13).is_err() && NoticeState::of(-1).is_err());
    }
}
