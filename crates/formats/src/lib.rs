//! Bytes to and from engine types: CloudEvents, ledger documents, policy, zone and calendar files, mappings.

pub mod calendar;
pub mod case_line;
pub mod event;
pub mod inner;
mod json;
pub mod ledger;
pub mod mapping;
pub mod notice_parameters;
pub mod plan;
pub mod policy;
pub mod rules_files;
pub mod templates;
pub mod zones;
