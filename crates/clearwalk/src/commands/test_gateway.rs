//! `testgateway`: the SMS provider that goes wrong as a plan says.

use std::io;

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use world::gateway::{Gateway, Options, Plan};

use super::Context;
use crate::cli::TestGatewayArgs;
use crate::failure::{Code, Failure};
use crate::{files, output};

pub(crate) fn run(context: &Context, args: &TestGatewayArgs) -> Result<(), Failure> {
    let plan = match &args.plan {
        Some(file) => Plan::load(file).map_err(Failure::configuration)?,
        None => Plan::default(),
    };
    let token = args.token_file.as_deref().map(files::read_secret).transpose()?;
    let options = Options {
        listen: args.listen,
        ledger: args.ledger.clone(),
        plan,
        token,
    };
    super::runtime()?.block_on(listen(context, options))
}

async fn listen(context: &Context, options: Options) -> Result<(), Failure> {
    let failed = |error: io::Error| {
        let code = match error.kind() {
            io::ErrorKind::AddrInUse => Code::Conflict,
            io::ErrorKind::PermissionDenied => Code::NotPermitted,
            _ => Code::Failure,
        };
        Failure::new(code, error)
    };
    // Before the first line is printed: whoever reads it may stop us at once.
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let gateway = Gateway::start(options).await.map_err(failed)?;
    let address = gateway.address();
    if context.json {
        output::print_json(&json!({ "listening": format!("http://{address}") }))?;
    } else {
        output::print_line(&format!("listening on http://{address}"))?;
    }
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    let stats = gateway.stats();
    gateway.shutdown().await;
    let (accepted, refused) = (stats.accepted, stats.refused);
    output::say(format!(
        "stopped; {accepted} messages accepted, {refused} refused"
    ));
    Ok(())
}
