//! Logs on stderr, for people or as JSON. What is logged holds neither phones nor names, and plates only masked; that is
//! the duty of whoever logs, since types that hold them cannot be printed.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::environment::variable;
use crate::failure::Failure;

/// Which lines are kept where nobody says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Talk {
    /// A command that ends: warnings only.
    Quiet,
    /// A service: what it does.
    Service,
}

/// Starts the log. `CLEARWALK_LOG` holds a filter such as `info,pipeline=debug`; `CLEARWALK_LOG_FORMAT` is `text` or
/// `json`, and `--json` asks for the latter.
pub(crate) fn start(as_json: bool, talk: Talk) -> Result<(), Failure> {
    // The statements of the store are of no use to an operator, and may hold values.
    let text = variable("CLEARWALK_LOG")
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| {
            match talk {
                Talk::Quiet => "warn,sqlx=error",
                Talk::Service => "info,sqlx=error",
            }
            .to_owned()
        });
    let filter = EnvFilter::try_new(&text).map_err(|error| {
        Failure::configuration(format_args!("CLEARWALK_LOG: `{text}`: {error}"))
            .hint("write a level such as `info`, or `warn,pipeline=debug`")
    })?;
    let as_json = match variable("CLEARWALK_LOG_FORMAT").as_deref() {
        None | Some("") => as_json,
        Some("text") => false,
        Some("json") => true,
        Some(other) => {
            let message = format_args!("CLEARWALK_LOG_FORMAT: `{other}` is neither `text` nor `json`");
            return Err(Failure::configuration(message));
        }
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal() && variable("NO_COLOR").is_none_or(|value| value.is_empty()));
    // Fails only when there is a log already.
    let _started = if as_json {
        log.json().flatten_event(true).try_init()
    } else {
        log.with_target(false).try_init()
    };
    Ok(())
}
