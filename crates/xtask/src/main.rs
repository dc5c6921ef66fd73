//! Setup, demo, test, tidy.

fn main() {}
