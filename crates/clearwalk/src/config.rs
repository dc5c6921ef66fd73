//! The configuration: one TOML file, then the environment; without a file the built-in embedded settings.
//!
//! Reading it opens no network and no store. Every mistake is found at once, and names file, line and key.

mod check;
mod keys;
mod paper;
mod settings;
mod show;
mod source;
mod value;
mod wire;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::commands::Context;
use crate::environment;
use crate::failure::Failure;

use self::source::Source;

pub(crate) use self::paper::{commented, schema};
pub(crate) use self::settings::{Provider, ProviderKind, RegistryKind, Settings};

/// Names the configuration file when `--config` does not.
const VARIABLE: &str = "CLEARWALK_CONFIG";
/// Read when nothing names a file, if it is there.
const USUAL: &str = "clearwalk.toml";

impl Context {
    /// The settings that hold for this command.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        self.read_settings(None)
    }

    /// The settings of a command that makes the file which `key` names: it need not be there yet.
    pub(crate) fn settings_making(&self, key: &str) -> Result<Settings, Failure> {
        self.read_settings(Some(key))
    }

    fn read_settings(&self, making: Option<&str>) -> Result<Settings, Failure> {
        let file = find(self.config.as_deref())?;
        let mut source = Source::default();
        if let Some((path, text)) = &file {
            source.read_file(path, text);
        }
        source.read_environment(environment::variables());
        let folder = file
            .as_ref()
            .and_then(|(path, _)| path.parent())
            .map(Path::to_owned);
        let (file, folder) = (file.map(|(path, _)| path), folder.unwrap_or_default());
        let settings = Settings::of(source, file, folder, making);
        settings.map_err(|mistakes| {
            Failure::configuration(mistakes.join("\n")).hint("clearwalk config schema prints all keys")
        })
    }
}

impl Settings {
    /// The settings of one file alone, whatever the environment says: for the demo.
    pub(crate) fn of_file(path: &Path, text: &str) -> Result<Self, Failure> {
        let mut source = Source::default();
        source.read_file(path, text);
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Self::of(source, Some(path.to_owned()), folder, None)
            .map_err(|mistakes| Failure::configuration(mistakes.join("\n")))
    }
}

/// All that is wrong with a file of settings and an environment.
pub(crate) fn mistakes(path: &Path, text: &str, environment: Vec<(OsString, OsString)>) -> Vec<String> {
    let mut source = Source::default();
    source.read_file(path, text);
    source.read_environment(environment);
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    Settings::of(source, Some(path.to_owned()), folder, None)
        .err()
        .unwrap_or_default()
}

/// The file and its text. One that is named must be there.
fn find(named: Option<&Path>) -> Result<Option<(PathBuf, String)>, Failure> {
    let variable = environment::variable(VARIABLE).filter(|value| !value.is_empty());
    let (path, by) = match (named, variable) {
        (Some(path), _) => (path.to_owned(), "--config"),
        (None, Some(path)) => (PathBuf::from(path), VARIABLE),
        (None, None) if Path::new(USUAL).exists() => (PathBuf::from(USUAL), USUAL),
        (None, None) => return Ok(None),
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some((path, text))),
        Err(error) => {
            let failure = Failure::configuration(format!("{}: cannot be read: {error}", path.display()));
            Err(failure.hint(format!("the file was named by {by}")))
        }
    }
}
