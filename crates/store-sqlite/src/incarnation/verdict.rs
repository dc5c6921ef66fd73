//! Whether a database is the one that sent last, from what it says, what the file beside it says, and which file it is.

use super::sidecar::{FileMark, Found, Line};

/// What a database knows of its own sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// Its life; none: it never sent.
    pub(super) incarnation: Option<String>,
    /// Attempts that it has committed, ever.
    pub(super) attempts: u64,
    /// Whether there is anything to send.
    pub(super) has_notices: bool,
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It never sent: its life begins.
    First,
    /// It is the one that sent last.
    Same(Line),
    /// It may be older than what was sent, for this reason.
    Doubt(&'static str),
}

pub(super) fn judge(known: &Known, found: Found, file: FileMark) -> Verdict {
    let Some(incarnation) = &known.incarnation else {
        return never_sent(known, found);
    };
    let line = match found {
        Found::Absent => {
            return Verdict::Doubt("the file beside the database that counts what was sent is gone");
        }
        Found::Damaged => {
            return Verdict::Doubt("the file beside the database that counts what was sent cannot be read");
        }
        Found::Line(line) => line,
    };
    if line.incarnation != *incarnation {
        Verdict::Doubt("another database stood in this place, or this one was put back from a copy")
    } else if line.sent > known.attempts {
        Verdict::Doubt("more was sent than this database knows of: an older copy stands in its place")
    } else if !line.file.is_same(file) {
        Verdict::Doubt("the database was copied: this is not the file that sent last")
    } else {
        Verdict::Same(line)
    }
}

fn never_sent(known: &Known, found: Found) -> Verdict {
    let was_counted = match found {
        Found::Absent => false,
        // A first start that was killed leaves a line that counts nothing.
        Found::Line(line) => line.sent > 0,
        Found::Damaged => true,
    };
    if known.attempts > 0 {
        Verdict::Doubt("messages were sent before anything counted them beside the database")
    } else if was_counted && known.has_notices {
        Verdict::Doubt("more was sent than this database knows of: an older copy stands in its place")
    } else {
        Verdict::First
    }
}

#[cfg(test)]
mod tests {
    use super::super::sidecar::copy_later;
    use super::*;

    struct Scene {
        known: Known,
        found: Found,
        file: FileMark,
    }

    /// A database with a hundred attempts, as it stood when its process was killed.
    fn scene() -> Scene {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("city.db");
        std::fs::write(&path, "x").unwrap();
        let file = FileMark::of(&path).unwrap();
        Scene {
            known: Known {
                incarnation: Some("a".to_owned()),
                attempts: 100,
                has_notices: true,
            },
            found: Found::Line(Line {
                incarnation: "a".to_owned(),
                file,
                sent: 100,
            }),
            file,
        }
    }

    fn counted(scene: &mut Scene) -> &mut Line {
        match &mut scene.found {
            Found::Line(line) => line,
            other => panic!("{other:?}"),
        }
    }

    fn doubts(change: impl FnOnce(&mut Scene)) -> bool {
        let mut scene = scene();
        change(&mut scene);
        matches!(judge(&scene.known, scene.found, scene.file), Verdict::Doubt(_))
    }

    #[test]
    fn a_killed_process_leaves_no_doubt() {
        assert!(!doubts(|_| {}));
        // Killed after the commit and before the count: nothing of that batch was sent.
        assert!(!doubts(|scene| scene.known.attempts = 164));
        // Without power the last counts may be lost.
        assert!(!doubts(|scene| counted(scene).sent = 0));
    }

    #[test]
    fn one_attempt_less_than_was_sent_is_a_doubt() {
        assert!(doubts(|scene| scene.known.attempts = 99));
        assert!(doubts(|scene| counted(scene).sent = 101));
    }

    #[test]
    fn another_life_another_file_and_no_count_are_doubts() {
        assert!(doubts(|scene| counted(scene).incarnation = "b".to_owned()));
        assert!(doubts(|scene| scene.found = Found::Absent));
        assert!(doubts(|scene| scene.found = Found::Damaged));
        assert!(doubts(|scene| scene.known.incarnation = None));
        let directory = tempfile::tempdir().unwrap();
        let [one, copy] = ["city.db", "copy.db"].map(|name| directory.path().join(name));
        std::fs::write(&one, "x").unwrap();
        let copy = copy_later(&one, &copy);
        assert!(doubts(|scene| {
            counted(scene).file = FileMark::of(&one).unwrap();
            scene.file = copy;
        }));
    }

    #[test]
    fn a_first_start_is_never_in_doubt_even_when_it_was_killed() {
        let fresh = |scene: &mut Scene| {
            scene.known.incarnation = None;
            scene.known.attempts = 0;
        };
        assert!(!doubts(|scene| {
            fresh(scene);
            scene.found = Found::Absent;
        }));
        assert!(!doubts(|scene| {
            fresh(scene);
            counted(scene).sent = 0;
        }));
        // An empty database has nothing that could be sent twice.
        assert!(!doubts(|scene| {
            fresh(scene);
            scene.known.has_notices = false;
        }));
        assert!(doubts(fresh));
    }
}
