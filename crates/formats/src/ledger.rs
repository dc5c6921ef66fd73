//! Ledger documents: a compact binary form of [`Ledger`], led by a format byte.
//!
//! Integers are LEB128, signed ones in zigzag. Times and log positions are differences to the one written before. A text
//! that is likely to come again (a source, a device, a zone, an officer) and every fact id are written out once and
//! referred to by number from then on, so that a plate's document grows by what is new in a fact.
//!
//! Reading is total: damaged bytes give an error, never a panic and never more memory than a small multiple of the
//! document. A format is read for ever and written only by its own version; `tests/golden` holds one document of each.

mod answer;
mod memo;
mod observation;
mod reader;
mod record;
mod wire;
mod writer;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

use engine::fact::{Body, Fact};
use engine::ledger::{Guest, Ledger, Memo};

pub(crate) use self::reader::Reader;
pub(crate) use self::wire::Wire;
pub(crate) use self::writer::Writer;

/// The format that is written.
const FORMAT: u8 = 1;

/// The shortest fact: its digest alone has 16 bytes.
const SHORTEST_FACT: usize = 20;

/// Why a document cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// It has a format that this version does not know.
    #[error(
        "format {0} is not known to this version; use the version of Clearwalk that wrote it, or a later one"
    )]
    Format(u8),
    /// It ends in the middle of something.
    #[error("the document ends too early, at byte {at}; restore it from a backup or rebuild it by a replay")]
    Short {
        /// Where.
        at: usize,
    },
    /// It goes on after its end.
    #[error(
        "the document goes on after its end, from byte {at}; restore it from a backup or rebuild it by a replay"
    )]
    Long {
        /// From where.
        at: usize,
    },
    /// Something in it is not what it should be.
    #[error(
        "the document is damaged before byte {at}: {what}; restore it from a backup or rebuild it by a replay"
    )]
    Damaged {
        /// Before which byte.
        at: usize,
        /// What is wrong.
        what: &'static str,
    },
}

/// Appends the document of `ledger`.
pub fn encode(ledger: &Ledger, out: &mut Vec<u8>) {
    out.push(FORMAT);
    let mut to = Writer::new(out);
    facts(ledger.facts(), &mut to);
    to.size(ledger.guests().len());
    for guest in ledger.guests() {
        guest.write(&mut to);
    }
    ledger.memo.write(&mut to);
}

/// Reads a document.
pub fn decode(bytes: &[u8]) -> Result<Ledger, DocumentError> {
    let mut from = Reader::new(bytes);
    from.format(FORMAT)?;
    let facts = read_facts(&mut from)?;
    if !facts.is_sorted_by(|a, b| a.id < b.id) {
        return Err(from.damaged("facts out of order"));
    }
    let count = from.size(SHORTEST_FACT)?;
    let guests = (0..count)
        .map(|_| Guest::read(&mut from))
        .collect::<Result<Vec<_>, _>>()?;
    if !guests.is_sorted_by(|a, b| a.observation.id < b.observation.id) {
        return Err(from.damaged("guests out of order"));
    }
    let memo = Memo::read(&mut from)?;
    from.end()?;
    Ok(Ledger::restore(facts, guests, memo))
}

fn facts<'a>(facts: &'a [Fact], to: &mut Writer<'a>) {
    to.size(facts.len());
    for fact in facts {
        fact.write(to);
    }
}

fn read_facts(from: &mut Reader<'_>) -> Result<Vec<Fact>, DocumentError> {
    let count = from.size(SHORTEST_FACT)?;
    let mut facts = Vec::with_capacity(count);
    for _ in 0..count {
        facts.push(Fact::read(from)?);
    }
    Ok(facts)
}

impl Wire for Fact {
    fn write<'a>(&'a self, to: &mut Writer<'a>) {
        to.id(&self.id);
        to.time(&self.known);
        to.position(self.position);
        to.bytes(&self.digest);
        self.body.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DocumentError> {
        Ok(Self {
            id: from.id()?,
            known: from.time()?,
            position: from.position()?,
            digest: from.bytes()?,
            body: Body::read(from)?,
        })
    }
}

impl Wire for Guest {
    fn write<'a>(&'a self, to: &mut Writer<'a>) {
        self.observation.write(to);
        facts(&self.about, to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DocumentError> {
        Ok(Self {
            observation: Fact::read(from)?,
            about: read_facts(from)?,
        })
    }
}

/// Each kind of body with its number, for writing and reading.
macro_rules! bodies {
    ($($number:literal => $name:ident($what:ty),)*) => {
        impl Wire for Body {
            fn write<'a>(&'a self, to: &mut Writer<'a>) {
                match self {
                    $(Self::$name(it) => {
                        to.byte($number);
                        it.write(to);
                    })*
                }
            }

            fn read(from: &mut Reader<'_>) -> Result<Self, DocumentError> {
                match from.byte()? {
                    $($number => <$what>::read(from).map(Self::$name),)*
                    _ => Err(from.damaged("an unknown kind of fact")),
                }
            }
        }
    };
}

bodies! {
    1 => Observation(Box<engine::fact::Observation>),
    2 => Departure(Box<engine::fact::Departure>),
    3 => Review(Box<engine::fact::Review>),
    4 => PlateCorrection(Box<engine::fact::PlateCorrection>),
    5 => Void(Box<engine::fact::Void>),
    6 => Told(Box<engine::fact::Told>),
    7 => Registration(Box<engine::fact::Registration>),
    8 => HandledElsewhere(Box<engine::fact::HandledElsewhere>),
    9 => Objection(Box<engine::fact::Objection>),
    10 => ObjectionResult(Box<engine::fact::ObjectionResult>),
    11 => Discretion(Box<engine::fact::Discretion>),
    12 => PenaltyDecision(Box<engine::fact::PenaltyDecision>),
    13 => Payment(Box<engine::fact::Payment>),
    14 => Application(Box<engine::fact::Application>),
    15 => Reattribution(Box<engine::fact::Reattribution>),
    16 => Permit(Box<engine::fact::Permit>),
    17 => VehicleStatus(Box<engine::fact::VehicleStatus>),
    18 => VehicleRecord(Box<engine::fact::VehicleRecord>),
    19 => DeviceSpan(Box<engine::fact::DeviceSpan>),
    20 => Published(Box<engine::fact::Published>),
}

impl<T: Wire> Wire for Box<T> {
    fn write<'a>(&'a self, to: &mut Writer<'a>) {
        T::write(self, to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DocumentError> {
        T::read(from).map(Self::new)
    }
}
