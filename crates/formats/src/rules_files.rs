//! All files that decide, read together: policies, zones and calendar become the engine's rules.

use std::sync::Arc;

use engine::fact::NoticeKind;
use engine::message::Texts;
use engine::policy::Policy;
use engine::rules::{Rules, RulesError};

use crate::plan::{PlanError, PlanErrors};
use crate::{calendar, policy, zones};

/// The texts of the files, each with the name that errors call it by.
#[derive(Clone, Debug, Default)]
pub struct RulesFiles {
    /// One version of one policy in each.
    pub policies: Vec<(String, String)>,
    /// Without it every zone is an ordinary sidewalk and every device approved.
    pub zones: Option<(String, String)>,
    /// Without it only weekends are free.
    pub calendar: Option<(String, String)>,
}

/// Why files make no rules.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RulesFileError {
    /// Mistakes within files, all of them.
    #[error(transparent)]
    Files(PlanErrors),
    /// Two policies that are right by themselves and cannot both hold.
    #[error("{first} and {second}: {error}")]
    Between {
        /// The file of one policy.
        first: String,
        /// The file of the other.
        second: String,
        /// What is wrong between them.
        error: RulesError,
    },
}

/// Reads all files and puts them together.
pub fn load(sources: &RulesFiles) -> Result<Rules, RulesFileError> {
    let mut errors: Vec<PlanError> = Vec::new();
    let mut keep = |found: PlanErrors| errors.extend(found.0);
    let read = sources.policies.iter();
    let policies: Vec<(&str, Arc<Policy>)> = read
        .filter_map(|(file, text)| {
            let policy = policy::parse(file, text).map_err(&mut keep).ok()?;
            Some((file.as_str(), Arc::new(policy)))
        })
        .collect();
    let zones = sources.zones.as_ref();
    let zones = zones.and_then(|(file, text)| zones::parse(file, text).map_err(&mut keep).ok());
    let calendar = sources.calendar.as_ref();
    let calendar = calendar.and_then(|(file, text)| calendar::parse(file, text).map_err(&mut keep).ok());
    if !errors.is_empty() {
        return Err(RulesFileError::Files(PlanErrors(errors)));
    }
    let (zones, devices) = zones.map_or((None, None), |file| (Some(file.zones), file.devices));
    let all = policies.iter().map(|(_, policy)| policy.clone()).collect();
    Rules::new(all, zones, devices, calendar.unwrap_or_default()).map_err(|error| between(&policies, error))
}

/// Names the files of the two policies.
fn between(policies: &[(&str, Arc<Policy>)], error: RulesError) -> RulesFileError {
    let (first, second) = match &error {
        RulesError::Versions { id, first, second } => (format!("{id}@{first}"), format!("{id}@{second}")),
        RulesError::Twice { id, version } => (format!("{id}@{version}"), format!("{id}@{version}")),
        RulesError::Codes { first, second, .. } | RulesError::Grammar { first, second } => {
            (first.clone(), second.clone())
        }
    };
    let files = |name: &str| -> Vec<String> {
        let named = policies.iter().filter(|(_, policy)| policy.name() == name);
        named.map(|(file, _)| (*file).to_owned()).collect()
    };
    RulesFileError::Between {
        first: files(&first).into_iter().next().unwrap_or(first),
        second: files(&second).into_iter().next_back().unwrap_or(second),
        error,
    }
}

/// Whether every template that a policy names exists. The error is a sentence for each that does not.
pub fn check_templates(rules: &Rules, texts: &Texts) -> Result<(), String> {
    let mut missing = Vec::new();
    for policy in rules.policies() {
        for (kind, word) in NoticeKind::ALL {
            if let Some(template) = policy.notice(kind).template.as_deref()
                && !texts.contains(template)
            {
                missing.push(format!(
                    "policy {}: notice.templates.{word}: there is no template `{template}`; add it to the templates file",
                    policy.name()
                ));
            }
        }
    }
    if missing.is_empty() {
        Ok(())
    } else {
        Err(missing.join("\n"))
    }
}

#[cfg(test)]
mod tests;
