//! `config`: writes, checks and shows the configuration.

use std::path::Path;

use serde_json::{Value, json};
use world::city::{City, Plan};

use super::Context;
use crate::cli::ConfigCommand;
use crate::config::{self, Settings};
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::{files, wiring};

pub(crate) fn run(context: &Context, command: &ConfigCommand) -> Result<(), Failure> {
    match command {
        ConfigCommand::Init { folder } => init(context, folder),
        ConfigCommand::Check => check(context),
        ConfigCommand::Show => show(context),
        ConfigCommand::Schema => {
            let schema = serde_json::to_string_pretty(&config::schema());
            output::print_line(&schema.expect("a schema is JSON"))
        }
    }
}

/// A configuration that runs as it is: it sends nothing, and knows nobody's phone.
fn init(context: &Context, folder: &Path) -> Result<(), Failure> {
    let city = City::new(Plan::default()).map_err(Failure::usage)?;
    let set = [
        ("rules.policies", "[\"policy.toml\"]"),
        ("rules.zones", "\"zones.toml\""),
        ("sms.route", "[\"primary\"]"),
        ("sms.providers.primary.kind", "\"log\""),
        ("registry.kind", "\"none\""),
    ];
    let written = [
        ("clearwalk.toml", config::commented(&set)),
        ("policy.toml", city.policy_toml()),
        ("zones.toml", city.zones_toml()),
    ];
    std::fs::create_dir_all(folder).map_err(|error| Failure::writing(folder, &error))?;
    for (name, _) in &written {
        let path = folder.join(name);
        if path.exists() {
            let failure = Failure::new(
                crate::failure::Code::Conflict,
                format!("{}: is there already", path.display()),
            );
            return Err(failure.hint("name another folder, or move it away; nothing was written"));
        }
    }
    for (name, text) in &written {
        files::write_new(&folder.join(name), text)?;
    }
    let paths: Vec<String> = written
        .iter()
        .map(|(name, _)| folder.join(name).display().to_string())
        .collect();
    if context.json {
        return output::print_json(&json!({ "written": paths }));
    }
    paths.iter().try_for_each(|path| output::print_line(path))?;
    output::say("policy and zones are those of a made-up city: replace them, then `clearwalk config check`");
    Ok(())
}

/// Reads everything that the configuration names.
fn check(context: &Context) -> Result<(), Failure> {
    let settings = context.settings()?;
    let rules = wiring::rules(&settings)?;
    wiring::texts(&settings, &rules)?;
    if settings.policies.is_empty() {
        output::say("rules.policies: no policy is configured; `serve` and `import --process` need one");
    }
    for provider in settings.providers.values() {
        provider.token()?;
        if let Some(path) = &provider.receipt_secret_file {
            receipt_secret(path)?;
        }
    }
    wiring::registry(&settings, &rules)?;
    said(context, &settings)
}

/// Its form only: it is never printed.
fn receipt_secret(path: &Path) -> Result<(), Failure> {
    let secret = files::read_secret(path)?;
    if secret.starts_with("whsec_") {
        return Ok(());
    }
    let message = format!(
        "{}: does not begin with whsec_; put the secret there as the provider shows it",
        path.display()
    );
    Err(Failure::configuration(message))
}

fn said(context: &Context, settings: &Settings) -> Result<(), Failure> {
    let file = settings.source.as_ref().map(|path| path.display().to_string());
    if context.json {
        return output::print_json(&json!({ "ok": true, "file": file }));
    }
    output::say(format!(
        "{}: without a mistake",
        file.as_deref().unwrap_or("the built-in settings")
    ));
    Ok(())
}

fn show(context: &Context) -> Result<(), Failure> {
    let settings = context.settings()?;
    let shown = settings.shown();
    if context.json {
        let list: Vec<Value> = shown
            .iter()
            .map(|it| {
                let value = format!("v = {}", it.value)
                    .parse::<toml::Table>()
                    .ok()
                    .and_then(|mut it| it.remove("v"));
                json!({ "key": it.key, "value": value, "origin": it.origin })
            })
            .collect();
        return output::print_json(&list);
    }
    let mut out = Output::new();
    for it in &shown {
        out.line(format_args!("{} = {}  # {}", it.key, it.value, it.origin))?;
    }
    out.end()
}
