//! Personal data at rest: XChaCha20-Poly1305 with a random nonce, bound to the row and column that it stands in.
//!
//! A sealed value is the key's id, the nonce and the ciphertext. Moved to another row it does not open.

use std::fmt;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

use ports::store::StoreError;

use crate::error::{Fault, corrupt};

const NONCE: usize = 24;

/// The keys of a store: the first seals, all open.
#[derive(Clone)]
pub struct Keys {
    known: Vec<(u8, XChaCha20Poly1305)>,
    /// None: there is no key.
    blinding: Option<Hmac<Sha256>>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.known.len())
    }
}

impl Keys {
    /// Takes keys, the newest first. None: two of them have the same id, which is the first byte of their SHA-256.
    pub fn new(keys: &[[u8; 32]]) -> Option<Self> {
        let mut known: Vec<(u8, XChaCha20Poly1305)> = Vec::with_capacity(keys.len());
        for key in keys {
            let id = key_id(key);
            if known.iter().any(|(other, _)| *other == id) {
                return None;
            }
            known.push((id, XChaCha20Poly1305::new(key.into())));
        }
        // The oldest, so that a new key in front does not make strangers of known recipients.
        let blinding = keys.last().and_then(|key| Hmac::new_from_slice(key).ok());
        let blinding = blinding.map(|blinding: Hmac<Sha256>| blinding.chain_update(b"clearwalk recipient"));
        Some(Self { known, blinding })
    }

    /// No keys: for commands that read nothing personal.
    pub fn none() -> Self {
        Self {
            known: Vec::new(),
            blinding: None,
        }
    }

    /// A number that tells values apart and says nothing of them to whoever has no key. Changes when the oldest key goes.
    pub(crate) fn blind(&self, value: &[u8]) -> Result<[u8; 16], Fault> {
        let missing = || {
            StoreError::Conflict(
                "the store was opened without a key and cannot tell recipients apart".to_owned(),
            )
        };
        let mut keyed = self.blinding.clone().ok_or_else(missing)?;
        keyed.update(value);
        let hash = keyed.finalize().into_bytes();
        let mut short = [0; 16];
        short.copy_from_slice(&hash[..16]);
        Ok(short)
    }

    pub(crate) fn seal(&self, place: Place, row: &str, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        let missing =
            || StoreError::Conflict("the store was opened without a key and cannot seal".to_owned());
        let (id, cipher) = self.known.first().ok_or_else(missing)?;
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce)
            .map_err(|error| StoreError::Unavailable(format!("the system has no randomness: {error}")))?;
        let aad = place.of(row);
        let payload = Payload {
            msg: plain,
            aad: aad.as_bytes(),
        };
        let sealed = cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| StoreError::Conflict(format!("{aad} is too long to be sealed")))?;
        Ok([&[*id][..], &nonce, &sealed].concat())
    }

    pub(crate) fn open(&self, place: Place, row: &str, sealed: &[u8]) -> Result<Vec<u8>, Fault> {
        let aad = place.of(row);
        let (id, rest) = sealed
            .split_first()
            .ok_or_else(|| corrupt(format!("{aad} is empty")))?;
        let (nonce, text) = rest
            .split_first_chunk::<NONCE>()
            .ok_or_else(|| corrupt(format!("{aad} is cut off")))?;
        let Some((_, cipher)) = self.known.iter().find(|(known, _)| known == id) else {
            return Err(corrupt(format!(
                "{aad} is sealed by key {id:02x}, which is not in the key file; add that key as a further line"
            )));
        };
        let payload = Payload {
            msg: text,
            aad: aad.as_bytes(),
        };
        cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| corrupt(format!("{aad} was changed after it was sealed")))
    }
}

/// A sealed column.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    Request,
    Text,
    Recipient,
    Receipt,
}

impl Place {
    fn of(self, row: &str) -> String {
        let column = match self {
            Self::Request => "attempt.request",
            Self::Text => "notice.text",
            Self::Recipient => "notice.recipient",
            Self::Receipt => "receipt.body",
        };
        format!("{column} of {row}")
    }
}

fn key_id(key: &[u8; 32]) -> u8 {
    Sha256::digest(key)[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let keys = Keys::new(&[[1; 32], [2; 32]]).unwrap();
        let sealed = keys.seal(Place::Text, "n-1", "短信".as_bytes()).unwrap();
        assert_eq!(keys.open(Place::Text, "n-1", &sealed).unwrap(), "短信".as_bytes());
        assert!(keys.open(Place::Text, "n-2", &sealed).is_err());
        assert!(keys.open(Place::Recipient, "n-1", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(keys.open(Place::Text, "n-1", &changed).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_new_key_seals_and_the_old_one_still_opens() {
        let old = Keys::new(&[[1; 32]]).unwrap();
        let both = Keys::new(&[[2; 32], [1; 32]]).unwrap();
        let sealed = old.seal(Place::Request, "n-1-1", b"x").unwrap();
        assert_eq!(both.open(Place::Request, "n-1-1", &sealed).unwrap(), b"x");
        let newer = both.seal(Place::Request, "n-1-1", b"x").unwrap();
        assert!(old.open(Place::Request, "n-1-1", &newer).is_err());
    }
}
