//! Records that were set aside, and what people did about them. The records themselves are history and never change: what
//! was done about one is a row of its own.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use engine::time::Timestamp;

use crate::log::NewEnvelope;
use crate::read::{NewAudit, StoredRecord};
use crate::store::StoreError;

/// What is to be done about a record that was set aside.
#[derive(Clone, Debug)]
pub enum Deed {
    /// It goes into the stream once more, as a fresh record.
    Redrive {
        /// The record.
        record: NewEnvelope,
        /// Whether its bytes are others than those that were set aside.
        is_corrected: bool,
        /// For the inner log: the ledger that holds the fact already is to be judged anew.
        wake: Option<Bytes>,
    },
    /// Nothing more; nobody waits for it any longer.
    Drop,
}

/// Something that a person does about a record.
#[derive(Clone, Debug)]
pub struct NewHandling {
    /// The place of the record in the stream.
    pub position: u64,
    /// What is done.
    pub deed: Deed,
    /// When.
    pub at: Timestamp,
    /// Who says so.
    pub by: Arc<str>,
    /// Why.
    pub reason: Arc<str>,
    /// Tells the request from every other; the same again is the same request.
    pub key: [u8; 32],
    /// What the request said.
    pub print: [u8; 32],
}

/// What became of a record by a person's hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It stands in the stream once more.
    Redriven {
        /// There.
        position: u64,
        /// Whether its bytes are others than those that were set aside.
        is_corrected: bool,
    },
    /// It was let go.
    Dropped,
}

/// What a person did about a record, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handling {
    /// The place of the record in the stream.
    pub position: u64,
    /// What became of it.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
    /// Who said so.
    pub by: Arc<str>,
    /// Why.
    pub reason: Arc<str>,
    /// See [`NewHandling::key`].
    pub key: [u8; 32],
    /// See [`NewHandling::print`].
    pub print: [u8; 32],
}

/// The answer to a deed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handled {
    /// It is done.
    Done(Handling),
    /// Nothing was done: this was done before, about the same record or by the same key.
    Before(Handling),
}

impl NewHandling {
    /// The row, where a re-driven record stands at `position`.
    pub fn at_position(&self, position: u64) -> Handling {
        let outcome = match &self.deed {
            Deed::Redrive { is_corrected, .. } => Outcome::Redriven {
                position,
                is_corrected: *is_corrected,
            },
            Deed::Drop => Outcome::Dropped,
        };
        Handling {
            position: self.position,
            outcome,
            at: self.at,
            by: self.by.clone(),
            reason: self.reason.clone(),
            key: self.key,
            print: self.print,
        }
    }
}

impl Handling {
    /// The line of the audit log that goes with it.
    pub fn audit(&self) -> NewAudit {
        let (action, became) = match self.outcome {
            Outcome::Redriven {
                position,
                is_corrected,
            } => {
                let how = if is_corrected { "corrected, " } else { "" };
                ("quarantine.redrive", format!("{how}record {position}"))
            }
            Outcome::Dropped => ("quarantine.drop", "dropped".to_owned()),
        };
        NewAudit {
            at: self.at,
            actor: self.by.clone(),
            action: action.into(),
            object: format!("record {}", self.position).into(),
            before: None,
            after: Some(format!("{became}: {}", self.reason).into()),
        }
    }
}

/// What the queue of such records needs of the store.
#[async_trait]
pub trait QuarantineStore: Send + Sync {
    /// Records that were set aside when they were read, after a position, in order, at most `limit`.
    async fn aside(&self, after: u64, limit: usize) -> Result<Vec<StoredRecord>, StoreError>;

    /// What was done about the records from `first` to `last`, both included, in order.
    async fn handlings(&self, first: u64, last: u64) -> Result<Vec<Handling>, StoreError>;

    /// Does it and writes it down, with its record of the stream, its entry of the inner log and its line of the audit log:
    /// all of that or nothing. A record is handled once, and a key is good for one deed.
    async fn handle(&self, new: &NewHandling) -> Result<Handled, StoreError>;
}
