//! What was said before of a ledger's cases.

use engine::fact::Subject;
use engine::ids::CaseId;
use engine::ledger::{CaseMemo, Memo, NoticeMemo, SentGuest};

use jiff::civil::Date;

use super::wire::record;
use super::{DocumentError, Reader, Wire, Writer};

/// The shortest case: a fingerprint of 8 bytes and 9 parts of at least one.
const SHORTEST_CASE: usize = 17;
/// The shortest notice, and the shortest hand-over: a fingerprint and at least two more.
const SHORTEST_OTHER: usize = 10;

record! { Memo { cases: part, sent: part, wake: maybe_time, } }
record! {
    CaseMemo {
        id: part,
        version: small,
        anchor: id,
        from: time,
        subject: part,
        members: ids,
        fingerprint: hash,
        outcome: word,
        notices: part,
    }
}
record! { NoticeMemo { kind: word, revision: small, owed: flag, history: flag, fingerprint: hash, } }
record! { SentGuest { observation: id, target: text, fingerprint: hash, } }

impl Wire for CaseId {
    fn write<'a>(&'a self, to: &mut Writer<'a>) {
        to.plain(self.as_str());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DocumentError> {
        from.plain().map(Self::from_text)
    }
}

record! { Subject { number: text, class: text, epoch: part, } }

/// Year, month and day.
impl Wire for Option<Date> {
    fn write<'a>(&'a self, to: &mut Writer<'a>) {
        to.flag(&self.is_some());
        if let Some(day) = self {
            to.signed(day.year().into());
            to.bytes(&[day.month() as u8, day.day() as u8]);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DocumentError> {
        if !from.flag()? {
            return Ok(None);
        }
        let year = from.signed()?;
        let [month, day] = from.bytes()?.map(|byte: u8| byte as i8);
        let day = i16::try_from(year)
            .ok()
            .and_then(|year| Date::new(year, month, day).ok());
        day.map(Some).ok_or_else(|| from.damaged("no such day"))
    }
}

/// Lists of parts that know how short one of them can be.
macro_rules! lists {
    ($($name:ty: $shortest:ident,)*) => {
        $(impl Wire for Vec<$name> {
            fn write<'a>(&'a self, to: &mut Writer<'a>) {
                to.size(self.len());
                for item in self {
                    item.write(to);
                }
            }

            fn read(from: &mut Reader<'_>) -> Result<Self, DocumentError> {
                let count = from.size($shortest)?;
                (0..count).map(|_| <$name>::read(from)).collect()
            }
        })*
    };
}

lists! { CaseMemo: SHORTEST_CASE, NoticeMemo: SHORTEST_OTHER, SentGuest: SHORTEST_OTHER, }
