//! The running service, seen from outside: who may run beside it, how it stops, what it sends and when not, and what its
//! pages and its API say.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod beside;
mod life;
mod metrics;
mod pages;
mod sending;
mod site;
mod town;
