//! Single checks.

mod disk;
mod providers;
mod rules;
mod traffic;

use std::fmt::Display;
use std::path::Path;

use jiff::tz::TimeZone;
use ports::dispatch::{ALL_PROVIDERS, DispatchStore as _};
use ports::restore::is_restored;
use ports::store::IntakeStore as _;
use store_sqlite::{LockError, RoleLock, SqliteStore};

use crate::config::{RegistryKind, Settings};
use crate::instant;
use crate::wiring::{self, Access, Gateways};

/// A clock before this release was made is wrong.
const RELEASED: &str = "2026-01-01T00:00:00Z";

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    Well,
    Doubtful,
    Bad,
}

impl Health {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Well => "ok",
            Self::Doubtful => "warning",
            Self::Bad => "failed",
        }
    }
}

/// What was looked at, and what was found.
#[derive(Clone, Debug)]
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) health: Health,
    pub(super) found: String,
    pub(super) hint: Option<String>,
}

impl Check {
    fn well(name: &'static str, found: impl Display) -> Self {
        Self {
            name,
            health: Health::Well,
            found: found.to_string(),
            hint: None,
        }
    }

    fn doubtful(name: &'static str, found: impl Display, hint: impl Into<String>) -> Self {
        Self {
            name,
            health: Health::Doubtful,
            found: found.to_string(),
            hint: Some(hint.into()),
        }
    }

    pub(super) fn bad(name: &'static str, found: impl Display, hint: impl Into<String>) -> Self {
        Self {
            health: Health::Bad,
            ..Self::doubtful(name, found, hint)
        }
    }
}

/// The clock and the tables of this machine and of the binary.
pub(super) fn of_machine() -> Vec<Check> {
    let now = instant::now();
    let clock = match instant::parse(RELEASED) {
        Ok(released) if now < released => Check::bad(
            "clock",
            format!("{now} is before this release was made"),
            "set the clock, and let a time service keep it",
        ),
        _ => Check::well("clock", now),
    };
    let zone = match TimeZone::get("Asia/Shanghai") {
        Ok(zone) => {
            let (source, hour) = (jiff::tz::db().available().count(), zone.to_offset(now.to_jiff()));
            Check::well(
                "time zones",
                format!("{source} zones are known; Asia/Shanghai is {hour}"),
            )
        }
        Err(error) => Check::bad(
            "time zones",
            error,
            "the tables are part of the binary; install it anew",
        ),
    };
    vec![clock, zone]
}

/// What the settings name, without a network and without a store.
pub(super) fn of_files(settings: &Settings) -> Vec<Check> {
    let mut checks = Vec::new();
    let source = settings.source.as_ref().map_or_else(
        || "built-in settings".to_owned(),
        |file| file.display().to_string(),
    );
    checks.push(Check::well("configuration", source));
    match wiring::rules(settings) {
        Err(failure) => checks.push(Check::bad(
            "rules",
            failure.message,
            "see `clearwalk policy lint`",
        )),
        Ok(rules) if rules.policies().is_empty() => {
            checks.push(Check::doubtful(
                "rules",
                "no policy: nothing is punishable",
                "name some in rules.policies",
            ));
        }
        Ok(rules) => {
            let names: Vec<String> = rules.policies().iter().map(|policy| policy.name()).collect();
            checks.push(Check::well("rules", names.join(", ")));
            checks.push(rules::in_force(&rules, instant::now()));
            checks.push(rules::spans(&rules));
            checks.push(match wiring::texts(settings, &rules) {
                Ok(_) => Check::well("texts", "every message that the policies name has one"),
                Err(failure) => Check::bad("texts", failure.message, "see rules.templates"),
            });
            checks.push(match (wiring::registry(settings, &rules), &settings.registry) {
                (Err(failure), _) => Check::bad("registry", failure.message, "mend the file"),
                (Ok(_), RegistryKind::None) => {
                    Check::doubtful("registry", "none: nobody is written to", "see registry.kind")
                }
                (Ok(_), RegistryKind::Demo) => {
                    Check::doubtful("registry", "made-up numbers", "see registry.kind")
                }
                (Ok(_), RegistryKind::File(path)) => Check::well("registry", path.display()),
            });
        }
    }
    checks.push(match Gateways::new(settings) {
        Err(failure) => Check::bad("providers", failure.message, "see sms.providers"),
        Ok(gateways) if gateways.route().is_empty() => Check::doubtful(
            "providers",
            "none: messages wait and expire",
            "see sms.providers and sms.route",
        ),
        Ok(gateways) => {
            let names: Vec<String> = gateways.route().iter().map(|it| it.name().to_string()).collect();
            Check::well("providers", names.join(", "))
        }
    });
    checks.push(providers::receipts(settings));
    checks.extend(settings.tokens_file.as_deref().map(tokens));
    checks.extend(secrets(settings));
    checks
}

