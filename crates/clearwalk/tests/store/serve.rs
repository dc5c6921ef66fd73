//! The service: one at a time, what it sends, what works beside it, and how it stops.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::site::{Ended, ROWS, Site, case_of};

/// A running service; dropping it kills it.
pub(crate) struct Service {
    child: Child,
    port: u16,
}

impl Service {
    pub(crate) fn start(site: &Site) -> Self {
        let port = free_port();
        let mut command = site.command(&["serve"]);
        command.env("CLEARWALK__WEB__LISTEN", format!("127.0.0.1:{port}"));
        let log = std::fs::File::create(site.path("serve.log")).unwrap();
        let child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let service = Self { child, port };
        wait("the service is ready", || {
            service.get("/readyz").starts_with("HTTP/1.1 200")
        });
        service
    }

    /// The whole answer; empty while nobody listens.
    fn get(&self, path: &str) -> String {
        self.send("GET", path, &[], "")
    }

    /// The whole answer to a request with headers of its own; empty while nobody listens.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else {
            return String::new();
        };
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn signal(&self) {
        let status = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(status.unwrap().success());
    }

    pub(crate) fn stop(mut self) -> i32 {
        self.signal();
        let mut ended = None;
        wait("the service stops", || {
            ended = self.child.try_wait().unwrap();
            ended.is_some()
        });
        ended.unwrap().code().unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

pub(crate) fn wait(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_mins(1);
    while !done() {
        assert!(Instant::now() < until, "it is still not so that {what}");
        look_again();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "between two looks at another process, which cannot ring"
)]
fn look_again() {
    std::thread::sleep(Duration::from_millis(20));
}

#[test]
fn a_second_service_is_refused_and_told_who_the_first_is() {
    let site = Site::new();
    let service = Service::start(&site);
    let began = Instant::now();
    let error = site.refuse_last(5, &["serve"]);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains(&format!("process {}", service.child.id())),
        "{message}"
    );
    assert_eq!(service.stop(), 0);
}

#[test]
fn the_lock_dies_with_the_process() {
    let site = Site::new();
    let mut service = Service::start(&site);
    service.child.kill().unwrap();
    service.child.wait().unwrap();
    assert_eq!(Service::start(&site).stop(), 0);
}

#[test]
fn what_is_imported_beside_the_service_is_decided_by_it_and_sent() {
    let site = Site::new();
    site.write(
        "policy.toml",
        &std::fs::read_to_string(site.path("policy.toml"))
            .unwrap()
            .replace(
                "[outcome]",
                "[notice]\nhold = \"0s\"\nexpires = \"10 years\"\n[outcome]",
            ),
    );
    let service = Service::start(&site);
    site.ask(&["import", "rows.csv", "--map", "map.toml", "--process"]);
    assert_eq!(site.export("cases").len(), 3);
    let settled = ["accepted", "no_contact"];
    wait("every notice is settled", || {
        let notices = site.export("notices");
        notices.len() == 3
            && notices
                .iter()
                .all(|notice| settled.contains(&notice["state"].as_str().unwrap()))
    });
    assert!(!site.export("attempts").is_empty());
    assert_eq!(service.stop(), 0);
}

#[test]
fn what_a_person_says_beside_the_service_is_decided_before_the_command_answers() {
    let site = Site::decided();
    let service = Service::start(&site);
    let cases = site.export("cases");
    let first = case_of(&cases, "/cam/1#a")["case"].as_str().unwrap();
    let shown = site.json(&["case", "void", first, "--reason", "rescue"]);
    assert_eq!(shown["effective"]["outcome"], "voided");
    let digest = site.ask(&["digest"]);
    assert_eq!(service.stop(), 0);
    assert_eq!(site.ask(&["digest"]), digest);
}

#[test]
fn an_import_without_a_decision_waits_in_the_stream_for_the_service() {
    let site = Site::new();
    site.ask(&["import", "rows.csv", "--map", "map.toml"]);
    assert!(site.export("cases").is_empty());
    let service = Service::start(&site);
    wait("the facts are decided", || site.export("cases").len() == 3);
    assert_eq!(service.stop(), 0);
}

#[test]
fn one_role_alone_does_only_its_own_work() {
    let site = Site::new();
    site.ask(&["import", "rows.csv", "--map", "map.toml"]);
    let mut command = site.command(&["serve", "--role", "intake"]);
    let child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let service = Service { child, port: 0 };
    wait("the facts are decided", || site.export("cases").len() == 3);
    assert!(site.export("attempts").is_empty());
    assert_eq!(service.stop(), 0);
}

#[test]
fn a_page_that_cannot_listen_is_a_conflict() {
    let site = Site::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = site.command(&["serve"]);
    command.env("CLEARWALK__WEB__LISTEN", taken.local_addr().unwrap().to_string());
    let ended = Ended::of(&command.output().unwrap());
    assert_eq!(ended.code, 5, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("cannot listen on 127.0.0.1"),
        "{}",
        ended.stderr
    );
}

#[test]
fn the_service_shows_no_phone_and_no_whole_plate_in_its_log() {
    let site = Site::new();
    site.write("rows.csv", ROWS);
    let service = Service::start(&site);
    site.ask(&["import", "rows.csv", "--map", "map.toml", "--process"]);
    wait("every notice is settled or waits", || {
        site.export("notices").len() == 3
    });
    service.get("/v1/cases");
    assert_eq!(service.stop(), 0);
    let log = std::fs::read_to_string(site.path("serve.log")).unwrap();
    assert!(log.contains("serving") && log.contains("stopped"), "{log}");
    assert!(!log.contains("湘K12345") && !log.contains("湘K54321"), "{log}");
}

#[test]
fn the_demo_comes_out_as_it_must() {
    let site = Site::new();
    let report = site.json(&["demo", "--once", "--events", "600"]);
    assert_eq!(
        (&report["wrong_cases"], &report["messages_received_twice"]),
        (&0.into(), &0.into()),
        "{report}"
    );
    assert!(report["messages_received"].as_u64().unwrap() > 50, "{report}");
    assert!(
        !site.path("clearwalk.db").exists(),
        "the demo leaves nothing here"
    );
}
