//! SMS providers over HTTP: what is asked of each, and what its answers prove.
//!
//! A call is made once, with one deadline for everything, the body of the answer included. Nothing here follows a
//! redirect, tries again, falls over to another provider or writes to a store, and nothing that it prints holds a phone
//! or a text. What is not on a provider's list of refusals is `unknown`: perhaps sent.

mod body;
pub mod generic;
pub mod log;

use std::sync::Arc;

use thiserror::Error;

/// Settings with which a provider cannot be used.
#[derive(Debug, Error)]
#[error("[sms.providers.{provider}] {key}: {what}")]
pub struct OptionsError {
    /// The configured name.
    pub provider: Arc<str>,
    /// Which setting.
    pub key: &'static str,
    /// What is wrong, and what to write instead.
    pub what: String,
}

/// Whom a provider wants to be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recipient {
    /// A phone number.
    #[default]
    Phone,
    /// `plate:NUMBER/CLASS`: the provider keeps the owners' phones itself (`recipient = "plate"`).
    Plate,
}
