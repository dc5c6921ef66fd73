//! A JSON value that borrows its text. Kept whole, unknown members included, because all of it counts in the digest.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// The largest integer up to which every integer is a double of its own.
const EXACT: u64 = 1 << 53;

/// One value. Numbers are doubles, as in RFC 8785, so that facts with equal digests are read alike.
#[derive(Debug)]
pub(super) enum Node<'a> {
    Null,
    Bool(bool),
    /// At most 2^53 in size.
    Integer(i64),
    /// Every other number; always finite.
    Float(f64),
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Object(Vec<Member<'a>>),
}

/// A member of an object.
pub(super) type Member<'a> = (Key<'a>, Node<'a>);

/// The name of a member.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key<'a>(pub(super) Cow<'a, str>);

impl Key<'_> {
    /// By UTF-16 code units, as RFC 8785 sorts. Bytes agree with that but for characters beyond the first plane.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let beyond = |text: &str| text.bytes().any(|byte| byte >= 0xf0);
        if beyond(&self.0) || beyond(&other.0) {
            return self.0.encode_utf16().cmp(other.0.encode_utf16());
        }
        self.0.cmp(&other.0)
    }
}

impl Node<'_> {
    /// Puts the members of every object in canonical order. Two of one name make the value ambiguous: their JSON pointer
    /// comes back, and the order is then unspecified.
    pub(super) fn sort(&mut self) -> Result<(), String> {
        match self {
            Self::Null | Self::Bool(_) | Self::Integer(_) | Self::Float(_) | Self::Text(_) => Ok(()),
            Self::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    item.sort().map_err(|below| format!("/{index}{below}"))?;
                }
                Ok(())
            }
            Self::Object(members) => {
                members.sort_unstable_by(|(a, _), (b, _)| a.order(b));
                if let Some(twice) = members.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                    return Err(format!("/{}", escaped(&twice[0].0.0)));
                }
                for (key, value) in members {
                    value
                        .sort()
                        .map_err(|below| format!("/{}{below}", escaped(&key.0)))?;
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

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Node<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }

            fn visit_unit<E>(self) -> Result<Node<'de>, E> {
                Ok(Node::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Node<'de>, E> {
                Ok(Node::Bool(value))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Node<'de>, E> {
                Ok(if value <= EXACT {
                    Node::Integer(value as i64)
                } else {
                    Node::Float(value as f64)
                })
            }

            fn visit_i64<E>(self, value: i64) -> Result<Node<'de>, E> {
                Ok(if value.unsigned_abs() <= EXACT {
                    Node::Integer(value)
                } else {
                    Node::Float(value as f64)
                })
            }

            fn visit_f64<E>(self, value: f64) -> Result<Node<'de>, E> {
                Ok(Node::Float(value))
            }

            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Node<'de>, E> {
                Ok(Node::Text(Cow::Borrowed(value)))
            }

            fn visit_str<E>(self, value: &str) -> Result<Node<'de>, E> {
                Ok(Node::Text(Cow::Owned(value.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node<'de>, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Node::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node<'de>, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Node::Object(members))
            }
        }

        from.deserialize_any(Any)
    }
}

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Name;

        impl<'de> Visitor<'de> for Name {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member's name")
            }

            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(value)))
            }

            fn visit_str<E>(self, value: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(value.to_owned())))
            }
        }

        from.deserialize_str(Name)
    }
}
