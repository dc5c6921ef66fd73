//! The writing half of the document's alphabet.

use std::sync::Arc;

use engine::fact::{FactId, RawPlate};
use engine::time::{SECOND, Timestamp};
use foldhash::{HashMap, HashMapExt as _};

use super::Wire;
use super::wire::Word;

/// Appends to a document. The texts and ids that it has written out are numbered in order.
pub(crate) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    texts: HashMap<&'a str, u64>,
    ids: HashMap<&'a str, u64>,
    time: Timestamp,
    position: u64,
    degrees: [i32; 2],
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    clippy::ref_option,
    reason = "`record!` hands over every field in the same way"
)]
impl<'a> Writer<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            texts: HashMap::with_capacity(28),
            ids: HashMap::with_capacity(14),
            time: Timestamp::default(),
            position: 0,
            degrees: [0; 2],
        }
    }

    pub(crate) fn byte(&mut self, value: u8) {
        self.out.push(value);
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) {
        self.out.extend_from_slice(value);
    }

    pub(crate) fn number(&mut self, value: &u64) {
        let mut rest = *value;
        while rest >= 0x80 {
            self.out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.out.push(rest as u8);
    }

    pub(crate) fn small(&mut self, value: &u32) {
        self.number(&u64::from(*value));
    }

    pub(crate) fn size(&mut self, value: usize) {
        self.number(&(value as u64));
    }

    pub(crate) fn signed(&mut self, value: i64) {
        self.number(&(((value << 1) ^ (value >> 63)) as u64));
    }

    /// A number of which every bit is as likely.
    pub(crate) fn hash(&mut self, value: &u64) {
        self.bytes(&value.to_le_bytes());
    }

    pub(crate) fn flag(&mut self, value: &bool) {
        self.byte(u8::from(*value));
    }

    pub(crate) fn word<T: Word>(&mut self, value: &T) {
        self.byte(value.number());
    }

    /// A time, as the difference to the one before; most are whole seconds apart, which takes two bytes less.
    pub(crate) fn time(&mut self, value: &Timestamp) {
        let step = value.since(self.time);
        self.time = *value;
        if step % SECOND == 0 {
            self.signed(step / SECOND * 2);
        } else {
            // Twice the widest difference of two timestamps still fits.
            self.signed(step * 2 + 1);
        }
    }

    pub(crate) fn maybe_time(&mut self, value: &Option<Timestamp>) {
        self.flag(&value.is_some());
        if let Some(value) = value {
            self.time(value);
        }
    }

    /// A place in the log, as the difference to the one before.
    pub(crate) fn position(&mut self, value: u64) {
        self.signed(value.wrapping_sub(self.position) as i64);
        self.position = value;
    }

    /// Longitude and latitude, as the difference to those before: cameras stand still.
    pub(crate) fn degrees(&mut self, value: [i32; 2]) {
        for (value, before) in value.into_iter().zip(self.degrees) {
            self.signed(i64::from(value) - i64::from(before));
        }
        self.degrees = value;
    }

    pub(crate) fn maybe_signed(&mut self, value: &Option<i64>) {
        self.flag(&value.is_some());
        if let Some(value) = value {
            self.signed(*value);
        }
    }

    /// A text that is likely to come again: 0 and the text, or from 1 the number of one that was written before.
    pub(crate) fn text(&mut self, value: &'a Arc<str>) {
        self.shared(value, 0);
    }

    /// The same, with 0 for none.
    pub(crate) fn maybe_text(&mut self, value: &'a Option<Arc<str>>) {
        match value {
            None => self.byte(0),
            Some(value) => self.shared(value, 1),
        }
    }

    fn shared(&mut self, value: &'a str, first: u64) {
        if let Some(number) = self.texts.get(value) {
            let number = first + 1 + number;
            return self.number(&number);
        }
        self.texts.insert(value, self.texts.len() as u64);
        self.number(&first);
        self.plain(value);
    }

    /// A text that is not likely to come again.
    pub(crate) fn once(&mut self, value: &Arc<str>) {
        self.plain(value);
    }

    pub(crate) fn maybe_once(&mut self, value: &Option<Arc<str>>) {
        self.flag(&value.is_some());
        if let Some(value) = value {
            self.plain(value);
        }
    }

    pub(crate) fn plain(&mut self, value: &str) {
        self.size(value.len());
        self.bytes(value.as_bytes());
    }

    pub(crate) fn texts(&mut self, values: &'a [Arc<str>]) {
        self.size(values.len());
        for value in values {
            self.text(value);
        }
    }

    /// A fact id: 0, its source and its own id, or from 1 the number of one that was written before.
    pub(crate) fn id(&mut self, value: &'a FactId) {
        if let Some(number) = self.ids.get(value.as_str()) {
            let number = 1 + number;
            return self.number(&number);
        }
        self.ids.insert(value.as_str(), self.ids.len() as u64);
        self.byte(0);
        self.shared(value.source(), 0);
        self.plain(value.id());
    }

    pub(crate) fn ids(&mut self, values: &'a [FactId]) {
        self.size(values.len());
        for value in values {
            self.id(value);
        }
    }

    pub(crate) fn plate(&mut self, value: &'a RawPlate) {
        value.write(self);
    }

    pub(crate) fn maybe_plate(&mut self, value: &'a Option<RawPlate>) {
        self.flag(&value.is_some());
        if let Some(value) = value {
            value.write(self);
        }
    }

    pub(crate) fn part<T: Wire>(&mut self, value: &'a T) {
        value.write(self);
    }
}
