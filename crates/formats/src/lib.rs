//! Bytes to and from engine types: CloudEvents, ledger documents, policy, zone and calendar files, mappings.

pub mod case_line;
pub mod event;
pub mod inner;
mod json;
pub mod ledger;
pub mod mapping;
pub mod notice_parameters;
