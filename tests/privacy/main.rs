//! Canaries: phones, names and plates that are planted wherever they may come in, and looked for in everything that is
//! written or answered. A phone or a name is nowhere in clear; a plate is in no log, metric, trace or error.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod echo;
#[path = "../service/site.rs"]
#[expect(dead_code, reason = "the site serves other tests too")]
mod site;
#[path = "../service/town.rs"]
#[expect(dead_code, reason = "the town serves other tests too")]
mod town;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use site::{clearwalk, wait};
use town::{Plan, SOON, Town, plate};

const CARS: u32 = 6;
/// What no file and no answer may hold: the digits of the phones, and the names.
const PHONE: &str = "1991357";
const NAME: &str = "金丝雀";

/// What was seen, and where.
struct Seen(Vec<(String, Vec<u8>)>);

impl Seen {
    fn add(&mut self, place: &str, bytes: impl Into<Vec<u8>>) {
        self.0.push((place.to_owned(), bytes.into()));
    }

    /// Where a text is.
    fn places_of(&self, text: &str) -> Vec<&str> {
        let holds = |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        let found = self.0.iter().filter(|(_, bytes)| holds(bytes));
        found.map(|(place, _)| place.as_str()).collect()
    }
}

/// The service with everything in its log.
struct Service(Child);

