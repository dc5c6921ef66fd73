//! From settings to running parts: rules, texts, providers, registry, store. A mistake in any of them is told before
//! anything begins.

mod decider;
mod policies;
mod store;

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::message::Texts;
use engine::rules::Rules;
use formats::{rules_files, templates};
use gateway_sms::Recipient;
use gateway_sms::generic::{self, Generic};
use gateway_sms::log::LogGateway;
use ports::gateway::Gateway;
use ports::registry::Registry;
use registry::demo::DemoRegistry;
use registry::file::FileRegistry;
use registry::none::NoRegistry;

use crate::config::{Provider, ProviderKind, RegistryKind, Settings};
use crate::failure::Failure;

pub(crate) use self::decider::Decider;
pub(crate) use self::policies::publish;
pub(crate) use self::store::{Access, close, holder, key_file, open, take_lock};

/// The rules of the configured files.
pub(crate) fn rules(settings: &Settings) -> Result<Rules, Failure> {
    rules_files::load(&settings.rules_files()?).map_err(Failure::configuration)
}

/// The texts of messages: the built-in ones, or those of the city where it has its own; checked against the rules.
pub(crate) fn texts(settings: &Settings, rules: &Rules) -> Result<Texts, Failure> {
    let texts = match settings.templates_file()? {
        None => Texts::built_in(),
        Some((file, text)) => templates::parse(&file, &text).map_err(Failure::configuration)?,
    };
    rules_files::check_templates(rules, &texts).map_err(Failure::configuration)?;
    Ok(texts)
}

/// Every configured provider, by name.
pub(crate) struct Gateways {
    by_name: BTreeMap<String, Arc<dyn Gateway>>,
    kinds: BTreeMap<String, &'static str>,
    route: Vec<String>,
}

impl Gateways {
    /// Builds the client of each provider; no call is made.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Failure> {
        // Fails only when this process has installed it before, which is as good.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let mut by_name = BTreeMap::new();
        let kinds = settings.providers.iter();
        let kinds = kinds.map(|(name, provider)| (name.clone(), provider.kind.word()));
        for (name, provider) in &settings.providers {
            by_name.insert(name.clone(), gateway(name, provider)?);
        }
        Ok(Self {
            by_name,
            kinds: kinds.collect(),
            route: settings.route.clone(),
        })
    }

    /// In order of preference.
    pub(crate) fn route(&self) -> Vec<Arc<dyn Gateway>> {
        let named = self.route.iter().filter_map(|name| self.by_name.get(name));
        named.cloned().collect()
    }

    /// All of them, also those that nothing is sent to any more.
    pub(crate) fn all(&self) -> Vec<Arc<dyn Gateway>> {
        self.by_name.values().cloned().collect()
    }

    /// All of them, each with the word of its kind.
    pub(crate) fn by_kind(&self) -> Vec<(&'static str, Arc<dyn Gateway>)> {
        let kind = |name: &String| self.kinds.get(name).copied().unwrap_or_default();
        let all = self.by_name.iter();
        all.map(|(name, gateway)| (kind(name), gateway.clone())).collect()
    }

    /// Their names.
    pub(crate) fn names(&self) -> Vec<Arc<str>> {
        self.by_name.keys().map(|name| name.as_str().into()).collect()
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
        receipt_secret: provider.receipt_secret()?,
        ..generic::Options::new(name, provider.url.as_deref().unwrap_or_default())
    };
    Ok(Arc::new(Generic::new(options).map_err(Failure::configuration)?))
}

/// Where owners are found.
pub(crate) fn registry(settings: &Settings, rules: &Rules) -> Result<Arc<dyn Registry>, Failure> {
    Ok(match &settings.registry {
        RegistryKind::None => Arc::new(NoRegistry),
        RegistryKind::Demo => Arc::new(DemoRegistry),
        RegistryKind::File(path) => {
            let file = FileRegistry::open(path, rules.grammar()).map_err(Failure::configuration)?;
            Arc::new(file)
        }
    })
}
