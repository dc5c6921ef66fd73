//! Reading members of the wire's objects. What is wrong is named by its JSON pointer and never quoted.

use std::borrow::Cow;
use std::sync::Arc;

use engine::fact::{FactId, RawPlate};
use engine::time::Timestamp;

use super::decimal::{self, Beyond};
use super::document::{Document, Index, NONE, Value, head};
use super::instant;

/// What is wrong, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) pointer: String,
    pub(super) detail: Cow<'static, str>,
}

/// An object of known place. A member that is null is absent, and so is an optional text without characters: an empty
/// ticket or session must not tie strangers together.
#[derive(Clone, Copy)]
pub(super) struct Object<'n> {
    document: &'n Document<'n>,
    first: Index,
    at: &'static str,
}

impl<'n> Object<'n> {
    /// `value` as the object that stands at the pointer `at`.
    pub(super) fn of(document: &'n Document<'n>, value: Value, at: &'static str) -> Result<Self, Fault> {
        match value {
            Value::Object(first) => Ok(Self { document, first, at }),
            _ => Err(Fault {
                pointer: at.to_owned(),
                detail: "must be an object".into(),
            }),
        }
    }

    pub(super) fn document(&self) -> &'n Document<'n> {
        self.document
    }

    /// A fault at the member `key`.
    pub(super) fn fault(&self, key: &str, detail: impl Into<Cow<'static, str>>) -> Fault {
        Fault {
            pointer: format!("{}/{key}", self.at),
            detail: detail.into(),
        }
    }

    /// A member as it stands, null included.
    pub(super) fn raw(&self, key: &str) -> Option<Value> {
        let head = head(key);
        // Keys that we ask for are ASCII, and those stand before all others whichever way the others are sorted.
        for item in self.document.items(self.first) {
            if item.key.head > head {
                break;
            }
            if item.key.head == head && self.document.text(item.key.text) == key {
                return Some(item.value);
            }
        }
        None
    }

    fn get(&self, key: &str) -> Option<Value> {
        self.raw(key).filter(|value| !matches!(value, Value::Null))
    }

    fn required<T>(&self, key: &str, value: Option<T>) -> Result<T, Fault> {
        value.ok_or_else(|| self.fault(key, "required"))
    }

    /// The object at the member `key`, whose full pointer is `at`.
    pub(super) fn object(&self, key: &str, at: &'static str) -> Result<Option<Object<'n>>, Fault> {
        self.get(key)
            .map(|value| Object::of(self.document, value, at))
            .transpose()
    }

    pub(super) fn need_object(&self, key: &str, at: &'static str) -> Result<Object<'n>, Fault> {
        let found = self.object(key, at)?;
        self.required(key, found)
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<&'n str>, Fault> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(self.document.text(text)).filter(|text| !text.is_empty())),
            Some(_) => Err(self.fault(key, "must be a text")),
        }
    }

    pub(super) fn need_text(&self, key: &str) -> Result<&'n str, Fault> {
        let found = self.text(key)?;
        if found.is_none() && self.get(key).is_some() {
            return Err(self.fault(key, "must not be empty"));
        }
        self.required(key, found)
    }

    /// A text to keep.
    pub(super) fn kept(&self, key: &str) -> Result<Option<Arc<str>>, Fault> {
        Ok(self.text(key)?.map(Arc::from))
    }

    pub(super) fn need_kept(&self, key: &str) -> Result<Arc<str>, Fault> {
        Ok(self.need_text(key)?.into())
    }