impl Service {
    fn start(town: &Town, log: &Path) -> Self {
        let mut command = clearwalk();
        command
            .env("CLEARWALK_LOG", "trace")
            .arg("--config")
            .arg(town.site.path("clearwalk.toml"))
            .arg("serve")
            .current_dir(log.parent().unwrap())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(log).unwrap());
        let service = Self(command.spawn().unwrap());
        let is_ready = || (town.site.try_get("/readyz")?.0 == 200).then_some(());
        assert!(
            wait(SOON, is_ready).is_some(),
            "{}",
            fs::read_to_string(log).unwrap()
        );
        service
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

fn owners(broken: bool) -> String {
    let mut table = "plate,class,phone,name,owner_id,valid_from,valid_to\n".to_owned();
    for car in 0..CARS {
        writeln!(
            table,
            "{},02,+86{PHONE}{car:04},{NAME}{car},o-{car},2000-01-01,",
            plate(car)
        )
        .unwrap();
    }
    if broken {
        writeln!(table, "{},02,0{PHONE}9999x,{NAME},o-9,never,", plate(1)).unwrap();
    }
    table
}

/// The whole answer to a request with a body.
fn post(town: &Town, path: &str, kind: &str, body: &str) -> Vec<u8> {
    post_with(town, path, &format!("content-type: {kind}\r\n"), body)
}

/// As [`post`], with headers of its own, each with its end of line.
fn post_with(town: &Town, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(town.site.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
        town.site.address(),
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

/// Requests that are wrong, each with a canary in it.
fn wrong_requests(town: &Town, seen: &mut Seen) {
    let (car, phone) = (plate(1), format!("+86{PHONE}0001"));
    let event = "application/cloudevents+json";
    let bodies = [
        (
            "/v1/facts",
            event,
            format!("{{\"specversion\":\"1.0\",\"phone\":\"{phone}\",\"name\":\"{NAME}\""),
        ),
        (
            "/v1/facts",
            event,
            format!(
                "{{\"specversion\":\"1.0\",\"type\":\"clearwalk.observation.v1\",\"source\":\"/d\",\"id\":\"1\",\
                 \"data\":{{\"plate\":{{\"number\":\"{car}\"}},\"captured_at\":\"{phone}\",\"device\":\"{NAME}\"}}}}"
            ),
        ),
        (
            "/receipts/primary",
            "application/json",
            format!("{{\"message_id\":\"m1\",\"to\":\"{phone}\"}}"),
        ),
        (
            "/v1/sms/pause",
            "application/json",
            format!("{{\"provider\":\"{phone}\",\"reason\":\"{NAME}\"}}"),
        ),
        (
            "/v1/sms/pause",
            "application/json",
            format!("{{\"note\":\"{NAME} {car}\"}}"),
        ),
    ];
    for (path, kind, body) in bodies {
        let answer = post(town, path, kind, &body);
        let first = String::from_utf8_lossy(&answer)
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned();
        assert!(first.contains(" 4"), "{path} took {body}: {first}");
        seen.add(&format!("error of {path}"), answer);
    }
}

/// What commands and pages say; `plates` are those that may name a plate to whoever may ask.
fn ask_everything(town: &Town, seen: &mut Seen, plates: &mut Seen) {
    for what in [
        "facts", "inner", "records", "cases", "notices", "attempts", "audit",
    ] {
        plates.add(&format!("export {what}"), town.site.ask(&["export", what]));
    }
    for path in [
        "/v1/notices",
        "/v1/cases",
        "/v1/quarantine",
        "/?lang=en",
        "/?lang=zh",
    ] {
        let answer = town
            .site
            .try_get(path)
            .unwrap_or_else(|| panic!("no answer from {path}"));
        plates.add(path, answer.1);
    }
    for path in ["/metrics", "/readyz", "/v1/stats", "/v1/sms", "/openapi.json"] {
        let answer = town
            .site
            .try_get(path)
            .unwrap_or_else(|| panic!("no answer from {path}"));
        seen.add(path, answer.1);
    }
    for words in [
        &["doctor"][..],
        &["sms", "status"],
        &["db", "status"],
        &["verify"],
        &["sms", "reconcile"],
    ] {
        let ended = town.site.run(words);
        seen.add(&words.join(" "), ended.stdout + &ended.stderr);
    }
    town.site.ask(&["db", "backup", "copy.db"]);
}

#[test]
fn no_canary_leaves_its_cage() {
    let town = Town::new(Plan::default());
    town.site.write("owners.csv", &owners(false));
    let log = town.site.path("serve.log");
    let (mut seen, mut plates) = (Seen(Vec::new()), Seen(Vec::new()));
    let service = Service::start(&town, &log);
    let rows: Vec<(u32, &str)> = (0..CARS).map(|car| (car, "2025-03-02")).collect();
    town.offend("first.csv", &rows);
    // A fact that cannot be, and one whose plate is none.
    town.site.write(
        "bad.csv",
        "source,id,plate,class,captured_at,zone,device,code\n/devices/D1,bad-1,湘K12001,99,never,Z1,D1,1039\n",
    );
    let imported = town
        .site
        .run(&["import", "bad.csv", "--map", "map.toml", "--process"]);
    seen.add("import", imported.stdout + &imported.stderr);
    let sent = wait(SOON, || (town.posted().len() == CARS as usize).then_some(()));
    assert!(sent.is_some(), "{}", fs::read_to_string(&log).unwrap());
    // The canaries did fly: the provider has every phone.
    let received = town
        .posted()
        .iter()
        .filter(|call| call["to"].to_string().contains(PHONE))
        .count();
    assert_eq!(received, CARS as usize);
    wrong_requests(&town, &mut seen);
    ask_everything(&town, &mut seen, &mut plates);
    let files = [
        "clearwalk.db",
        "clearwalk.db-wal",
        "clearwalk.db.sent",
        "clearwalk.db.lock",
        "copy.db",
    ];
    for file in files {
        plates.add(file, fs::read(town.site.path(file)).unwrap());
    }
    drop(service);
    town.site.write("owners.csv", &owners(true));
    for words in [&["doctor"][..], &["serve"], &["--json", "serve"]] {
        let mut running = town.site.start(words, "broken");
        let _ended = running.ends_within(Duration::from_secs(5));
        seen.add(
            &format!("{} under a broken registry", words.join(" ")),
            running.said(),
        );
    }
    seen.add("log", fs::read(&log).unwrap());
    let said = fs::read_to_string(&log).unwrap();
    assert!(said.contains("TRACE"), "nothing is traced: {said}");
    for canary in [PHONE, NAME] {
        let nowhere: [&str; 0] = [];
        assert_eq!(seen.places_of(canary), nowhere, "{canary}");
        assert_eq!(plates.places_of(canary), nowhere, "{canary}");
    }
    for car in 0..CARS {
        let nowhere: [&str; 0] = [];
        assert_eq!(seen.places_of(&plate(car)), nowhere, "{}", plate(car));
        assert!(
            !plates.places_of(&plate(car)).is_empty(),
            "nobody sees {}",
            plate(car)
        );
    }
}

/// What else a provider makes of a phone.
const GROUPED: &str = "199-1357";

/// Pushes that are rightly signed, with a canary in every place; the first news is about messages that were sent.
fn gossip_in_receipts(town: &Town, seen: &mut Seen) {
    let phone = |car: u32| format!("+86{PHONE}{car:04}");
    let mut news: Vec<String> = (0..CARS)
        .map(|car| {
            let (to, plate) = (phone(car), plate(car));
            format!("{{\"message_id\":\"{to}\",\"state\":\"delivered\",\"code\":\"{to}\",\"to\":\"{to}\",\"about\":\"{plate}\"}}")
        })
        .collect();
    news.extend([
        format!("{{\"message_id\":\"{NAME}\",\"state\":\"delivered\",\"code\":\"{GROUPED}-0001\",\"{NAME}\":\"{NAME}\"}}"),
        format!("{{\"client_ref\":\"{}\",\"state\":\"delivered\"}}", phone(1)),
        format!("{{\"client_ref\":\"{NAME}\",\"message_id\":\"{GROUPED}-{NAME}\",\"state\":\"expired\"}}"),
        format!("{{\"message_id\":\"x\",\"state\":\"{}\"}}", phone(2)),
        format!("{{\"message_id\":\"x\",\"state\":\"delivered\",\"at\":\"{NAME} {}\"}}", plate(2)),
    ]);
    let list = format!("[{}]", news.join(","));
    let broken = format!("{{\"to\":\"{}\",\"name\":\"{NAME} {}\"", phone(3), plate(3));
    for (body, expected) in [
        (&list, " 204 "),
        (&broken, " 400 "),
        (&news[9], " 400 "),
        (&news[10], " 400 "),
    ] {
        let answer = post_with(town, "/receipts/primary", &echo::signed(body), body);
        let first = String::from_utf8_lossy(&answer)
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned();
        assert!(first.contains(expected), "{body}: {first}");
        seen.add("the answer to a receipt", answer);
    }
    let path = format!("/receipts/{}", phone(4));
    seen.add(
        "no such provider",
        post_with(town, &path, &echo::signed(&list), &list),
    );
    let odd = format!(
        "webhook-id: {}\r\nwebhook-timestamp: {}\r\nwebhook-signature: {GROUPED}\r\n",
        phone(5),
        phone(5)
    );
    seen.add(
        "no time of a signature",
        post_with(town, "/receipts/primary", &odd, &list),
    );
}

#[test]
fn what_a_provider_echoes_goes_no_further() {
    let town = Town::new(Plan::default());
    let gossip = echo::Gossip::start();
    town.site.write("owners.csv", &owners(false));
    town.site.write("receipts.key", echo::SECRET);
    let config = fs::read_to_string(town.site.path("clearwalk.toml")).unwrap();
    let ours = format!("{}\"\nreceipt_secret_file = \"receipts.key", gossip.url());
    assert!(config.contains(&town.provider.url()), "{config}");
    town.site
        .write("clearwalk.toml", &config.replace(&town.provider.url(), &ours));
    let log = town.site.path("serve.log");
    let (mut seen, mut plates) = (Seen(Vec::new()), Seen(Vec::new()));
    let service = Service::start(&town, &log);
    town.offend(
        "first.csv",
        &(0..CARS).map(|car| (car, "2025-03-02")).collect::<Vec<_>>(),
    );
    let states = || town.site.get("/v1/stats")["notices"]["by_state"].clone();
    // Two are taken at once, the others found by a look-up after a quarter of a minute.
    let found = wait(Duration::from_mins(1), || {
        (states()["accepted"] == u64::from(CARS)).then_some(())
    });
    assert!(
        found.is_some(),
        "{}\n{}",
        states(),
        fs::read_to_string(&log).unwrap()
    );
    assert_eq!(gossip.sends(), echo::WAYS);
    gossip_in_receipts(&town, &mut seen);
    // The id was a phone or a name, and the receipt is found by it nevertheless.
    let delivered = wait(SOON, || (states()["delivered"] == 2).then_some(()));
    assert!(delivered.is_some(), "{}", states());
    ask_everything(&town, &mut seen, &mut plates);
    for file in ["clearwalk.db", "clearwalk.db-wal", "copy.db"] {
        plates.add(file, fs::read(town.site.path(file)).unwrap());
    }
    drop(service);
    seen.add("log", fs::read(&log).unwrap());
    let nowhere: [&str; 0] = [];
    for canary in [PHONE, NAME, GROUPED] {
        assert_eq!(seen.places_of(canary), nowhere, "{canary}");
        assert_eq!(plates.places_of(canary), nowhere, "{canary}");
    }
    for car in 0..CARS {
        assert_eq!(seen.places_of(&plate(car)), nowhere, "{}", plate(car));
    }
}
