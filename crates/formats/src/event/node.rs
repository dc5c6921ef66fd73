//! A JSON value that borrows its text. Kept whole, unknown members included, because all of it counts in the digest.

use std::borrow::Cow;
use std::cmp::Ordering;

/// One value. Numbers mean doubles, as in RFC 8785, so that facts with equal digests are read alike.
#[derive(Debug)]
pub(super) enum Node<'a> {
    Null,
    Bool(bool),
    /// At most 2^53 in size.
    Integer(i64),
    /// A number with a fraction whose text is already what RFC 8785 prints.
    Decimal(&'a str),
    /// Every other number; always finite.
    Float(f64),
    /// Borrowed where it had no escape, so that it needs none when it is written either.
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Object(Vec<Member<'a>>),
}

/// A member of an object.
pub(super) type Member<'a> = (Key<'a>, Node<'a>);

/// The name of a member.
#[derive(Debug)]
pub(super) struct Key<'a> {
    text: Cow<'a, str>,
    /// Its first eight bytes, which tell nearly all keys apart; 0 after its end.
    head: u64,
    /// Whether it has a character beyond the first plane of Unicode.
    beyond: bool,
}

impl<'a> Key<'a> {
    pub(super) fn new(text: Cow<'a, str>) -> Self {
        let mut head = [0; 8];
        let length = text.len().min(8);
        head[..length].copy_from_slice(&text.as_bytes()[..length]);
        let beyond = text.bytes().any(|byte| byte >= 0xf0);
        Self {
            text,
            head: u64::from_be_bytes(head),
            beyond,
        }
    }

    pub(super) fn text(&self) -> &Cow<'a, str> {
        &self.text
    }

    /// By UTF-16 code units, as RFC 8785 sorts. Bytes agree with that but for characters beyond the first plane.
    fn order(&self, other: &Self) -> Ordering {
        if self.beyond || other.beyond {
            return self.text.encode_utf16().cmp(other.text.encode_utf16());
        }
        self.head
            .cmp(&other.head)
            .then_with(|| self.text.cmp(&other.text))
    }
}

impl Node<'_> {
    /// Puts the members of every object in canonical order. Two of one name make the value ambiguous: their JSON pointer
    /// comes back, and the order is then unspecified.
    pub(super) fn sort(&mut self) -> Result<(), String> {
        match self {
            Self::Null
            | Self::Bool(_)
            | Self::Integer(_)
            | Self::Decimal(_)
            | Self::Float(_)
            | Self::Text(_) => Ok(()),
            Self::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    item.sort().map_err(|below| format!("/{index}{below}"))?;
                }
                Ok(())
            }
            Self::Object(members) => {
                members.sort_unstable_by(|(a, _), (b, _)| a.order(b));
                if let Some(twice) = members
                    .windows(2)
                    .find(|pair| pair[0].0.order(&pair[1].0).is_eq())
                {
                    return Err(format!("/{}", escaped(&twice[0].0.text)));
                }
                for (key, value) in members {
                    value
                        .sort()
                        .map_err(|below| format!("/{}{below}", escaped(&key.text)))?;
                }
                Ok(())
            }
        }
    }
}

/// A reference token of a JSON pointer (RFC 6901).
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
