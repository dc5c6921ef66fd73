//! What settings stand for: rules, texts, gateways, registry. A mistake in any of them is told before anything begins.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::message::Texts;
use engine::plate::Grammar;
use engine::rules::Rules;
use formats::rules_files::{self, RulesFiles};
use formats::templates;
use gateway_sms::Recipient;
use gateway_sms::generic::{self, Generic};
use gateway_sms::log::LogGateway;
use ports::gateway::Gateway;
use ports::registry::Registry;
use registry::demo::DemoRegistry;
use registry::file::FileRegistry;
use registry::none::NoRegistry;
use secrecy::SecretString;

use super::settings::{Provider, ProviderKind, RegistryKind, Settings};
use crate::failure::Failure;
use crate::files;

impl Settings {
    /// The database file.
    pub(crate) fn store_path(&self) -> &Path {
        &self.database
    }

    /// The keys that seal personal data: beside the database, where nothing else is said.
    pub(crate) fn key_file(&self) -> PathBuf {
        self.key_file
            .clone()
            .unwrap_or_else(|| self.database.with_extension("key"))
    }

    /// Where the page listens.
    pub(crate) fn web_listen(&self) -> SocketAddr {
        self.listen
    }

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

    /// The rules, and the text of each policy. Without a policy there is nothing to decide by.
    pub(crate) fn rules(&self) -> Result<(Rules, Vec<String>), Failure> {
        if self.policies.is_empty() {
            let failure = Failure::configuration("rules.policies: no policy is configured");
            return Err(failure.hint("`clearwalk config init` writes one"));
        }
        let sources = self.rules_files()?;
        let rules = rules_files::load(&sources).map_err(Failure::configuration)?;
        rules_files::check_templates(&rules, &self.texts()?).map_err(Failure::configuration)?;
        Ok((
            rules,
            sources.policies.into_iter().map(|(_, text)| text).collect(),
        ))
    }

    /// The templates file, with its name.
    pub(crate) fn templates_file(&self) -> Result<Option<(String, String)>, Failure> {
        self.templates.as_deref().map(files::read_rules).transpose()
    }

    /// The texts of messages: the built-in ones, or those of the city where it has its own.
    pub(crate) fn texts(&self) -> Result<Texts, Failure> {
        match self.templates_file()? {
            Some((file, text)) => templates::parse(&file, &text).map_err(Failure::configuration),
            None => Ok(Texts::built_in()),
        }
    }

    /// A client of each provider, in order of preference; no call is made.
    pub(crate) fn gateways(&self) -> Result<Vec<Arc<dyn Gateway>>, Failure> {
        let route = self
            .route
            .iter()
            .filter_map(|name| Some((name, self.providers.get(name)?)));
        route.map(|(name, provider)| gateway(name, provider)).collect()
    }

    /// Where owners are found.
    pub(crate) fn registry(&self, grammar: Grammar) -> Result<Arc<dyn Registry>, Failure> {
        Ok(match &self.registry {
            RegistryKind::File(path) => {
                Arc::new(FileRegistry::open(path, grammar).map_err(Failure::configuration)?)
            }
            RegistryKind::None => Arc::new(NoRegistry),
            RegistryKind::Demo => Arc::new(DemoRegistry),
        })
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

fn gateway(name: &str, provider: &Provider) -> Result<Arc<dyn Gateway>, Failure> {
    let recipient = if provider.plate {
        Recipient::Plate
    } else {
        Recipient::Phone
    };
    if provider.kind == ProviderKind::Log {
        return Ok(Arc::new(LogGateway::new(name, recipient)));
    }
    let options = generic::Options {
        token: provider.token()?,
        deadline: provider.deadline,
        concurrency: provider.concurrency,
        rate: provider.rate,
        recipient,
        ..generic::Options::new(name, provider.url.as_deref().unwrap_or_default())
    };
    Ok(Arc::new(generic(options).map_err(Failure::configuration)?))
}

/// What is wrong with the address of a provider, if anything.
pub(super) fn bad_url(name: &str, url: &str) -> Option<String> {
    generic(generic::Options::new(name, url))
        .err()
        .map(|error| error.what)
}

fn generic(options: generic::Options) -> Result<Generic, gateway_sms::OptionsError> {
    // Fails only when this process has installed it before, which is as good.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    Generic::new(options)
}
