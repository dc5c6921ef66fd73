//! The outside world for demos, tests and proofs: generator with truth and the fault-injecting test gateway.
