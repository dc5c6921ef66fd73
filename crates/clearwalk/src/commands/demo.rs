//! `demo`: everything in one process, and nothing of it kept. A made-up city reports for a year, an SMS provider of our own
//! takes the messages, and every case is compared with the answer that the city's maker knows.

mod city;
mod examples;
mod report;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pipeline::dispatch::Dispatch;
use pipeline::intake::JudgeBy;
use ports::clock::SystemClock;
use ports::log::Stream as _;
use ports::read::ReadStore as _;
use store_sqlite::SqliteStore;
use tempfile::TempDir;
use world::city::City;
use world::gateway::{Gateway, Options};

use self::report::Report;
use super::Context;
use crate::cli::{DemoArgs, RoleWord};
use crate::config::Settings;
use crate::failure::{Code, Failure};
use crate::service::{Parts, Service, Signals};
use crate::telemetry::{self, Talk};
use crate::wiring::{self, Access, Decider};
use crate::{files, instant, output};

/// For messages that have to be tried again.
const PATIENCE: Duration = Duration::from_mins(2);
/// Between two looks whether one is due.
const LOOK: Duration = Duration::from_millis(100);

pub(crate) fn run(context: &Context, args: &DemoArgs) -> Result<(), Failure> {
    telemetry::start(context.json, Talk::Quiet)?;
    let city = city::plan(args)?;
    super::runtime()?.block_on(demo(context, args, &city))
}

async fn demo(context: &Context, args: &DemoArgs, city: &City) -> Result<(), Failure> {
    let mut signals = Signals::take()?;
    let folder = tempfile::Builder::new().prefix("clearwalk-demo-").tempdir();
    let folder =
        folder.map_err(|error| Failure::new(Code::Failure, format_args!("no temporary folder: {error}")))?;
    let gateway = Gateway::start(Options::default()).await;
    let gateway =
        gateway.map_err(|error| Failure::new(Code::Failure, format_args!("the test gateway: {error}")))?;
    let settings = settings(&folder, city, &gateway, args.port)?;
    let store = wiring::open(&settings, Access::Make).await?;
    let parts = Parts::new(&settings, wiring::rules(&settings)?, store.clone())?;
    let report = tokio::select! {
        report = work(context, args, city, &settings, &store, &parts, &gateway) => report?,
        () = signals.next() => return Ok(()),
    };
    report.print(context)?;
    if !context.json {
        examples::print(&store).await?;
    }
    if !report.is_right() {
        return Err(Failure::new(
            Code::CheckFailed,
            "the demo did not come out as it must",
        ));
    }
    if args.once {
        if !context.json {
            output::say(format!(
                "without --once there is a page at http://127.0.0.1:{}",
                args.port
            ));
        }
        return Ok(());
    }
    let listen: SocketAddr = (Ipv4Addr::LOCALHOST, args.port).into();
    let _lock = wiring::take_lock(&settings, "demo")?;
    let service = Service::prepare(parts, RoleWord::ALL.to_vec(), listen, wiring::holder("demo")).await?;
    if let Some(address) = service.address().filter(|_| !context.json) {
        output::say(format!(
            "look at http://{address}; Ctrl-C ends it, and nothing is kept"
        ));
    }
    service.run(signals).await?;
    gateway.shutdown().await;
    Ok(())
}

/// From the first fact to the last message.
async fn work(
    context: &Context,
    args: &DemoArgs,
    city: &City,
    settings: &Settings,
    store: &Arc<SqliteStore>,
    parts: &Parts,
    gateway: &Gateway,
) -> Result<Report, Failure> {
    let say = |text: String| {
        if !context.json {
            output::say(text);
        }
    };
    let year = city.plan().first.year();
    say(format!(
        "a made-up city in {year}: {} reports about {} vehicles",
        args.events,
        city.vehicles()
    ));
    let began = instant::now();
    city::append(city, store).await?;
    let rules = wiring::rules(settings)?;
    let mut decider = Decider::find(settings, store, rules, JudgeBy::LargestKnown, "demo").await?;
    let end = store.end().await?;
    decider.reach(end, |_| {}).await?;
    say("decided; now the owners are told, by a test gateway on this machine".to_owned());
    parts.begin_to_send().await?;
    send(&mut parts.dispatch(), store).await?;
    // What people were told is a fact that decisions rest on.
    decider.reach(end, |_| {}).await?;
    let millis = instant::now().since(began) / 1000;
    Report::of(city, store, gateway, millis).await
}

/// Sends until every notice is settled. What certainly was not sent, on a machine that is busy, is tried again a little
/// later.
async fn send(dispatch: &mut Dispatch, store: &SqliteStore) -> Result<(), Failure> {
    let patience = tokio::time::Instant::now() + PATIENCE;
    let mut look = tokio::time::interval(LOOK);
    loop {
        let report = dispatch.step(instant::now()).await?;
        let did = report.recorded + report.submitted + report.deferred + report.set_aside;
        if did > 0 {
            continue;
        }
        if dispatch.in_flight() > 0 {
            dispatch.landed().await;
            continue;
        }
        let is_over = tokio::time::Instant::now() > patience;
        if is_over || report::unsettled(&store.stats().await?) == 0 {
            dispatch.finish(&SystemClock).await;
            return Ok(());
        }
        look.tick().await;
    }
}

/// Writes the files of an installation and reads them back, as any other would be.
fn settings(folder: &TempDir, city: &City, gateway: &Gateway, port: u16) -> Result<Settings, Failure> {
    let file = |name: &str| folder.path().join(name);
    files::write(&file("policy.toml"), &city.policy_toml())?;
    files::write(&file("zones.toml"), &city.zones_toml())?;
    files::write(&file("owners.csv"), &city.owners_csv())?;
    let text = format!(
        "[web]\nlisten = \"127.0.0.1:{port}\"\n\
         [rules]\npolicies = [\"policy.toml\"]\nzones = \"zones.toml\"\n\
         [sms]\nroute = [\"primary\"]\n\
         [sms.providers.primary]\nkind = \"generic\"\nurl = \"{}\"\nconcurrency = 64\n\
         [registry]\nkind = \"file\"\npath = \"owners.csv\"\n",
        gateway.url()
    );
    let path = file("clearwalk.toml");
    files::write(&path, &text)?;
    Settings::of_file(Path::new(&path), &text)
}