/// A tokens file lets in whoever it names, and nobody where it names nobody.
fn tokens(path: &Path) -> Check {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string());
    let parsed = text.and_then(|text| web::Tokens::parse(&text).map_err(|error| error.to_string()));
    match parsed {
        Err(error) => Check::bad(
            "tokens",
            format!("{}: {error}", path.display()),
            "see web.tokens_file",
        ),
        Ok(tokens) if tokens.0.is_empty() => Check::bad(
            "tokens",
            format!("{} holds none: nobody is let in", path.display()),
            "`clearwalk token add` makes one",
        ),
        Ok(tokens) => Check::well("tokens", format!("{} of people and machines", tokens.0.len())),
    }
}

/// Files that nobody else may read.
fn secrets(settings: &Settings) -> Vec<Check> {
    let key = wiring::key_file(settings);
    let mut paths = vec![key.as_path()];
    paths.extend(settings.tokens_file.as_deref());
    for provider in settings.providers.values() {
        paths.extend(provider.token_file.as_deref());
        paths.extend(provider.receipt_secret_file.as_deref());
    }
    let open: Vec<String> = paths
        .into_iter()
        .filter(|path| is_open(path))
        .map(|path| path.display().to_string())
        .collect();
    if open.is_empty() {
        return vec![Check::well("secrets", "only their owner may read them")];
    }
    let names = open.join(" ");
    vec![Check::bad(
        "secrets",
        format!("others may read {names}"),
        format!("chmod 600 {names}"),
    )]
}

#[cfg(unix)]
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open(_path: &Path) -> bool {
    false
}

/// The database, its disk and who holds it.
pub(super) async fn of_store(settings: &Settings) -> Vec<Check> {
    let database = &settings.database;
    let folder = database
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."));
    let mut checks = vec![match fs4::available_space(folder) {
        Ok(free) => disk::room(free),
        Err(error) => Check::bad("disk", format!("{}: {error}", folder.display()), "see store.url"),
    }];
    checks.extend(disk::file_system(folder));
    checks.extend(disk::clock(database, instant::now()));
    checks.extend(providers::reach(settings).await);
    if !database.exists() {
        let found = format!("there is none at {}", database.display());
        checks.push(Check::doubtful("store", found, "`clearwalk serve` makes it"));
        return checks;
    }
    checks.push(lock(settings));
    match wiring::open(settings, Access::Use).await {
        Err(failure) => checks.push(Check::bad(
            "store",
            failure.message,
            failure.hint.unwrap_or_default(),
        )),
        Ok(store) => {
            checks.push(match store.status().await {
                Ok(status) => Check::well(
                    "store",
                    format!(
                        "{}: schema {}, SQLite {}, {} MB",
                        database.display(),
                        status.schema,
                        status.sqlite,
                        status.size >> 20
                    ),
                ),
                Err(error) => Check::bad("store", error, "see store.url"),
            });
            checks.extend(lately(settings, &store).await);
            checks.push(match store.progress().await {
                Ok(progress) => Check::well(
                    "intake",
                    format!("has read {} records", progress.next.saturating_sub(1)),
                ),
                Err(error) => Check::bad("intake", error, "see store.url"),
            });
            checks.push(sending(&store).await);
        }
    }
    checks
}

/// What went through lately, where the rules can be read.
async fn lately(settings: &Settings, store: &SqliteStore) -> Vec<Check> {
    let Ok(rules) = wiring::rules(settings) else {
        return Vec::new();
    };
    let registry = wiring::registry(settings, &rules).ok();
    match traffic::checks(settings, store, &rules, registry).await {
        Ok(checks) => checks,
        Err(error) => vec![Check::bad("traffic", error, "see store.url")],
    }
}

/// The lock is only looked at: whoever starts in this instant is told that `doctor` had it.
fn lock(settings: &Settings) -> Check {
    if !RoleLock::path_of(&settings.database).exists() {
        return Check::well("lock", "nobody decides at present");
    }
    match wiring::take_lock(settings, "doctor") {
        Ok(_lock) => Check::well("lock", "nobody decides at present"),
        Err(LockError::Held { holder, .. }) => Check::well("lock", format!("{holder} decides")),
        Err(error) => Check::bad("lock", error, "make the folder of the store writable"),
    }
}

/// Whether everything is paused.
async fn sending(store: &SqliteStore) -> Check {
    let states = match store.providers().await {
        Ok(states) => states,
        Err(error) => return Check::bad("sending", error, "see store.url"),
    };
    let everything = states.into_iter().find(|state| &*state.name == ALL_PROVIDERS);
    match everything.and_then(|state| state.paused) {
        None => Check::well("sending", "is not paused"),
        Some(pause) if is_restored(&pause.reason) => {
            Check::doubtful("sending", pause.reason, "`clearwalk sms reconcile`")
        }
        Some(pause) => Check::doubtful(
            "sending",
            format!("paused: {}", pause.reason),
            "`clearwalk sms resume`",
        ),
    }
}
