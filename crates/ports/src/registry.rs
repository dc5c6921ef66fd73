//! The vehicle registry: who to write to.

use std::sync::Arc;

use async_trait::async_trait;
use engine::time::Timestamp;
use jiff::tz::TimeZone;
use thiserror::Error;

use crate::contact::{Name, Phone};

/// Whose phone is asked for.
#[derive(Clone, Debug)]
pub struct OwnerQuery {
    /// Normalised number.
    pub number: Arc<str>,
    /// Class; `-` where unknown.
    pub class: Arc<str>,
    /// Start of the offence: the owner of that day is written to.
    pub at: Timestamp,
    /// The policy's zone, in which registry dates are days.
    pub zone: TimeZone,
}

/// Somebody to write to.
#[derive(Clone, Debug)]
pub struct Owner {
    /// The number.
    pub phone: Phone,
    /// The name.
    pub name: Option<Name>,
    /// The registry's id of the owner.
    pub owner_id: Option<Arc<str>>,
}

/// Why the registry did not answer.
#[derive(Debug, Error)]
pub enum RegistryError {
    /// Worth another try.
    #[error("the vehicle registry is not available: {0}")]
    Unavailable(String),
}

/// The registry.
#[async_trait]
pub trait Registry: Send + Sync {
    /// The owners with a phone, in the order in which they are to be tried; empty: nobody to write to.
    async fn owners(&self, query: &OwnerQuery) -> Result<Vec<Owner>, RegistryError>;
}
