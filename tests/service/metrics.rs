//! What `/metrics` shows after a day on which everything went wrong that the metrics count.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::site::wait;
use crate::town::{Plan, SOON, Town};

/// Of the receipts; the provider and the service share it.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// An unknown attempt is looked up after a quarter of a minute.
const LOOKED_UP: Duration = Duration::from_mins(1);

/// What takes a crash or a race to count; that they are described is seen to where they are declared.
const ONLY_BY_ACCIDENT: [&str; 3] = [
    "clearwalk_batch_rebuilds_total",
    "clearwalk_sms_sends_overdue_total",
    "clearwalk_step_failures_total",
];

/// Every name of the page of metrics.
fn documented() -> Vec<String> {
    let page = include_str!("../../deploy/metrics.md");
    let names = page
        .split("| `clearwalk_")
        .skip(1)
        .filter_map(|rest| rest.split('`').next());
    names.map(|name| format!("clearwalk_{name}")).collect()
}

/// The value of a sample, its name and its labels as they stand.
fn value(metrics: &str, sample: &str) -> f64 {
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.and_then(|value| value.parse().ok())
        .unwrap_or_else(|| panic!("no {sample} in {metrics}"))
}

/// Puts a plan in force at the provider with this address.
fn obey(url: &str, plan: &str) {
    let address = url.split('/').nth(2).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let length = plan.len();
    write!(
        stream,
        "PUT /_control/plan HTTP/1.0\r\nHost: {address}\r\nContent-Type: application/toml\r\nContent-Length: {length}\r\n\r\n{plan}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains(" 200 "), "{answer}");
}

/// What goes wrong with the message to each car, and where receipts are pushed.
fn troubles(address: &str) -> String {
    let receipt =
        |car: u32, fault: &str| format!("[[receipts.messages]]\nto = \"{car:03}\"\nfault = \"{fault}\"\n");
    format!(
        "[[messages]]\nto = \"005\"\nfault = \"error-after-taking\"\n\
         [receipts]\nto = \"http://{}/receipts/primary\"\nsecret = \"{SECRET}\"\ndelay = \"0s\"\n{}{}{}{}{}",
        address,
        receipt(0, "twice"),
        receipt(1, "three-days-late"),
        receipt(2, "unsigned"),
        receipt(3, "broken-among-good"),
        receipt(5, "lost"),
    )
}

/// What `/metrics` does not show yet: metrics of the page, and the counts that come last.
fn missing(shown: &str) -> Vec<String> {
    let mut names = documented();
    names.retain(|name| !ONLY_BY_ACCIDENT.contains(&&**name));
    names.retain(|name| !shown.contains(&format!("# TYPE {name} ")));
    let counted = [
        "clearwalk_sms_receipts_duplicate_total{provider=\"primary\"} 1",
        "clearwalk_sms_receipts_total{provider=\"primary\",result=\"delivered\"} 4",
    ];
    let late = counted.into_iter().filter(|it| !shown.contains(it));
    names.extend(late.map(str::to_owned));
    names
}

#[test]
fn every_metric_of_the_page_is_shown_and_counts_what_it_says() {
    let town = Town::new(Plan {
        more: "rate = 50\nreceipt_secret_file = \"receipts.key\"",
        ..Plan::default()
    });
    town.site.write("receipts.key", SECRET);
    obey(&town.provider.url(), &troubles(&town.site.address()));
    let service = town.site.serve();
    // The last has no owner, so that nobody is written to.
    let cars = (0..6).chain([500]);
    town.offend(
        "first.csv",
        &cars.map(|car| (car, "2025-03-02")).collect::<Vec<_>>(),
    );
    let mut shown = String::new();
    let looked = wait(LOOKED_UP, || {
        shown = town.site.try_get("/metrics")?.1;
        missing(&shown).is_empty().then_some(())
    });
    assert!(
        looked.is_some(),
        "missing: {:?}\n{}",
        missing(&shown),
        service.said()
    );
    for (sample, expected) in [
        ("clearwalk_notice_leases_ended_total", 0.0),
        ("clearwalk_sms_receipts_late_total{provider=\"primary\"}", 1.0),
        (
            "clearwalk_sms_receipts_duplicate_total{provider=\"primary\"}",
            1.0,
        ),
        (
            "clearwalk_sms_receipts_refused_total{provider=\"primary\",why=\"unsigned\"}",
            1.0,
        ),
        (
            "clearwalk_sms_receipts_refused_total{provider=\"primary\",why=\"unreadable\"}",
            1.0,
        ),
        (
            "clearwalk_notices_not_sent_total{why=\"no_owner_with_a_phone\"}",
            1.0,
        ),
        (
            "clearwalk_sms_look_ups_total{provider=\"primary\",result=\"found\"}",
            1.0,
        ),
    ] {
        assert!(
            (value(&shown, sample) - expected).abs() < f64::EPSILON,
            "{sample}: {shown}"
        );
    }
    let ahead = value(
        &shown,
        "clearwalk_sms_provider_clock_ahead_seconds{provider=\"primary\"}",
    );
    assert!(ahead.abs() < SOON.as_secs_f64(), "{ahead}");
    assert_eq!(town.site.get("/v1/stats")["notices"]["by_state"]["delivered"], 5);
    service.stop();
}
