//! Intake, dispatch and upkeep as `step` functions with the time as an argument, and the one loop that runs them.
//!
//! It judges through the engine and speaks to the world through ports. It holds no SQL and no vendor, and it never
//! re-sends on a guess.

pub mod decide;
pub mod digest;
pub mod dispatch;
pub mod intake;
pub mod metrics;
pub mod reconcile_sent;
pub mod run;
mod told;
pub mod upkeep;
mod workers;
