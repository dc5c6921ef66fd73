//! The service over time and under load: how it ends, what a sick provider does to its memory, what becomes of a queue
//! that waited, and how soon it is back. All of it is seen from outside: processes, HTTP, and what a provider received.
//!
//! The sizes are those of a check on every change. `CLEARWALK_NOTICES` and `CLEARWALK_OUTAGE` (seconds) make the ignored
//! tests as large as one likes: `cargo test --release -p system-tests --test endurance -- --ignored --nocapture`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod ending;
mod life;
mod memory;
mod outage;
mod provider;
#[expect(dead_code, reason = "the tests of the service use all of it")]
#[path = "../service/site.rs"]
mod site;
mod town;

use std::time::Duration;

/// How long anything may take that should happen at once, on a machine that does other things too.
const SOON: Duration = Duration::from_secs(25);

/// A number from the environment.
fn variable(name: &str) -> Option<u32> {
    #[expect(
        clippy::disallowed_methods,
        reason = "sizes of tests are no setting of the product"
    )]
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("{name}: {error}")))
}
