//! The rule as a city sees it: facts in, printed decisions out. Every test states one promise of the rule.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod admission;
mod cities;
mod episodes;
mod facts;
mod life;
mod plates;
mod run;
mod texts;
