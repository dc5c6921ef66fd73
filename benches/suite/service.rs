//! The release binary as a service, from outside: facts over HTTP, eligibility and receipts beside them, and messages to a
//! provider that answers after 50 ms. `--facts N` and `--notices N` take other numbers, `--latency MS` another provider.

#[path = "service/client.rs"]
mod client;
#[path = "service/provider.rs"]
mod provider;
#[path = "service/site.rs"]
mod site;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use benches::conditions;

use client::Client;
use provider::Provider;
use site::{SECRET, Site};

/// Facts in one request.
const BATCH: usize = 1_000;
/// Requests with facts at once.
const SENDERS: usize = 4;
/// Facts of one plate, on average.
const PER_PLATE: usize = 4;
/// Messages a second that are asked of the service.
const RATE: usize = 2_000;
/// Between two questions of a patrol, and between two receipts.
const PROBE: Duration = Duration::from_millis(10);

#[tokio::main]
async fn main() {
    let facts = number("--facts").unwrap_or(200_000);
    let notices = number("--notices").unwrap_or(50_000);
    let latency = Duration::from_millis(number("--latency").unwrap_or(50) as u64);
    let Some(binary) = site::binary() else {
        println!(
            "## service\n\nNot measured: `cargo xtask bench service` builds the binary that this needs."
        );
        return;
    };
    conditions::print(
        "service: facts in, messages out",
        "`clearwalk serve` with every role in one process; the clients and the provider run beside it on the same cores.",
        &[
            (
                "durability",
                "SQLite, WAL, synchronous FULL: a fact is synced before its 202, an attempt before its first byte, an outcome after it"
                    .to_owned(),
            ),
            (
                "facts",
                format!("{facts} in batches of {BATCH} by {SENDERS} senders, {PER_PLATE} sightings a plate"),
            ),
            (
                "provider",
                format!("answers after {} ms, 256 calls at once", latency.as_millis()),
            ),
        ],
    );
    println!("| what | value |");
    println!("|---|--:|");
    let provider = Provider::start(latency).await;
    ingest(&binary, &provider, facts).await;
    sends(&binary, &provider, notices, None).await;
    sends(&binary, &provider, notices, Some(RATE)).await;
}

/// Facts over HTTP until they are durable, and until they are decided; patrols ask meanwhile.
async fn ingest(binary: &std::path::Path, provider: &Provider, facts: usize) {
    let site = Site::new(provider, 0, None);
    site.pause(binary);
    let service = site.serve(binary).await;
    let client = Client::new(&service.address);
    let bodies: Vec<Vec<u8>> = (0..facts.div_ceil(BATCH))
        .map(|batch| client::facts(batch * BATCH..((batch + 1) * BATCH).min(facts), PER_PLATE))
        .collect();
    let stop = Arc::new(AtomicBool::new(false));
    let patrol = tokio::spawn(probe(stop.clone(), {
        let client = client.clone();
        move |turn| {
            let client = client.clone();
            async move { client.eligibility(turn).await }
        }
    }));
    let began = Instant::now();
    let queue = Arc::new(std::sync::Mutex::new(bodies.into_iter()));
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..SENDERS {
        let (client, queue) = (client.clone(), queue.clone());
        senders.spawn(async move {
            loop {
                let next = queue.lock().expect("no holder panics").next();
                let Some(body) = next else { return };
                client.send(body).await;
            }
        });
    }
    while let Some(done) = senders.join_next().await {
        done.expect("a sender does not panic");
    }
    let taken = began.elapsed();
    client.until_decided(facts as u64).await;
    let decided = began.elapsed();
    stop.store(true, Ordering::Relaxed);
    let patrol = patrol.await.expect("the patrol does not panic");
    row("facts durable (202), a second", pace(facts, taken));
    row("facts decided, a second", pace(facts, decided));
    times("eligibility while they are decided", &patrol);
    row(
        "processor s per million facts",
        service.busy().as_secs_f64() / facts as f64 * 1e6,
    );
    row("peak memory MiB", service.peak_memory());
    service.stop();
}

/// Messages that wait are sent as fast as it goes, or at `rate` a second; receipts come in meanwhile.
async fn sends(binary: &std::path::Path, provider: &Provider, notices: usize, rate: Option<usize>) {
    let site = Site::new(provider, notices, rate);
    site.pause(binary);
    let service = site.serve(binary).await;
    let client = Client::new(&service.address);
    for batch in 0..notices.div_ceil(BATCH) {
        client
            .send(client::facts(
                batch * BATCH..((batch + 1) * BATCH).min(notices),
                1,
            ))
            .await;
    }
    client.until_decided(notices as u64).await;
    let (before, busy) = (provider.taken(), service.busy());
    site.resume(binary);
    let began = Instant::now();
    let stop = Arc::new(AtomicBool::new(false));
    let pushes = tokio::spawn(probe(stop.clone(), {
        let (client, refs) = (client.clone(), provider.refs());
        move |turn| {
            let (client, refs) = (client.clone(), refs.clone());
            async move { client.receipt(&refs, turn, SECRET).await }
        }
    }));
    client.until_accepted(notices as u64).await;
    let took = began.elapsed();
    stop.store(true, Ordering::Relaxed);
    let pushes = pushes.await.expect("the provider does not panic");
    let taken = provider.taken() - before;
    assert_eq!(taken, notices as u64, "each message once");
    let limit = rate.map_or_else(
        || "no limit".to_owned(),
        |rate| format!("{rate} a second at most"),
    );
    row(
        &format!("messages accepted, a second ({limit})"),
        pace(notices, took),
    );
    row(
        "processor s per million messages",
        service.busy().saturating_sub(busy).as_secs_f64() / notices as f64 * 1e6,
    );
    times(&format!("receipts meanwhile ({limit})"), &pushes);
    row("peak memory MiB", service.peak_memory());
    service.stop();
}

/// Asks again and again, by an open clock: a slow answer delays no later question.
async fn probe<F: Future<Output = ()> + Send + 'static>(
    stop: Arc<AtomicBool>,
    ask: impl Fn(usize) -> F,
) -> Vec<Duration> {
    let mut asked = tokio::task::JoinSet::new();
    let mut clock = tokio::time::interval(PROBE);
    let mut turn = 0;
    while !stop.load(Ordering::Relaxed) {
        clock.tick().await;
        turn += 1;
        let answer = ask(turn);
        asked.spawn(async move {
            let began = Instant::now();
            answer.await;
            began.elapsed()
        });
    }
    let mut times = Vec::new();
    while let Some(time) = asked.join_next().await {
        times.push(time.expect("a probe does not panic"));
    }
    times.sort_unstable();
    times
}

fn row(what: &str, value: f64) {
    println!("| {what} | {value:.0} |");
}

fn times(what: &str, times: &[Duration]) {
    for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
        let at = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
        let millis = times.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3);
        println!("| {what}, {name} of {} in ms | {millis:.1} |", times.len());
    }
}

fn pace(count: usize, wall: Duration) -> f64 {
    count as f64 / wall.as_secs_f64()
}

fn number(name: &str) -> Option<usize> {
    let word = std::env::args().skip_while(|word| word != name).nth(1)?;
    Some(word.parse().unwrap_or_else(|_| panic!("{name} takes a number")))
}
