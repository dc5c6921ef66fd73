//! The rule as a city sees it: facts in, printed decisions out. Every test states one promise of the rule.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod admission;
mod answers;
mod barrier;
mod cities;
mod doubts;
mod episodes;
mod facts;
mod fold;
mod life;
mod plates;
mod policies;
mod printing;
mod properties;
mod reliance;
mod run;
mod standings;
mod subjects;
mod texts;
mod windows;
