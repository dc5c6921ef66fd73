//! What must hold between settings that are right by themselves.

use std::net::IpAddr;
use std::time::Duration;

use super::settings::{Provider, ProviderKind, RegistryKind, Settings};
use super::source::{Origin, Source};
use super::value::span_text;

/// What a call may need beyond its deadline to be written down.
const AFTER_DEADLINE: Duration = Duration::from_secs(3);

/// Notes all that does not go together; fills in the route where there is no choice.
pub(super) fn together(settings: &mut Settings, source: &mut Source) {
    web(settings, source);
    providers(settings, source);
    route(settings, source);
    registry(settings, source);
}

fn origin(source: &Source, key: &str) -> Origin {
    source
        .entries
        .get(key)
        .map_or(Origin::Default, |entry| entry.origin.clone())
}

fn wrong(source: &mut Source, key: &str, message: impl std::fmt::Display) {
    let origin = origin(source, key);
    source.wrong(&origin, key, message);
}

fn web(settings: &Settings, source: &mut Source) {
    if settings.tokens_file.is_none() && !settings.listen.ip().is_loopback() {
        let message = format!(
            "{} can be reached from elsewhere, and there is no tokens_file; set web.tokens_file, or listen on 127.0.0.1",
            settings.listen
        );
        wrong(source, "web.listen", message);
    }
}

fn providers(settings: &Settings, source: &mut Source) {
    for (name, provider) in &settings.providers {
        let key = |last: &str| format!("sms.providers.{name}.{last}");
        let first = source
            .entries
            .range(key("")..)
            .next()
            .map(|(key, _)| key.clone())
            .unwrap_or_default();
        let place = origin(source, &first);
        if !source.entries.contains_key(&key("kind")) {
            source.wrong(&place, &key("kind"), "is missing; this release has generic, log");
            continue;
        }
        match (provider.kind, &provider.url) {
            (ProviderKind::Generic, None) => {
                source.wrong(
                    &place,
                    &key("url"),
                    "is missing; a generic provider is posted to at an address",
                );
            }
            (ProviderKind::Generic, Some(url)) => {
                if let Some(message) = super::wire::bad_url(name, url) {
                    wrong(source, &key("url"), message);
                }
            }
            (ProviderKind::Log, Some(_)) => wrong(
                source,
                &key("url"),
                "is not for log, which sends nothing; remove it",
            ),
            (ProviderKind::Log, None) => {}
        }
        if provider.token.is_some() && provider.token_file.is_some() {
            wrong(source, &key("token"), "is given beside token_file; keep one");
        }
        let needed = provider.deadline + AFTER_DEADLINE;
        if settings.lease <= needed {
            let message = format!(
                "{} is too short: a call of provider {name} may take {}, so it must exceed {}",
                span_text(settings.lease),
                span_text(provider.deadline),
                span_text(needed)
            );
            let at = if source.entries.contains_key("sms.lease") {
                "sms.lease".to_owned()
            } else {
                key("deadline")
            };
            let place = origin(source, &at);
            source.wrong(&place, "sms.lease", message);
        }
    }
}

fn route(settings: &mut Settings, source: &mut Source) {
    let names: Vec<String> = settings.providers.keys().cloned().collect();
    if !source.entries.contains_key("sms.route") {
        match names.as_slice() {
            [] => {}
            [only] => settings.route = vec![only.clone()],
            several => {
                let message = format!("is missing; put {} in order of preference", several.join(", "));
                source.wrong(&Origin::Default, "sms.route", message);
            }
        }
        return;
    }
    let mut seen = Vec::new();
    for name in &settings.route {
        if !settings.providers.contains_key(name) {
            let message = match super::keys::nearest(name, names.iter().map(String::as_str)) {
                Some(near) => format!("there is no provider `{name}`; did you mean `{near}`?"),
                None => format!("there is no provider `{name}`; add [sms.providers.{name}]"),
            };
            wrong(source, "sms.route", message);
        } else if seen.contains(&name) {
            wrong(source, "sms.route", format!("names `{name}` twice"));
        }
        seen.push(name);
    }
    for name in names.iter().filter(|name| !seen.contains(name)) {
        wrong(
            source,
            "sms.route",
            format!("leaves out provider `{name}`; add it, or remove the provider"),
        );
    }
}

fn registry(settings: &Settings, source: &mut Source) {
    let has_path = source.entries.contains_key("registry.path");
    match &settings.registry {
        RegistryKind::File(_) if !has_path => {
            wrong(
                source,
                "registry.kind",
                "file needs registry.path, the registry file",
            );
        }
        RegistryKind::None | RegistryKind::Demo if has_path => {
            wrong(
                source,
                "registry.path",
                "is for kind = \"file\" only; set registry.kind, or remove it",
            );
        }
        RegistryKind::Demo => {
            let real = settings
                .providers
                .iter()
                .find(|(_, provider)| !is_harmless(provider));
            if let Some((name, _)) = real {
                let message = format!(
                    "demo makes numbers up, and provider {name} would send to them; it needs a provider on loopback or `log`"
                );
                wrong(source, "registry.kind", message);
            }
        }
        RegistryKind::File(_) | RegistryKind::None => {}
    }
}

/// Whether nothing that is sent leaves this machine.
fn is_harmless(provider: &Provider) -> bool {
    provider.kind == ProviderKind::Log || provider.url.as_deref().and_then(host).is_some_and(is_loopback)
}

/// The host of an address; a user before it is no host.
fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    if authority.contains('@') {
        return None;
    }
    match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map(|(host, _)| host),
        None => authority.split(':').next(),
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for url in [
            "http://127.0.0.1:9100/v1",
            "http://localhost",
            "http://[::1]:80/x",
            "http://127.8.9.1",
        ] {
            assert!(host(url).is_some_and(is_loopback), "{url}");
        }
        for url in [
            "http://127.0.0.1.example.org/",
            "http://127.0.0.1@example.org/",
            "http://localhost.example.org",
            "http://10.0.0.1",
            "http://[::2]/",
            "127.0.0.1",
        ] {
            assert!(!host(url).is_some_and(is_loopback), "{url}");
        }
    }
}
