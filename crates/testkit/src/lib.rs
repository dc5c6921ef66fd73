//! Memory store, scripted gateway, fixed clock and the conformance suites.
