//! The reading half of the document's alphabet. Nothing here trusts a length or a number.

use std::sync::Arc;

use engine::fact::{FactId, RawPlate};
use engine::time::{SECOND, Timestamp};

use super::wire::Word;
use super::{DocumentError, Wire};

/// Walks through a document.
pub(crate) struct Reader<'d> {
    bytes: &'d [u8],
    at: usize,
    texts: Vec<Arc<str>>,
    ids: Vec<FactId>,
    time: Timestamp,
    position: u64,
    degrees: [i32; 2],
    scratch: String,
}

impl<'d> Reader<'d> {
    pub(crate) fn new(bytes: &'d [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            texts: Vec::with_capacity(16),
            ids: Vec::new(),
            time: Timestamp::default(),
            position: 0,
            degrees: [0; 2],
            scratch: String::new(),
        }
    }

    /// The format byte, which must be `known`.
    pub(crate) fn format(&mut self, known: u8) -> Result<(), DocumentError> {
        let format = self.byte()?;
        if format == known {
            Ok(())
        } else {
            Err(DocumentError::Format(format))
        }
    }

    /// Whether everything was read.
    pub(crate) fn end(&self) -> Result<(), DocumentError> {
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err(DocumentError::Long { at: self.at })
        }
    }

    pub(crate) fn damaged(&self, what: &'static str) -> DocumentError {
        DocumentError::Damaged { at: self.at, what }
    }

    fn slice(&mut self, count: usize) -> Result<&'d [u8], DocumentError> {
        let slice = self.bytes[self.at..]
            .get(..count)
            .ok_or(DocumentError::Short { at: self.at })?;
        self.at += count;
        Ok(slice)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, DocumentError> {
        let byte = *self
            .bytes
            .get(self.at)
            .ok_or(DocumentError::Short { at: self.at })?;
        self.at += 1;
        Ok(byte)
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], DocumentError> {
        let slice = self.slice(N)?;
        Ok(slice.try_into().expect("a slice of N bytes was cut"))
    }

    pub(crate) fn number(&mut self) -> Result<u64, DocumentError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            // The tenth byte has room for one bit.
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.damaged("a number of more than 64 bits"))
    }

    pub(crate) fn small(&mut self) -> Result<u32, DocumentError> {
        let value = self.number()?;
        u32::try_from(value).map_err(|_| self.damaged("a number of more than 32 bits"))
    }

    /// How many items follow, of at least `shortest` bytes each: so many that they cannot be there are an error now,
    /// before anything is set aside for them.
    pub(crate) fn size(&mut self, shortest: usize) -> Result<usize, DocumentError> {
        let count = self.number()?;
        let room = (self.bytes.len() - self.at) / shortest;
        usize::try_from(count)
            .ok()
            .filter(|count| *count <= room)
            .ok_or(DocumentError::Short { at: self.at })
    }

    pub(crate) fn signed(&mut self) -> Result<i64, DocumentError> {
        let value = self.number()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub(crate) fn hash(&mut self) -> Result<u64, DocumentError> {
        self.bytes().map(u64::from_le_bytes)
    }

    pub(crate) fn flag(&mut self) -> Result<bool, DocumentError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.damaged("neither yes nor no")),
        }
    }

    pub(crate) fn word<T: Word>(&mut self) -> Result<T, DocumentError> {
        let number = self.byte()?;
        T::of_number(number).ok_or_else(|| self.damaged("an unknown word"))
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, DocumentError> {
        let value = self.signed()?;
        let step = if value & 1 == 0 {
            (value >> 1).checked_mul(SECOND)
        } else {
            Some(value >> 1)
        };
        let micros = step.and_then(|step| self.time.as_micros().checked_add(step));
        let within = Timestamp::MIN.as_micros()..=Timestamp::MAX.as_micros();
        let micros = micros.filter(|micros| within.contains(micros));
        self.time = micros
            .map(Timestamp::from_micros)
            .ok_or_else(|| self.damaged("a time out of range"))?;
        Ok(self.time)
    }

    pub(crate) fn maybe_time(&mut self) -> Result<Option<Timestamp>, DocumentError> {
        if self.flag()? {
            self.time().map(Some)
        } else {
            Ok(None)
        }
    }

    pub(crate) fn position(&mut self) -> Result<u64, DocumentError> {
        self.position = self.position.wrapping_add(self.signed()? as u64);
        Ok(self.position)
    }

    pub(crate) fn degrees(&mut self) -> Result<[i32; 2], DocumentError> {
        for index in 0..2 {
            let value = i64::from(self.degrees[index]).checked_add(self.signed()?);
            let value = value.and_then(|value| i32::try_from(value).ok());
            self.degrees[index] = value.ok_or_else(|| self.damaged("coordinates out of range"))?;
        }
        Ok(self.degrees)
    }

    pub(crate) fn maybe_signed(&mut self) -> Result<Option<i64>, DocumentError> {
        if self.flag()? {
            self.signed().map(Some)
        } else {
            Ok(None)
        }
    }

    pub(crate) fn text(&mut self) -> Result<Arc<str>, DocumentError> {
        let number = self.number()?;
        self.shared(number)
    }

    pub(crate) fn maybe_text(&mut self) -> Result<Option<Arc<str>>, DocumentError> {
        match self.number()? {
            0 => Ok(None),
            number => self.shared(number - 1).map(Some),
        }
    }

    fn shared(&mut self, number: u64) -> Result<Arc<str>, DocumentError> {
        let Some(before) = number.checked_sub(1) else {
            let text: Arc<str> = self.plain()?.into();
            self.texts.push(text.clone());
            return Ok(text);
        };
        let found = usize::try_from(before)
            .ok()
            .and_then(|before| self.texts.get(before));
        found
            .cloned()
            .ok_or_else(|| self.damaged("a text that was not written before"))
    }

    pub(crate) fn once(&mut self) -> Result<Arc<str>, DocumentError> {
        self.plain().map(Arc::from)
    }

    pub(crate) fn maybe_once(&mut self) -> Result<Option<Arc<str>>, DocumentError> {
        if self.flag()? {
            self.once().map(Some)
        } else {
            Ok(None)
        }
    }

    pub(crate) fn plain(&mut self) -> Result<&'d str, DocumentError> {
        let length = self.size(1)?;
        let slice = self.slice(length)?;
        std::str::from_utf8(slice).map_err(|_| self.damaged("a text that is not UTF-8"))
    }

    pub(crate) fn texts(&mut self) -> Result<Vec<Arc<str>>, DocumentError> {
        let count = self.size(1)?;
        (0..count).map(|_| self.text()).collect()
    }

    pub(crate) fn id(&mut self) -> Result<FactId, DocumentError> {
        let number = self.number()?;
        if let Some(before) = number.checked_sub(1) {
            let found = usize::try_from(before)
                .ok()
                .and_then(|before| self.ids.get(before));
            return found
                .cloned()
                .ok_or_else(|| self.damaged("a fact id that was not written before"));
        }
        let source = self.text()?;
        let own = self.plain()?;
        // Joined in a buffer that is used again, a fact id costs one allocation.
        self.scratch.clear();
        self.scratch.push_str(&source);
        self.scratch.push('#');
        self.scratch.push_str(own);
        let id = FactId::parse(&self.scratch).unwrap_or_else(|| FactId::new(&source, own));
        self.ids.push(id.clone());
        Ok(id)
    }

    pub(crate) fn ids(&mut self) -> Result<Vec<FactId>, DocumentError> {
        let count = self.size(1)?;
        (0..count).map(|_| self.id()).collect()
    }

    pub(crate) fn plate(&mut self) -> Result<RawPlate, DocumentError> {
        RawPlate::read(self)
    }

    pub(crate) fn maybe_plate(&mut self) -> Result<Option<RawPlate>, DocumentError> {
        if self.flag()? {
            RawPlate::read(self).map(Some)
        } else {
            Ok(None)
        }
    }

    pub(crate) fn part<T: Wire>(&mut self) -> Result<T, DocumentError> {
        T::read(self)
    }
}
