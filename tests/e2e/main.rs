//! Whole cities through the binary: what comes out of real files equals what somebody else worked out.

#[path = "../harness/background.rs"]
mod background;
#[path = "../harness/binary.rs"]
mod binary;
mod files;
mod oracle;
mod sending;
