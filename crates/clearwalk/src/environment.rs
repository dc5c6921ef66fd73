//! The environment, read in one place.

use std::ffi::OsString;

/// A variable; none: not set, or not text.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of the binary that reads the environment"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// All variables.
pub(crate) fn variables() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os()
}
