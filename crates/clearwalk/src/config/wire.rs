//! The files and addresses that settings name.

use std::path::PathBuf;

use formats::rules_files::RulesFiles;
use gateway_sms::generic::Options;
use secrecy::SecretString;

use super::settings::{Provider, Settings};
use crate::failure::Failure;
use crate::files;

impl Settings {
    /// The files that decide, with their names.
    pub(crate) fn rules_files(&self) -> Result<RulesFiles, Failure> {
        let policies = self.policies.iter().map(|path| files::read_rules(path));
        let one = |path: &Option<PathBuf>| path.as_deref().map(files::read_rules).transpose();
        Ok(RulesFiles {
            policies: policies.collect::<Result<_, _>>()?,
            zones: one(&self.zones)?,
            calendar: one(&self.calendar)?,
        })
    }

    /// The templates file, with its name.
    pub(crate) fn templates_file(&self) -> Result<Option<(String, String)>, Failure> {
        self.templates.as_deref().map(files::read_rules).transpose()
    }
}

impl Provider {
    /// The bearer token, from the environment or its file.
    pub(crate) fn token(&self) -> Result<Option<SecretString>, Failure> {
        match (&self.token, &self.token_file) {
            (Some(token), _) => Ok(Some(token.clone())),
            (None, Some(path)) => Ok(Some(SecretString::from(files::read_secret(path)?))),
            (None, None) => Ok(None),
        }
    }
}

impl Provider {
    /// The secret that receipts are signed with.
    pub(crate) fn receipt_secret(&self) -> Result<Option<SecretString>, Failure> {
        let secret = self.receipt_secret_file.as_deref().map(files::read_secret);
        Ok(secret.transpose()?.map(SecretString::from))
    }
}

/// What is wrong with the address of a provider, if anything.
pub(super) fn bad_url(name: &str, url: &str) -> Option<String> {
    Options::new(name, url).check().err().map(|error| error.what)
}
