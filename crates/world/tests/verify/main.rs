//! The checker of promises: what it finds in exports that were tampered with, and in none that were not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod mutations;
