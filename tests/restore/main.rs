//! A database that goes back in time, under the real binary and beside a test gateway that forgets nothing: whatever way
//! it went back, nothing is sent twice and nothing is lost; and what is no restore never pauses anything.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod copies;
mod drill;
mod no_restore;
#[path = "../service/site.rs"]
mod site;
#[path = "../service/town.rs"]
#[expect(dead_code, reason = "the town serves other tests too")]
mod town;
