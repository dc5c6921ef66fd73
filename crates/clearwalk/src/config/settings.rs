//! The settings as the rest of the binary uses them.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use pipeline::upkeep::Resend;
use ports::dispatch::Caps;
use secrecy::SecretString;

use super::check;
use super::keys::Kind;
use super::source::{Entry, Origin, Source};
use super::value::Value;

/// All settings, checked.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The file that they were read from.
    pub(crate) source: Option<PathBuf>,
    /// How this process calls itself, where it was said.
    pub(crate) member: Option<String>,
    pub(crate) database: PathBuf,
    /// None: beside the database.
    pub(crate) key_file: Option<PathBuf>,
    pub(crate) listen: SocketAddr,
    /// None: only loopback is served, and needs no token.
    pub(crate) tokens_file: Option<PathBuf>,
    pub(crate) policies: Vec<PathBuf>,
    pub(crate) zones: Option<PathBuf>,
    pub(crate) calendar: Option<PathBuf>,
    pub(crate) templates: Option<PathBuf>,
    /// Names of providers in order of preference.
    pub(crate) route: Vec<String>,
    pub(crate) lease: Duration,
    pub(crate) resend: Resend,
    pub(crate) caps: Caps,
    pub(crate) providers: BTreeMap<String, Provider>,
    pub(crate) registry: RegistryKind,
    pub(super) entries: BTreeMap<String, Entry>,
}

/// One SMS provider.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    pub(crate) kind: ProviderKind,
    pub(crate) url: Option<String>,
    pub(crate) token_file: Option<PathBuf>,
    /// From the environment.
    pub(super) token: Option<SecretString>,
    pub(crate) receipt_secret_file: Option<PathBuf>,
    pub(crate) deadline: Duration,
    pub(crate) concurrency: usize,
    pub(crate) rate: Option<u32>,
    /// The provider keeps the owners' phones itself.
    pub(crate) plate: bool,
}

/// How a provider is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProviderKind {
    Generic,
    Log,
}

impl ProviderKind {
    /// As it is configured.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Log => "log",
        }
    }
}

/// Where owners are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RegistryKind {
    File(PathBuf),
    None,
    Demo,
}

impl Settings {
    /// What a source comes to, or all that is wrong with it. `folder` is where relative paths begin.
    /// The file of the key `making` need not be there yet.
    pub(super) fn of(
        source: Source,
        file: Option<PathBuf>,
        folder: PathBuf,
        making: Option<&str>,
    ) -> Result<Self, Vec<String>> {
        let mut maker = Maker { source, folder };
        maker.check_files(making);
        let mut settings = Self {
            source: file,
            member: maker.text("stream.member"),
            database: maker.store(),
            key_file: maker.path("store.key_file"),
            listen: maker.listen(),
            tokens_file: maker.path("web.tokens_file"),
            policies: maker.paths("rules.policies"),
            zones: maker.path("rules.zones"),
            calendar: maker.path("rules.calendar"),
            templates: maker.path("rules.templates"),
            route: maker.texts("sms.route"),
            lease: maker.span("sms.lease", Duration::from_secs(30)),
            resend: maker.resend(),
            caps: Caps {
                per_hour: maker.count("sms.per_recipient_hour"),
                per_day: maker.count("sms.per_recipient_day"),
            },
            providers: maker.providers(),
            registry: maker.registry(),
            entries: BTreeMap::new(),
        };
        check::together(&mut settings, &mut maker.source);
        if maker.source.mistakes.is_empty() {
            settings.entries = maker.source.entries;
            Ok(settings)
        } else {
            Err(maker.source.mistakes)
        }
    }
}

struct Maker {
    source: Source,
    folder: PathBuf,
}

impl Maker {
    fn get(&self, key: &str) -> Option<&Entry> {
        self.source.entries.get(key)
    }

    fn text(&self, key: &str) -> Option<String> {
        match self.get(key)?.value {
            Value::Text(ref text) => Some(text.clone()),
            _ => None,
        }
    }

    fn texts(&self, key: &str) -> Vec<String> {
        match self.get(key).map(|entry| &entry.value) {
            Some(Value::Texts(texts)) => texts.clone(),
            _ => Vec::new(),
        }
    }

    fn span(&self, key: &str, default: Duration) -> Duration {
        match self.get(key).map(|entry| &entry.value) {
            Some(Value::Span(span)) => *span,
            _ => default,
        }
    }

    fn count(&self, key: &str) -> Option<u32> {
        match self.get(key)?.value {
            Value::Count(count) => Some(count),
            _ => None,
        }
    }

    /// Paths of a file begin in its folder, those of the environment where the command runs.
    fn place(&self, entry: &Entry, path: &str) -> PathBuf {
        match entry.origin {
            Origin::Environment { .. } => PathBuf::from(path),
            Origin::File { .. } | Origin::Default => self.folder.join(path),
        }
    }

