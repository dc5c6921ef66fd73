//! Vehicle registry look-up: whom to write to about a plate, as of the day of the offence.
//!
//! Numbers and names live in types that cannot be printed. Nothing here decides whether somebody is written to, and
//! nothing guesses: where the registry does not say who it is, there is nobody.

pub mod demo;
pub mod file;
pub mod none;
