//! How a type is written and read. Both directions of a record come from one list of its fields, so that they cannot
//! drift apart, and a field that is added to the engine's type does not compile until it stands in the list.

use super::{DocumentError, Reader, Writer};

/// A type with a place in documents.
pub(crate) trait Wire: Sized {
    fn write<'a>(&'a self, to: &mut Writer<'a>);
    fn read(from: &mut Reader<'_>) -> Result<Self, DocumentError>;
}

/// A value of a closed list, with a number that never changes.
pub(crate) trait Word: Copy {
    fn number(self) -> u8;
    fn of_number(number: u8) -> Option<Self>;
}

/// A record: each field with the method of [`Writer`] and [`Reader`] that knows its type.
macro_rules! record {
    ($name:ty { $($field:ident: $how:ident,)* }) => {
        impl $crate::ledger::Wire for $name {
            fn write<'a>(&'a self, to: &mut $crate::ledger::Writer<'a>) {
                $(to.$how(&self.$field);)*
            }

            fn read(from: &mut $crate::ledger::Reader<'_>) -> Result<Self, $crate::ledger::DocumentError> {
                Ok(Self { $($field: from.$how()?,)* })
            }
        }
    };
}

/// A closed list: each value with its number.
macro_rules! words {
    ($name:ty { $($number:literal => $word:ident,)* }) => {
        impl $crate::ledger::wire::Word for $name {
            fn number(self) -> u8 {
                match self {
                    $(Self::$word => $number,)*
                }
            }

            fn of_number(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$word),)*
                    _ => None,
                }
            }
        }
    };
}

pub(super) use {record, words};
