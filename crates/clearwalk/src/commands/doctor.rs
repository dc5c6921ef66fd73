//! `doctor`: looks at everything that the service needs, and says what to mend. It changes nothing.

mod checks;

use serde_json::json;

use self::checks::{Check, Health};
use super::Context;
use crate::failure::{Code, Failure};
use crate::output::{self, Output};
use crate::telemetry::{self, Talk};

pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    telemetry::start(context.json, Talk::Quiet)?;
    let mut checks = checks::of_machine();
    match context.settings() {
        Err(failure) => checks.push(Check::bad(
            "configuration",
            failure.message,
            "see `clearwalk config check`",
        )),
        Ok(settings) => {
            checks.extend(checks::of_files(&settings));
            checks.extend(super::runtime()?.block_on(checks::of_store(&settings)));
        }
    }
    let count = |health| checks.iter().filter(|check| check.health == health).count();
    let (bad, doubtful) = (count(Health::Bad), count(Health::Doubtful));
    print(context, &checks)?;
    if bad > 0 {
        return Err(Failure::new(
            Code::CheckFailed,
            format_args!("{bad} of {} checks failed", checks.len()),
        ));
    }
    if !context.json {
        output::say(format!("{} checks, {doubtful} to look at", checks.len()));
    }
    Ok(())
}

fn print(context: &Context, checks: &[Check]) -> Result<(), Failure> {
    if context.json {
        let list: Vec<_> = checks
            .iter()
            .map(|check| {
                json!({
                    "check": check.name, "health": check.health.word(), "found": check.found, "hint": check.hint,
                })
            })
            .collect();
        return output::print_json(&json!({ "checks": list }));
    }
    let mut out = Output::new();
    for check in checks {
        out.line(format_args!(
            "{:<8} {:<14} {}",
            check.health.word(),
            check.name,
            check.found
        ))?;
        if let Some(hint) = &check.hint {
            out.line(format_args!("{:<23} {hint}", ""))?;
        }
    }
    out.end()
}
