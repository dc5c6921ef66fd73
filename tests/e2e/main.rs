//! Whole cities through the binary: what comes out of real files equals what somebody else worked out.
#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

#[path = "../harness/background.rs"]
mod background;
#[path = "../harness/binary.rs"]
mod binary;
mod files;
mod oracle;
mod sending;
