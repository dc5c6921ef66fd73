//! `digest`: one hash over all effective decisions, for comparing two stores or two releases.

use serde_json::json;

use super::Context;
use crate::cli::DigestArgs;
use crate::failure::Failure;
use crate::output;
use crate::telemetry::{self, Talk};
use crate::wiring::{self, Access};

pub(crate) fn run(context: &Context, args: &DigestArgs) -> Result<(), Failure> {
    let settings = context.settings()?;
    let rules = wiring::rules(&settings)?;
    telemetry::start(context.json, Talk::Quiet)?;
    let digest = super::runtime()?.block_on(async {
        let store = wiring::open(&settings, Access::Use).await?;
        Ok::<_, Failure>(pipeline::digest::digest(&*store, &rules, args.as_of).await?)
    })?;
    let hash = hex::encode(digest.hash);
    if context.json {
        return output::print_json(&json!({
            "digest": hash,
            "as_of": digest.at.to_string(),
            "cases": digest.cases,
            "facts": digest.facts,
            "plates": digest.ledgers,
        }));
    }
    let (cases, facts, plates) = (digest.cases, digest.facts, digest.ledgers);
    output::say(format!(
        "{cases} cases of {facts} facts and {plates} plates, as of {}",
        digest.at
    ));
    output::print_line(&hash)
}