    /// A word of a closed list.
    pub(super) fn word<T: Copy>(&self, key: &str, words: &[(T, &str)]) -> Result<Option<T>, Fault> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        let found = words
            .iter()
            .find(|(_, word)| *word == text)
            .map(|(value, _)| *value);
        let one_of = || words.iter().map(|(_, word)| *word).collect::<Vec<_>>().join(", ");
        found
            .map(Some)
            .ok_or_else(|| self.fault(key, format!("must be one of {}", one_of())))
    }

    pub(super) fn need_word<T: Copy>(&self, key: &str, words: &[(T, &str)]) -> Result<T, Fault> {
        self.need_text(key)?;
        let found = self.word(key, words)?;
        self.required(key, found)
    }

    /// A word of a closed list that is kept as a text.
    pub(super) fn kept_word(&self, key: &str, words: &[&str]) -> Result<Option<Arc<str>>, Fault> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        if words.contains(&text) {
            return Ok(Some(text.into()));
        }
        Err(self.fault(key, format!("must be one of {}", words.join(", "))))
    }

    pub(super) fn need_kept_word(&self, key: &str, words: &[&str]) -> Result<Arc<str>, Fault> {
        self.need_text(key)?;
        let found = self.kept_word(key, words)?;
        self.required(key, found)
    }

    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>, Fault> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(value)),
            Some(_) => Err(self.fault(key, "must be true or false")),
        }
    }

    pub(super) fn time(&self, key: &str) -> Result<Option<Timestamp>, Fault> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        instant::parse(text)
            .map(Some)
            .map_err(|detail| self.fault(key, detail))
    }

    pub(super) fn need_time(&self, key: &str) -> Result<Timestamp, Fault> {
        self.need_text(key)?;
        let found = self.time(key)?;
        self.required(key, found)
    }

    /// A whole number of either sign.
    pub(super) fn whole(&self, key: &str) -> Result<Option<i64>, Fault> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Integer(value)) => Ok(Some(value)),
            Some(_) => Err(self.fault(key, "must be a whole number of at most 2^53")),
        }
    }

    /// An amount in the minor unit.
    pub(super) fn need_amount(&self, key: &str) -> Result<u64, Fault> {
        let found = self.whole(key)?;
        let value = self.required(key, found)?;
        u64::try_from(value).map_err(|_| self.fault(key, "must not be negative"))
    }

    /// Degrees in units of 1e-7, between `-limit` and `limit` degrees.
    pub(super) fn degrees(&self, key: &str, limit: i32) -> Result<Option<i32>, Fault> {
        const UNITS: i64 = 10_000_000;
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        if !matches!(value, Value::Integer(_) | Value::Decimal { .. } | Value::Float(_)) {
            return Err(self.fault(key, "must be a number"));
        }
        decimal::fixed(self.document, value, 7, Beyond::Round)
            .filter(|units| units.abs() <= i64::from(limit) * UNITS)
            .and_then(|units| i32::try_from(units).ok())
            .map(Some)
            .ok_or_else(|| self.fault(key, format!("must lie between -{limit} and {limit}")))
    }

    pub(super) fn confidence(&self, key: &str) -> Result<Option<u32>, Fault> {
        self.get(key)
            .map(|value| millionths(self.document, value).map_err(|detail| self.fault(key, detail)))
            .transpose()
    }

    /// The items of a list.
    pub(super) fn list(&self, key: &str) -> Result<impl Iterator<Item = Value> + use<'n>, Fault> {
        let first = match self.get(key) {
            None => NONE,
            Some(Value::List(first)) => first,
            Some(_) => return Err(self.fault(key, "must be a list")),
        };
        Ok(self.document.items(first).map(|item| item.value))
    }

    pub(super) fn texts(&self, key: &str) -> Result<Vec<Arc<str>>, Fault> {
        let items = self.list(key)?.enumerate();
        items
            .map(|(index, item)| match item {
                Value::Text(text) if !self.document.text(text).is_empty() => {
                    Ok(self.document.text(text).into())
                }
                _ => Err(self.fault(&format!("{key}/{index}"), "must be a text that is not empty")),
            })
            .collect()
    }

    pub(super) fn need_about(&self) -> Result<FactId, Fault> {
        let text = self.need_text("about")?;
        FactId::parse(text).ok_or_else(|| self.fault("about", "must be SOURCE#ID of an observation"))
    }

    /// The plate at the member `plate` of `data`.
    pub(super) fn plate(&self) -> Result<Option<RawPlate>, Fault> {
        self.object("plate", "/data/plate")?
            .map(|plate| plate.read_plate())
            .transpose()
    }

    /// A plate that names a number.
    pub(super) fn need_plate(&self) -> Result<RawPlate, Fault> {
        let plate = self.need_object("plate", "/data/plate")?;
        plate.need_text("number")?;
        plate.read_plate()
    }

    fn read_plate(&self) -> Result<RawPlate, Fault> {
        let mut lowest = None;
        for (index, item) in self.list("char_confidence")?.enumerate() {
            let value = millionths(self.document, item)
                .map_err(|detail| self.fault(&format!("char_confidence/{index}"), detail))?;
            lowest = Some(lowest.map_or(value, |lowest: u32| lowest.min(value)));
        }
        Ok(RawPlate {
            number: self.kept("number")?,
            class: self.kept("class")?,
            color: self.kept("color")?,
            confidence: self.confidence("confidence")?,
            min_char_confidence: lowest,
        })
    }
}

/// A number between 0 and 1; what lies beyond the millionth is cut off, so that no threshold is passed by rounding.
fn millionths(document: &Document<'_>, value: Value) -> Result<u32, &'static str> {
    // Asked before cutting, which would make 1 of a little more.
    let within = match value {
        Value::Integer(value) => (0..=1).contains(&value),
        Value::Decimal { start, end } => document.input(start, end).starts_with("0."),
        Value::Float(value) => (0.0..=1.0).contains(&value),
        _ => return Err("must be a number"),
    };
    let value = decimal::fixed(document, value, 6, Beyond::Cut).filter(|_| within);
    value
        .and_then(|value| u32::try_from(value).ok())
        .ok_or("must lie between 0 and 1")
}
