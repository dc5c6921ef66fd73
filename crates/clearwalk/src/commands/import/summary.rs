//! What an import came to: read = kept + filtered + quarantined, and kept = appended + duplicate.

use std::collections::BTreeMap;

use formats::mapping::Counts;
use serde::Serialize;

use super::super::Context;
use super::rows::NAMED;
use crate::cli::ImportArgs;
use crate::failure::Failure;
use crate::output::{self, Output};

/// The counts of all files together.
#[derive(Debug, Default, Serialize)]
pub(super) struct Summary {
    pub(super) read: u64,
    pub(super) kept: u64,
    pub(super) filtered: u64,
    pub(super) quarantined: BTreeMap<&'static str, u64>,
    pub(super) appended: u64,
    pub(super) duplicate: u64,
    /// Bad rows so far, for those that are named.
    #[serde(skip)]
    pub(super) named: u64,
}

impl Summary {
    pub(super) fn add(&mut self, counts: &Counts) {
        self.read += counts.read;
        self.kept += counts.kept;
        self.filtered += counts.filtered;
        for (reason, count) in &counts.quarantined {
            *self.quarantined.entry(reason.as_str()).or_default() += count;
        }
    }

    pub(super) fn print(&self, context: &Context, args: &ImportArgs) -> Result<(), Failure> {
        if context.json {
            return output::print_json(self);
        }
        if self.named > NAMED {
            output::say(format!("and {} more rows in quarantine", self.named - NAMED));
        }
        let quarantined: u64 = self.quarantined.values().sum();
        let reasons: Vec<String> = self
            .quarantined
            .iter()
            .map(|(reason, count)| format!("{count} {reason}"))
            .collect();
        let reasons = match reasons.as_slice() {
            [] => String::new(),
            reasons => format!(" ({})", reasons.join(", ")),
        };
        let mut out = Output::new();
        let (read, kept, filtered) = (self.read, self.kept, self.filtered);
        out.line(format!(
            "{read} read: {kept} kept, {filtered} filtered, {quarantined} quarantined{reasons}"
        ))?;
        if args.dry_run {
            out.line("nothing was appended: this was a dry run")?;
        } else {
            out.line(format!(
                "{} appended, {} known already",
                self.appended, self.duplicate
            ))?;
        }
        out.end()
    }
}
