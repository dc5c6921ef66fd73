//! The rule, pure and total: plates, facts, episodes, windows, judgement, notices and their texts.
//!
//! It has no clock, no randomness, no I/O, no floating point and no hash-map iteration: the same facts, rules and
//! instant give the same answer on every machine. It never parses files and never decides for a person.

pub mod case;
pub mod digest;
pub mod explain;
pub mod fact;
pub mod ids;
pub mod judge;
pub mod ledger;
pub mod message;
pub mod notice;
pub mod place;
pub mod plate;
pub mod policy;
pub mod reconcile;
pub mod route;
pub mod rules;
pub mod time;
pub mod zone;
