//! What a city promises: the same bytes for the same plan, true answers, and plausible papers.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod judge;
mod papers;
mod plan;
mod truth;

use world::city::{City, Plan};

fn city(plan: Plan) -> City {
    City::new(plan).unwrap()
}

fn lines(plan: Plan) -> Vec<String> {
    city(plan).events().collect()
}
