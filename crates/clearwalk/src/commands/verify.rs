//! `verify`: checks the promises on a copy of the store, by a checker that shares no code with what it checks.

use std::path::Path;

use serde_json::json;
use world::verify::{Evidence, Finding, Report, Verdict};

use super::{Context, export};
use crate::cli::VerifyArgs;
use crate::failure::{Code, Failure};
use crate::instant;
use crate::output::{self, Output};
use crate::telemetry::{self, Talk};
use crate::wiring::{self, Access};

pub(crate) fn run(context: &Context, args: &VerifyArgs) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::new(Code::Failure, error);
    let folder = tempfile::tempdir().map_err(failed)?;
    let exports = match (&args.exports, &args.keep) {
        (Some(exports), _) => exports.clone(),
        (None, keep) => {
            let exports = keep.clone().unwrap_or_else(|| folder.path().join("exports"));
            std::fs::create_dir_all(&exports).map_err(|error| Failure::writing(&exports, &error))?;
            take_exports(context, folder.path(), &exports)?;
            exports
        }
    };
    let evidence = Evidence {
        exports,
        gateway_ledger: args.gateway_ledger.clone(),
        checkpoints: args.checkpoint.clone(),
    };
    let report = world::verify::verify(&evidence).map_err(unreadable)?;
    print(context, &report)?;
    match report.count(Verdict::Broken) {
        0 => Ok(()),
        broken => Err(Failure::new(
            Code::CheckFailed,
            format_args!("{broken} promises are broken"),
        )),
    }
}

fn unreadable(error: world::verify::EvidenceError) -> Failure {
    match &error {
        world::verify::EvidenceError::Unreadable { path, source } => Failure::reading(path, source),
        world::verify::EvidenceError::Bad { .. } => Failure::new(Code::CheckFailed, error),
    }
}

/// Copies the store first: whatever runs beside goes on, and all files show the same instant.
fn take_exports(context: &Context, folder: &Path, exports: &Path) -> Result<(), Failure> {
    let mut settings = context.settings()?;
    let rules = wiring::rules(&settings)?;
    let texts = wiring::texts(&settings, &rules)?;
    telemetry::start(context.json, Talk::Quiet)?;
    super::runtime()?.block_on(async {
        let copy = folder.join("copy.db");
        let store = wiring::open(&settings, Access::Use).await?;
        store.backup(&copy, false, instant::now()).await?;
        wiring::close(store).await;
        settings.key_file = Some(wiring::key_file(&settings));
        settings.database = copy;
        let store = wiring::open(&settings, Access::Use).await?;
        let written = export::write_evidence(&store, exports, &texts, rules.grammar(), settings.caps).await;
        wiring::close(store).await;
        written
    })
}

fn print(context: &Context, report: &Report) -> Result<(), Failure> {
    if context.json {
        return output::print_json(&json!({
            "promises": report.findings,
            "held": report.count(Verdict::Held),
            "broken": report.count(Verdict::Broken),
            "skipped": report.count(Verdict::Skipped),
        }));
    }
    let mut out = Output::new();
    for finding in &report.findings {
        out.line(line(finding))?;
        for offender in &finding.offenders {
            out.line(format_args!("      {offender}"))?;
        }
        let more = finding.broken - finding.offenders.len() as u64;
        if more > 0 {
            out.line(format_args!("      and {more} more"))?;
        }
    }
    out.end()
}

fn line(finding: &Finding) -> String {
    let Finding {
        promise,
        name,
        checked,
        rows,
        ..
    } = finding;
    match finding.verdict {
        Verdict::Held => format!("{promise:>2}  held     {name}: {checked} ({rows} looked at)"),
        Verdict::Broken => format!(
            "{promise:>2}  BROKEN   {name}: {checked} ({rows} looked at, {} wrong)",
            finding.broken
        ),
        Verdict::Skipped => format!("{promise:>2}  skipped  {name}: {checked}"),
    }
}
