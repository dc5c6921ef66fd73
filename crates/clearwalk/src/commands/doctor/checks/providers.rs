//! Whether the SMS providers can be reached, and may tell us what became of a message.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Check;
use crate::config::{Provider, ProviderKind, Settings};

/// A provider that takes longer to take a connection will miss deadlines too.
const PATIENCE: Duration = Duration::from_secs(3);

/// No request is made: a connection shows that the name, the route and the port are right.
pub(super) async fn reach(settings: &Settings) -> Vec<Check> {
    let mut checks = Vec::new();
    for name in &settings.route {
        let Some(provider) = settings.providers.get(name) else {
            continue;
        };
        if let Some(place) = place(provider) {
            checks.push(connect(name, &place).await);
        }
    }
    checks
}

async fn connect(name: &str, place: &str) -> Check {
    let hint = "see sms.providers; is there a firewall between?";
    match timeout(PATIENCE, TcpStream::connect(place)).await {
        Ok(Ok(_connected)) => Check::well("reach", format!("{name} at {place} takes connections")),
        Ok(Err(error)) => Check::bad("reach", format!("{name} at {place}: {error}"), hint),
        Err(_) => {
            let seconds = PATIENCE.as_secs();
            Check::bad(
                "reach",
                format!("{name} at {place}: no answer within {seconds} s"),
                hint,
            )
        }
    }
}

/// Host and port of a provider's address; none: it has no address.
fn place(provider: &Provider) -> Option<String> {
    let (scheme, rest) = provider.url.as_deref()?.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let has_port = host
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
    let port = if scheme.eq_ignore_ascii_case("https") {
        443
    } else {
        80
    };
    Some(if has_port {
        host.to_owned()
    } else {
        format!("{host}:{port}")
    })
}

/// Providers whose receipts are refused, so that nobody learns what was delivered.
pub(super) fn receipts(settings: &Settings) -> Check {
    let deaf: Vec<&str> = settings
        .providers
        .iter()
        .filter(|(_, it)| it.kind != ProviderKind::Log && it.receipt_secret_file.is_none())
        .map(|(name, _)| name.as_str())
        .collect();
    if deaf.is_empty() {
        return Check::well("receipts", "every provider that pushes may");
    }
    Check::doubtful(
        "receipts",
        format!(
            "of {} receipts are refused: there is no secret to check them by",
            deaf.join(", ")
        ),
        "set receipt_secret_file, or nobody learns what was delivered",
    )
}
