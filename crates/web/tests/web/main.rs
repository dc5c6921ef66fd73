//! The routes, asked as callers ask them, over a store in memory.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod acts;
mod api;
mod contract;
mod door;
mod eligibility;
mod facts;
mod fake;
mod hands;
mod live;
mod mistakes;
mod openapi;
mod page;
mod quarantine;
mod receipts;
mod scene;
mod sms;
