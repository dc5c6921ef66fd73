//! Fuzzing on stable Rust: a seeded mutator over valid samples, against every parser that meets bytes from outside.
//!
//! The input of a run is a function of the seed, the target and the run's number, so that each finding is repeated by
//! three words. It measures no coverage: depth comes from the samples and the words of each format.

pub mod dice;
pub mod mutate;
pub mod run;
pub mod targets;
