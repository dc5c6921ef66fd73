//! Commands that use the store, as their users run them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod case;
mod copies;
mod dlq;
mod doctor;
mod door;
mod export;
mod import;
mod serve;
mod site;
mod verify;
