//! `testgateway` as other programs start it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use super::Place;

fn start(place: &Place, more: &[&str]) -> (Child, String) {
    let arguments = ["testgateway", "--listen", "127.0.0.1:0"].iter().chain(more);
    let mut command = place.command(arguments);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut line = String::new();
    let out = child.stdout.as_mut().expect("its output");
    BufReader::new(out).read_line(&mut line).expect("a line");
    let address = line
        .trim()
        .strip_prefix("listening on http://")
        .map(str::to_owned);
    (child, address.unwrap_or_else(|| panic!("no address in {line:?}")))
}

fn stop(mut child: Child) -> Option<i32> {
    let kill = Command::new("kill")
        .arg(child.id().to_string())
        .status()
        .expect("kill runs");
    assert!(kill.success());
    child.wait().expect("it ends").code()
}

#[test]
fn it_says_where_it_listens_takes_a_message_and_ends_on_a_signal() {
    let place = Place::new();
    let (child, address) = start(&place, &["--ledger", "ledger.jsonl"]);
    let body = r#"{"client_ref":"a1","to":"+8613800000000","text":"x"}"#;
    let mut stream = TcpStream::connect(&address).expect("it listens");
    let request = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    assert!(place.read("ledger.jsonl").contains("a1"), "{answer}");
    assert_eq!(stop(child), Some(0));
}

#[test]
fn a_port_that_is_taken_is_a_conflict() {
    let place = Place::new();
    let (child, address) = start(&place, &[]);
    let ran = place.run(["testgateway", "--listen", &address]);
    assert_eq!(ran.exit, 5, "{ran:?}");
    assert!(ran.err.contains(&address), "{}", ran.err);
    stop(child);
}

#[test]
fn a_plan_with_a_mistake_is_a_bad_configuration() {
    let place = Place::new();
    place.write("plan.toml", "[rates]\nrate_limited = 2\n");
    let ran = place.run(["testgateway", "--plan", "plan.toml"]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    assert!(ran.err.contains("plan.toml"), "{}", ran.err);
}
