//! Messages of the inner log: facts that our own work makes, guests on their way to another ledger, and wake-up calls.
//!
//! Binary like ledger documents and made of the same parts, led by a format byte of its own.

use std::sync::Arc;

use engine::fact::{Fact, FactId, NoticeKind};
use engine::ids::CaseId;
use engine::ledger::{Guest, Wish};

use crate::ledger::{DocumentError, Reader, Wire, Writer};

/// The format that is written.
const FORMAT: u8 = 1;

const FACT: u8 = 1;
const SEAT: u8 = 2;
const UNSEAT: u8 = 3;
const WAKE: u8 = 4;
const WISH: u8 = 5;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inner {
    /// A fact for the ledger of `plate`: a telling, a receipt, or one that was read in the wrong lane.
    Fact {
        /// The ledger.
        plate: Arc<str>,
        /// The fact.
        fact: Fact,
    },
    /// An observation that a correction brings to another ledger, with all that was said about it.
    Seat {
        /// The ledger that it goes to.
        target: Arc<str>,
        /// What goes there.
        guest: Guest,
    },
    /// A guest that must leave again.
    Unseat {
        /// The ledger that it leaves.
        target: Arc<str>,
        /// Which observation.
        observation: FactId,
    },
    /// A message that a person wants said again.
    Wish {
        /// The ledger of its case.
        plate: Arc<str>,
        /// Which.
        wish: Wish,
    },
    /// Ledgers that time alone changes.
    Wake {
        /// Which.
        plates: Vec<Arc<str>>,
    },
}

impl Inner {
    /// The wish to have a message said again, of which `said` is the latest revision.
    pub fn once_more(plate: &Arc<str>, case: &CaseId, kind: NoticeKind, said: u32) -> Self {
        Self::Wish {
            plate: Arc::clone(plate),
            wish: Wish {
                case: case.clone(),
                kind,
                revision: said + 1,
            },
        }
    }

    /// The message's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        out.push(FORMAT);
        let mut to = Writer::new(&mut out);
        match self {
            Self::Fact { plate, fact } => {
                to.byte(FACT);
                to.text(plate);
                fact.write(&mut to);
            }
            Self::Seat { target, guest } => {
                to.byte(SEAT);
                to.text(target);
                guest.write(&mut to);
            }
            Self::Unseat { target, observation } => {
                to.byte(UNSEAT);
                to.text(target);
                to.id(observation);
            }
            Self::Wake { plates } => {
                to.byte(WAKE);
                to.texts(plates);
            }
            Self::Wish { plate, wish } => {
                to.byte(WISH);
                to.text(plate);
                to.plain(wish.case.as_str());
                to.word(&wish.kind);
                to.small(&wish.revision);
            }
        }
        out
    }

    /// Reads a message.
    pub fn decode(bytes: &[u8]) -> Result<Self, DocumentError> {
        let mut from = Reader::new(bytes);
        from.format(FORMAT)?;
        let message = match from.byte()? {
            FACT => Self::Fact {
                plate: from.text()?,
                fact: Fact::read(&mut from)?,
            },
            SEAT => Self::Seat {
                target: from.text()?,
                guest: Guest::read(&mut from)?,
            },
            UNSEAT => Self::Unseat {
                target: from.text()?,
                observation: from.id()?,
            },
            WISH => Self::Wish {
                plate: from.text()?,
                wish: Wish {
                    case: CaseId::from_text(from.plain()?),
                    kind: from.word()?,
                    revision: from.small()?,
                },
            },
            WAKE => Self::Wake {
                plates: from.texts()?,
            },
            _ => return Err(from.damaged("an unknown kind of message")),
        };
        from.end()?;
        Ok(message)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::*;
    use crate::ledger::samples::{facts, guests, ids, sighting};

    fn messages() -> impl Strategy<Value = Inner> {
        let plate = || "[湘K0-9]{0,6}".prop_map(Arc::from);
        prop_oneof![
            (plate(), facts()).prop_map(|(plate, fact)| Inner::Fact { plate, fact }),
            (plate(), guests()).prop_map(|(target, guest)| Inner::Seat { target, guest }),
            (plate(), ids()).prop_map(|(target, observation)| Inner::Unseat { target, observation }),
            prop::collection::vec(plate(), 0..5).prop_map(|plates| Inner::Wake { plates }),
            (plate(), "[0-9A-Z-]{0,9}", any::<u32>()).prop_map(|(plate, case, revision)| Inner::Wish {
                plate,
                wish: Wish {
                    case: CaseId::from_text(&case),
                    kind: NoticeKind::Waived,
                    revision,
                },
            }),
        ]
    }

    /// One message of each kind. Never change them: the golden file holds them.
    fn every_kind() -> [Inner; 5] {
        let target: Arc<str> = "湘K12345".into();
        let guest = Guest {
            observation: sighting(1),
            about: vec![sighting(2)],
        };
        [
            Inner::Fact {
                plate: target.clone(),
                fact: sighting(3),
            },
            Inner::Seat {
                target: target.clone(),
                guest,
            },
            Inner::Unseat {
                target: target.clone(),
                observation: sighting(4).id,
            },
            Inner::Wake {
                plates: vec![target.clone(), "湘K54321".into()],
            },
            Inner::Wish {
                plate: target,
                wish: Wish {
                    case: CaseId::from_text("260302-0123456789AB"),
                    kind: NoticeKind::PenaltyProposed,
                    revision: 1,
                },
            },
        ]
    }

    /// The messages in hex, a line each.
    fn golden() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/inner-1.hex")
    }

    #[test]
    fn the_golden_messages_are_read_and_written_for_ever() {
        let text = std::fs::read_to_string(golden()).unwrap();
        assert_eq!(text.lines().count(), 5);
        for (line, message) in text.lines().zip(every_kind()) {
            let bytes = hex::decode(line).unwrap();
            assert_eq!(
                message.encode(),
                bytes,
                "a message that is written otherwise needs a new format byte"
            );
            assert_eq!(Inner::decode(&bytes), Ok(message));
        }
    }

    #[test]
    #[ignore = "run once by hand when a format is born; it refuses to overwrite a file"]
    fn a_new_format_gets_its_golden_messages() {
        let mut file = std::fs::File::create_new(golden()).unwrap();
        let lines = every_kind().map(|message| hex::encode(message.encode()) + "\n");
        std::io::Write::write_all(&mut file, lines.concat().as_bytes()).unwrap();
    }

    #[test]
    fn what_is_wrong_with_a_message_is_said() {
        assert_eq!(Inner::decode(&[]), Err(DocumentError::Short { at: 0 }));
        assert_eq!(Inner::decode(&[2, WAKE, 0]), Err(DocumentError::Format(2)));
        assert!(matches!(
            Inner::decode(&[FORMAT, 9]),
            Err(DocumentError::Damaged { at: 2, .. })
        ));
        assert_eq!(
            Inner::decode(&[FORMAT, WAKE, 0, 0]),
            Err(DocumentError::Long { at: 3 })
        );
    }

    proptest! {
        #[test]
        fn a_message_comes_back_whole(message in messages()) {
            prop_assert_eq!(Inner::decode(&message.encode()), Ok(message));
        }

        #[test]
        fn a_damaged_message_never_panics(
            message in messages(), index in any::<prop::sample::Index>(), byte in any::<u8>(),
        ) {
            let mut bytes = message.encode();
            let place = index.index(bytes.len());
            bytes[place] = byte;
            let _ = Inner::decode(&bytes);
            prop_assert!(Inner::decode(&message.encode()[..place]).is_err());
        }
    }
}
