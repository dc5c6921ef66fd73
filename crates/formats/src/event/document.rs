//! A JSON document in one flat list, with its texts where they stand in the input. Unknown members are kept, because all
//! of it counts in the digest; the members of each object stand in canonical order.

use std::cmp::Ordering;

/// A read document.
#[derive(Debug)]
pub(super) struct Document<'a> {
    pub(super) input: &'a str,
    /// Texts that had an escape.
    pub(super) unescaped: Vec<String>,
    pub(super) items: Vec<Item>,
    pub(super) root: Value,
    /// Whether any text has a character beyond the first plane of Unicode.
    pub(super) beyond: bool,
    /// The second of two members of one name, which make their object ambiguous.
    pub(super) twice: Option<Index>,
}

/// Where an item stands in the list.
pub(super) type Index = u32;

/// No item.
pub(super) const NONE: Index = Index::MAX;

/// A member of an object, or an item of a list, which has no key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) key: Key,
    pub(super) value: Value,
    /// The next in the same object or list.
    pub(super) next: Index,
}

/// The name of a member.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Key {
    /// See [`head`].
    pub(super) head: u64,
    pub(super) text: Text,
}

/// A text: bytes of the input, or the number of one that had an escape.
#[derive(Clone, Copy, Debug)]
pub(super) enum Text {
    Input { start: u32, end: u32 },
    Unescaped(u32),
}

impl Default for Text {
    fn default() -> Self {
        Self::Input { start: 0, end: 0 }
    }
}

/// One value. Numbers mean doubles, as in RFC 8785, so that facts with equal digests are read alike.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// At most 2^53 in size.
    Integer(i64),
    /// A number with a fraction, as it stands in the input: already what RFC 8785 prints.
    Decimal {
        start: u32,
        end: u32,
    },
    /// Every other number; always finite.
    Float(f64),
    Text(Text),
    /// With its first item.
    List(Index),
    /// With its first member.
    Object(Index),
}

/// The first eight bytes of a key, which tell nearly all of them apart and sort as their texts do; 0 after its end.
#[inline]
pub(super) fn head(key: &str) -> u64 {
    let bytes = key.as_bytes();
    if let Some(first) = bytes.first_chunk::<8>() {
        return u64::from_be_bytes(*first);
    }
    // In a register: through memory, the bytes could not be read back as one word before all were written.
    let word = bytes
        .iter()
        .fold(0_u64, |word, byte| (word << 8) | u64::from(*byte));
    // Nothing at all is left of an empty key.
    word.checked_shl(64 - 8 * bytes.len() as u32).unwrap_or(0)
}

/// The head of the key of `length` bytes at the start of `input`, which goes on after it.
#[inline]
pub(super) fn head_within(input: &[u8], length: usize) -> Option<u64> {
    let first = u64::from_be_bytes(*input.first_chunk::<8>()?);
    Some(match length {
        0 => 0,
        1..8 => first & (u64::MAX << (64 - 8 * length)),
        _ => first,
    })
}

impl Document<'_> {
    #[inline]
    pub(super) fn text(&self, text: Text) -> &str {
        match text {
            Text::Input { start, end } => self.input(start, end),
            Text::Unescaped(number) => &self.unescaped[number as usize],
        }
    }

    #[inline]
    pub(super) fn input(&self, start: u32, end: u32) -> &str {
        &self.input[start as usize..end as usize]
    }

    /// The items of a list, or the members of an object in canonical order, from the first.
    #[inline]
    pub(super) fn items(&self, first: Index) -> impl Iterator<Item = &Item> {
        let mut at = first;
        std::iter::from_fn(move || {
            let item = self.items.get(at as usize)?;
            at = item.next;
            Some(item)
        })
    }

    /// Members by UTF-16 code units of their keys, as RFC 8785 sorts. Bytes agree with that but for characters beyond the first plane.
    pub(super) fn order(&self, a: Index, b: Index) -> Ordering {
        let key = |index: Index| self.text(self.items[index as usize].key.text);
        let (a, b) = (key(a), key(b));
        if self.beyond {
            a.encode_utf16().cmp(b.encode_utf16())
        } else {
            a.cmp(b)
        }
    }

    /// The JSON pointer to an item.
    pub(super) fn pointer(&self, wanted: Index) -> Option<String> {
        self.pointer_below(self.root, wanted)
    }

    fn pointer_below(&self, value: Value, wanted: Index) -> Option<String> {
        let (mut at, is_object) = match value {
            Value::List(first) => (first, false),
            Value::Object(first) => (first, true),
            _ => return None,
        };
        let mut number = 0;
        while let Some(item) = self.items.get(at as usize) {
            let below = if at == wanted {
                Some(String::new())
            } else {
                self.pointer_below(item.value, wanted)
            };
            if let Some(below) = below {
                if !is_object {
                    return Some(format!("/{number}{below}"));
                }
                // Reference tokens escape two characters (RFC 6901).
                let key = self.text(item.key.text).replace('~', "~0").replace('/', "~1");
                return Some(format!("/{key}{below}"));
            }
            number += 1;
            at = item.next;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_head_of_a_key_is_its_first_eight_bytes(key in ".{0,12}", rest in ".{0,12}") {
            let mut first = key.clone().into_bytes();
            first.resize(8, 0);
            let expected = u64::from_be_bytes(*first.first_chunk().unwrap());
            prop_assert_eq!(head(&key), expected);
            let input = format!("{key}{rest}");
            let within = (input.len() >= 8).then_some(expected);
            prop_assert_eq!(head_within(input.as_bytes(), key.len()), within);
        }
    }
}
