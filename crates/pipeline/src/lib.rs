//! Intake, dispatch and upkeep: step functions and the one loop that runs them.
