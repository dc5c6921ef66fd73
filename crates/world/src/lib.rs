//! The outside world for demos, tests and proofs: a city with known answers, and an SMS gateway
//! that goes wrong as planned, and a checker of promises that sees only exports.
//!
//! It depends on no crate of ours, so that the judge of the product cannot share its bugs. It
//! never decides anything for the product.

pub mod city;
pub mod gateway;
pub mod verify;
