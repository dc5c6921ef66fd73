//! `token`: makes, lists and revokes tokens. A token is shown once, when it is made; the file keeps its hash.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use ports::read::{NewAudit, ReadStore as _};
use serde_json::{Value, json};
use web::{Scope, Token, Tokens};

use super::{Context, actor};
use crate::cli::TokenCommand;
use crate::config::Settings;
use crate::failure::{Code, Failure};
use crate::instant;
use crate::output::{self, Output};
use crate::wiring::{self, Access};

pub(crate) fn run(context: &Context, command: &TokenCommand) -> Result<(), Failure> {
    let settings = context.settings_making("web.tokens_file")?;
    let Some(path) = settings.tokens_file.clone() else {
        let failure =
            Failure::configuration("web.tokens_file is not set: there is no file to keep tokens in");
        return Err(failure.hint("add `tokens_file = \"tokens\"` to [web]"));
    };
    let mut tokens = read(&path)?;
    match command {
        TokenCommand::List => list(context, &tokens),
        TokenCommand::Add {
            name,
            scopes,
            authority,
            by,
        } => {
            let by = actor(by.as_deref())?;
            let scopes = scopes.iter().map(|word| Scope::from(*word)).collect();
            let (token, secret) = make(name, scopes, authority.as_deref())?;
            if tokens.0.iter().any(|other| other.name == token.name) {
                let failure = Failure::new(Code::Conflict, format_args!("there is a token `{name}` already"));
                return Err(failure.hint("revoke it first, or choose another name"));
            }
            let line = token_line(&token);
            tokens.0.push(token);
            note(&settings, &by, "token.add", name, None, Some(line))?;
            write(&path, &tokens)?;
            if context.json {
                return output::print_json(&json!({ "name": name, "token": secret }));
            }
            output::say("keep it now: it is not shown again");
            output::print_line(&secret)
        }
        TokenCommand::Revoke { name, by } => {
            let by = actor(by.as_deref())?;
            let at = tokens.0.iter().position(|token| *token.name == **name);
            let Some(at) = at else {
                let failure = Failure::new(Code::NotFound, format_args!("there is no token `{name}`"));
                return Err(failure.hint("`clearwalk token list` lists all of them"));
            };
            // Taking away comes first: it must not depend on the log.
            let gone = tokens.0.remove(at);
            write(&path, &tokens)?;
            note(
                &settings,
                &by,
                "token.revoke",
                name,
                Some(token_line(&gone)),
                None,
            )
            .map_err(|failure| {
                let message = format!("{name} is revoked, but the audit log was not written: {failure}");
                Failure { message, ..failure }
            })?;
            if context.json {
                return output::print_json(&json!({ "revoked": name }));
            }
            output::say(format_args!("{name} is revoked"));
            Ok(())
        }
    }
}

/// What the audit log says of a token: what it is good for.
fn token_line(token: &Token) -> String {
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.as_str()).collect();
    let authority = token.authority.as_deref().unwrap_or("all authorities");
    format!("{} of {authority}", scopes.join(","))
}

/// A line in the audit log of the store; before there is a store, there is nothing that a token could have been used for.
fn note(
    settings: &Settings,
    by: &str,
    action: &str,
    name: &str,
    before: Option<String>,
    after: Option<String>,
) -> Result<(), Failure> {
    if !settings.database.exists() {
        output::say("there is no store yet, so that no audit log was written");
        return Ok(());
    }
    let entry = NewAudit {
        at: instant::now(),
        actor: by.into(),
        action: action.into(),
        object: name.into(),
        before: before.map(Into::into),
        after: after.map(Into::into),
    };
    super::runtime()?.block_on(async {
        let store = wiring::open(settings, Access::Use).await?;
        store.append_audit(&entry).await?;
        wiring::close(store).await;
        Ok(())
    })
}

/// A new token, and what its owner must be told.
fn make(name: &str, mut scopes: Vec<Scope>, authority: Option<&str>) -> Result<(Token, String), Failure> {
    for (option, word) in [("--name", Some(name)), ("--authority", authority)] {
        if let Some(wrong) = word.and_then(Token::bad_word) {
            return Err(Failure::usage(format_args!("{option}: {wrong}")));
        }
    }
    scopes.sort_unstable();
    scopes.dedup();
    let mut bits = [0; 32];
    getrandom::fill(&mut bits)
        .map_err(|error| Failure::new(Code::Failure, format_args!("no random bits: {error}")))?;
    let secret = format!("{}{}", web::PREFIX, hex::encode(bits));
    let token = Token {
        name: name.into(),
        hash: Token::hash_of(&secret),
        scopes,
        authority: authority.map(Into::into),
        made: instant::now().to_string(),
    };
    Ok((token, secret))
}

fn list(context: &Context, tokens: &Tokens) -> Result<(), Failure> {
    let words = |token: &Token| {
        token
            .scopes
            .iter()
            .map(|scope| scope.as_str())
            .collect::<Vec<_>>()
    };
    if context.json {
        let list: Vec<Value> = tokens
            .0
            .iter()
            .map(|token| {
                json!({
                    "name": &*token.name, "scopes": words(token), "authority": token.authority.as_deref(),
                    "made_at": token.made,
                })
            })
            .collect();
        return output::print_json(&list);
    }
    let rows: Vec<Vec<String>> = tokens
        .0
        .iter()
        .map(|token| {
            let authority = token.authority.as_deref().unwrap_or("all");
            vec![
                token.name.to_string(),
                words(token).join(","),
                authority.to_owned(),
                token.made.clone(),
            ]
        })
        .collect();
    let mut out = Output::new();
    out.table(&["name", "scopes", "authority", "made at"], &rows)?;
    out.end()
}

/// The file's tokens; none where it is not there yet.
fn read(path: &Path) -> Result<Tokens, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Tokens::default()),
        Err(error) => return Err(Failure::reading(path, &error)),
    };
    Tokens::parse(&text).map_err(|error| Failure::configuration(format_args!("{}: {error}", path.display())))
}

/// Replaces the file as a whole, so that a running service never reads half of it.
fn write(path: &Path, tokens: &Tokens) -> Result<(), Failure> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&part).and_then(|mut file| {
        // A part that a killed command left keeps the mode that it had.
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        file.write_all(tokens.to_string().as_bytes())?;
        file.sync_all()?;
        fs::rename(&part, path)
    });
    written.map_err(|error| Failure::writing(path, &error))
}