    fn path(&self, key: &str) -> Option<PathBuf> {
        let entry = self.get(key)?;
        match &entry.value {
            Value::Text(path) => Some(self.place(entry, path)),
            _ => None,
        }
    }

    fn paths(&self, key: &str) -> Vec<PathBuf> {
        let Some(entry) = self.get(key) else {
            return Vec::new();
        };
        self.texts(key)
            .iter()
            .map(|path| self.place(entry, path))
            .collect()
    }

    /// A file that is given and missing is a mistake.
    fn check_files(&mut self, making: Option<&str>) {
        let mut missing = Vec::new();
        for (key, entry) in &self.source.entries {
            let paths = match (kind_of(key), &entry.value) {
                (Some(Kind::File), Value::Text(path)) => vec![path.as_str()],
                (Some(Kind::Files), Value::Texts(paths)) => paths.iter().map(String::as_str).collect(),
                _ => continue,
            };
            if making == Some(key.as_str()) {
                continue;
            }
            for path in paths {
                let place = self.place(entry, path);
                if let Some(what) = unusable(&place) {
                    missing.push((
                        entry.origin.clone(),
                        key.clone(),
                        format!("{} {what}", place.display()),
                    ));
                }
            }
        }
        for (origin, key, message) in missing {
            self.source.wrong(&origin, &key, message);
        }
    }

    fn store(&mut self) -> PathBuf {
        const USUAL: &str = "clearwalk.db";
        let Some(entry) = self.get("store.url").cloned() else {
            return self.folder.join(USUAL);
        };
        let url = self.text("store.url").unwrap_or_default();
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        let message = match scheme {
            "sqlite" => {
                let path = url["sqlite:".len()..].trim_start_matches("//");
                if !path.is_empty() && !path.contains('?') && !path.starts_with(':') {
                    return self.place(&entry, path);
                }
                "names no file; write it like \"sqlite:clearwalk.db\""
            }
            "postgres" | "postgresql" => "PostgreSQL comes with a later release; this one has sqlite:",
            _ => "is no address of a database; write it like \"sqlite:clearwalk.db\"",
        };
        self.source.wrong(&entry.origin, "store.url", message);
        self.folder.join(USUAL)
    }

    fn listen(&self) -> SocketAddr {
        match self.get("web.listen").map(|entry| &entry.value) {
            Some(Value::Address(address)) => *address,
            _ => (Ipv4Addr::LOCALHOST, 8080).into(),
        }
    }

    fn providers(&mut self) -> BTreeMap<String, Provider> {
        let names = self
            .source
            .entries
            .keys()
            .filter_map(|key| key.strip_prefix("sms.providers."));
        let mut names: Vec<String> = names
            .filter_map(|rest| rest.split('.').next())
            .map(str::to_owned)
            .collect();
        names.dedup();
        names
            .into_iter()
            .map(|name| (name.clone(), self.provider(&name)))
            .collect()
    }

    fn provider(&mut self, name: &str) -> Provider {
        let key = |last: &str| format!("sms.providers.{name}.{last}");
        let kind = match self.text(&key("kind")).as_deref() {
            Some("log") => ProviderKind::Log,
            _ => ProviderKind::Generic,
        };
        Provider {
            kind,
            url: self.text(&key("url")),
            token_file: self.path(&key("token_file")),
            token: self.text(&key("token")).map(SecretString::from),
            receipt_secret_file: self.path(&key("receipt_secret_file")),
            deadline: self.span(&key("deadline"), Duration::from_secs(10)),
            concurrency: self.count(&key("concurrency")).map_or(32, |count| count as usize),
            rate: self.count(&key("rate")),
            plate: self.text(&key("recipient")).as_deref() == Some("plate"),
        }
    }

    fn resend(&self) -> Resend {
        match self.text("sms.resend").as_deref() {
            Some("after_proof") => Resend::AfterProof,
            _ => Resend::Never,
        }
    }

    fn registry(&self) -> RegistryKind {
        match self.text("registry.kind").as_deref() {
            Some("file") => RegistryKind::File(self.path("registry.path").unwrap_or_default()),
            Some("demo") => RegistryKind::Demo,
            _ => RegistryKind::None,
        }
    }
}

pub(super) fn kind_of(dotted: &str) -> Option<Kind> {
    let path: Vec<&str> = dotted.split('.').collect();
    match super::keys::find(&path) {
        super::keys::Found::Key(key) => Some(key.kind),
        _ => None,
    }
}

fn unusable(path: &Path) -> Option<String> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => Some("is a folder, not a file".to_owned()),
        Ok(_) => None,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some("is missing".to_owned()),
        Err(error) => Some(format!("cannot be read: {error}")),
    }
}
