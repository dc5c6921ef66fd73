//! What people and machines do wrong, and what they are told: wrong requests over every route, sent through a real socket
//! to the real router over a whole store in memory. The table stands in `mistakes.txt`.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use engine::case::Outcome;
use engine::fact::NoticeKind;
use engine::ids::{CaseId, NoticeId};
use engine::notice::NoticeState;
use engine::time::DAY;
use ports::commit::{CaseWrite, Commit, NewNotice, NoticeChange};
use ports::dispatch::{DispatchStore as _, NoticeAct};
use ports::log::Stream as _;
use ports::read::{NoticeFilter, ReadStore as _};
use ports::store::IntakeStore as _;
use serde_json::{Value, json};
use testkit::MemoryStore;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::access::tokens_file;
use crate::contract;
use crate::facts::sighting;
use crate::fake::Fake;
use crate::quarantine::{on_memory, some, with_records};
use crate::receipts::Letters;
use crate::scene::{at, empty, line, scene_with};

const TABLE: &str = include_str!("mistakes.txt");

/// An answer that takes longer never comes.
const PATIENCE: Duration = Duration::from_secs(20);

/// One row of the table.
struct Mistake {
    what: String,
    /// Whose token; none: the service that knows no tokens.
    who: Option<String>,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    status: u16,
    code: String,
    /// A parameter, a header, or a pointer into the body; `-`: none.
    place: String,
    detail: String,
}

struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// The router behind a socket; it ends with this.
struct Door {
    address: SocketAddr,
    lane: MemoryStore,
    _stop: oneshot::Sender<()>,
}

/// A case of each of two authorities, with a queued message and a cancelled one, and records that were set aside.
async fn store() -> MemoryStore {
    let lane = with_records(&some()).await.lane;
    let case = |id: &str, authority: &str| {
        let mut body = serde_json::to_value(line(id, "湘K12345/02", "waived")).unwrap();
        body["authority"] = authority.into();
        CaseWrite {
            id: CaseId::from_text(id),
            version: 1,
            plate: "湘K12345".into(),
            outcome: Outcome::Waived,
            before: None,
            offence_at: at(0),
            body: body.to_string().into(),
        }
    };
    let from = lane.progress().await.unwrap();
    let notices = [("260301-A", 0), ("260301-A", 1), ("260301-B", 0)];
    let batch = Commit {
        from,
        to: from,
        at: at(0),
        cases: vec![case("260301-A", "loudi"), case("260301-B", "xupu")],
        notices: notices
            .map(|(case, revision)| {
                NoticeChange::Queue(NewNotice {
                    id: notice(case, revision),
                    case: CaseId::from_text(case),
                    kind: NoticeKind::Waived,
                    revision,
                    plate: "湘K12345".into(),
                    history: false,
                    not_before: at(0),
                    expires_at: at(0).plus(DAY),
                    parameters: bytes::Bytes::new(),
                })
            })
            .into(),
        ..Commit::default()
    };
    lane.commit(&batch).await.unwrap();
    let cancelled = notice("260301-A", 1);
    lane.act(at(0), &cancelled, NoticeAct::Cancel, "person: no")
        .await
        .unwrap();
    lane
}

fn notice(case: &str, revision: u32) -> NoticeId {
    NoticeId::new(&CaseId::from_text(case), NoticeKind::Waived, revision)
}

impl Door {
    async fn open(tokens: Option<Arc<web::TokensFile>>) -> Self {
        let lane = store().await;
        let scene = scene_with(Fake::default(), true, |parts| {
            on_memory(parts, &lane);
            parts.tokens = tokens;
            parts.gateways = ["primary", "second"]
                .map(|name| {
                    let gateway: Arc<dyn ports::gateway::Gateway> = Arc::new(Letters(name.into()));
                    ("letters", gateway)
                })
                .into();
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(web::serve(listener, scene.router, async move {
            let _dropped = stopped.await;
        }));
        Self {
            address,
            lane,
            _stop: stop,
        }
    }

    async fn ask(&self, it: &Mistake) -> Reply {
        let mut request = format!("{} {} HTTP/1.1\r\nConnection: close\r\n", it.method, it.path);
        if !it.headers.iter().any(|(name, _)| name == "host") {
            request.push_str("host: localhost\r\n");
        }
        if let Some(who) = it.who.as_ref().filter(|who| *who != "-") {
            request.push_str(&format!("authorization: Bearer secret-{who}\r\n"));
        }
        for (name, value) in &it.headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("content-length: {}\r\n\r\n", it.body.len()));
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut from, mut to) = stream.into_split();
        to.write_all(request.as_bytes()).await.unwrap();
        let body = it.body.clone();
        // A body that is too large is refused before it is read to its end, and whoever sends it may never be done.
        let sending = tokio::spawn(async move { to.write_all(&body).await.map(|()| to) });
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(PATIENCE, from.read_to_end(&mut bytes)).await;
        assert!(read.is_ok(), "{}: no end of the answer", it.what);
        sending.abort();
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        let reply = Reply {
            status: status.unwrap_or(0),
            head: head.to_owned(),
            body: body.to_owned(),
        };
        let media = reply.header("content-type").unwrap_or_default();
        contract::check(&it.method, &it.path, reply.status, media, &reply.body).await;
        reply
    }
}

/// The rows of the table: `-- what`, then `as WHO`, `METHOD PATH` or `fact EDITS`, `> header: value`, a body, `= answer`.
fn rows() -> Vec<Mistake> {
    let blocks = TABLE.split("\n-- ").skip(1);
    blocks.map(|block| row(&block.replace('\r', ""))).collect()
}

fn row(block: &str) -> Mistake {
    let mut lines = block.lines();
    let mut it = Mistake {
        what: lines.next().unwrap().to_owned(),
        who: None,
        method: "GET".to_owned(),
        path: String::new(),
        headers: Vec::new(),
        body: Vec::new(),
        status: 0,
        code: String::new(),
        place: String::new(),
        detail: String::new(),
    };
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(answer) = line.strip_prefix("= ") {
            let (left, detail) = answer.split_once(" | ").unwrap_or((answer, ""));
            let mut words = left.split(' ');
            it.status = words.next().unwrap().parse().unwrap();
            it.code = words.next().unwrap_or("-").into();
            it.place = words.next().unwrap_or("-").into();
            detail.clone_into(&mut it.detail);
        } else if let Some(who) = line.strip_prefix("as ") {
            it.who = Some(who.to_owned());
        } else if let Some(header) = line.strip_prefix("> ") {
            let (name, value) = header.split_once(": ").unwrap_or((header, ""));
            it.headers.push((name.to_owned(), value.to_owned()));
        } else if let Some(edits) = line.strip_prefix("fact ") {
            it.one_fact(edits);
        } else if it.path.is_empty() {
            let (method, path) = line.split_once(' ').unwrap();
            method.clone_into(&mut it.method);
            it.path = path
                .replace("{queued}", notice("260301-A", 0).as_str())
                .replace("{cancelled}", notice("260301-A", 1).as_str())
                .replace("{foreign}", notice("260301-B", 0).as_str());
        } else {
            it.body.extend(body(line));
        }
    }
    it
}

impl Mistake {
    /// A sighting, edited: `-/pointer` takes a member away, `+/pointer value` sets one.
    fn one_fact(&mut self, edits: &str) {
        let mut event = sighting("m");
        for edit in edits.split(" ; ").filter(|edit| *edit != "as it is") {
            let (pointer, value) = edit[1..].split_once(' ').unwrap_or_else(|| (&edit[1..], "null"));
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            let parent = event.pointer_mut(parent).unwrap().as_object_mut().unwrap();
            if edit.starts_with('-') {
                parent.remove(key).unwrap();
            } else {
                parent.insert(key.to_owned(), serde_json::from_str(value).unwrap());
            }
        }
        self.method = "POST".into();
        self.path = "/v1/facts".into();
        let media = "application/cloudevents+json".to_owned();
        self.headers.push(("content-type".to_owned(), media));
        self.body = event.to_string().into();
    }
}

/// A line of a body; some words stand for what no table can hold.
fn body(line: &str) -> Vec<u8> {
    match line {
        "{deep}" => format!("{}1{}", "[".repeat(40), "]".repeat(40)).into(),
        "{long}" => {
            let mut event = sighting("m");
            event["data"]["flags"] = json!(["x".repeat(300_000)]);
            event.to_string().into()
        }
        "{9 MiB}" => vec![b' '; 9 << 20],
        "{20 KiB}" => vec![b' '; 20 << 10],
        "{300 KiB}" => vec![b' '; 300 << 10],
        "{10001 lines}" => "{}\n".repeat(10_001).into(),
        "{latin-1}" => vec![b'"', 0xe9, b'"'],
        "{bomb}" => {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            packer.write_all(&vec![b' '; 33 << 20]).unwrap();
            packer.finish().unwrap()
        }
        "{x}" => b"x".to_vec(),
        "{sighting}" => sighting("m").to_string().into(),
        text => format!("{text}\n").into(),
    }
}

/// What an answer says of what is wrong: its code, the place, and the text.
fn said(reply: &Reply) -> (String, String, String) {
    let Ok(problem) = serde_json::from_str::<Value>(&reply.body) else {
        return ("-".to_owned(), "-".to_owned(), String::new());
    };
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let first = &problem["rejected"][0];
    let of = if first.is_object() { first } else { &problem };
    let place = [&of["pointer"], &of["parameter"]]
        .into_iter()
        .find_map(Value::as_str)
        .map_or("-", |place| if place.is_empty() { "/" } else { place });
    (text(&of["code"]), place.to_owned(), text(&of["detail"]))
}

#[tokio::test]
async fn whoever_asks_wrongly_is_told_what_is_wrong_and_nothing_changes() {
    let folder = tempfile::tempdir().unwrap();
    let (free, guarded) = (
        Door::open(None).await,
        Door::open(Some(tokens_file(&folder))).await,
    );
    let rows = rows();
    assert!(rows.len() >= 100, "{}", rows.len());
    let mut wrong = Vec::new();
    for it in &rows {
        let door = if it.who.is_some() { &guarded } else { &free };
        let reply = door.ask(it).await;
        let (code, place, detail) = said(&reply);
        let is_problem = reply.header("content-type") == Some("application/problem+json");
        let has_body = it.method != "HEAD";
        let fits = reply.status == it.status
            && (!has_body || (is_problem && code == it.code && place == it.place && detail == it.detail));
        if !fits {
            wrong.push(format!(
                "{}\n= {} {code} {place} | {detail}\n  {}",
                it.what,
                reply.status,
                reply.header("content-type").unwrap_or("no media type")
            ));
        }
        check_headers(it, &reply);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for door in [&free, &guarded] {
        assert_eq!(door.lane.end().await.unwrap(), 5, "no fact was taken");
        let stored = door.lane.notices(&NoticeFilter::default(), 9).await.unwrap();
        let queued = stored.iter().filter(|it| it.state == NoticeState::Queued);
        assert_eq!(queued.count(), 2, "no message was touched");
        assert!(door.lane.providers().await.unwrap().is_empty());
    }
}

/// Whether an address is one of this route's.
pub(crate) fn is_of(route: &str, address: &str) -> bool {
    let path = address.split('?').next().unwrap_or_default();
    let (wanted, given): (Vec<&str>, Vec<&str>) = (route.split('/').collect(), path.split('/').collect());
    wanted.len() == given.len()
        && wanted
            .iter()
            .zip(&given)
            .all(|(wanted, given)| wanted == given || wanted.starts_with('{'))
}

#[tokio::test]
async fn every_route_that_can_be_asked_wrongly_is() {
    let document: Value = empty().get("/openapi.json").await.json();
    let rows = rows();
    // Nothing can be asked of these but with another method, which the table does of one of them.
    let simple =
        |path: &str| path.starts_with("/assets/") || ["/livez", "/readyz", "/openapi.json"].contains(&path);
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|_| !simple(path)) {
            let is_asked = rows
                .iter()
                .any(|it| it.method.eq_ignore_ascii_case(method) && is_of(path, &it.path));
            let is_metrics = path == "/metrics" || path == "/v1/sms";
            assert!(is_asked || is_metrics, "{method} {path} is nowhere in the table");
        }
    }
}

/// Whoever may come again is told when, who used another method which, and who sent no token how.
fn check_headers(it: &Mistake, reply: &Reply) {
    let wanted = match reply.status {
        401 if it.path.starts_with("/receipts") => None,
        401 => Some("www-authenticate"),
        405 => Some("allow"),
        429 | 503 => Some("retry-after"),
        _ => None,
    };
    if let Some(wanted) = wanted {
        assert!(reply.header(wanted).is_some(), "{}: {}", it.what, reply.head);
    }
    assert_eq!(
        reply.header("x-content-type-options"),
        Some("nosniff"),
        "{}",
        it.what
    );
    assert!(!reply.body.contains("SECRET"), "{}: {}", it.what, reply.body);
}

#[tokio::test]
async fn a_head_is_the_answer_without_its_body_and_options_name_the_methods() {
    let door = Door::open(None).await;
    let ask = async |method: &str, path: &str| {
        let it = row(&format!("{method} of {path}\n{method} {path}\n"));
        door.ask(&it).await
    };
    for path in ["/v1/cases", "/v1/cases/260301-A", "/livez", "/openapi.json", "/"] {
        let (get, head) = (ask("GET", path).await, ask("HEAD", path).await);
        assert_eq!((get.status, head.status), (200, 200), "{path}");
        assert!(head.body.is_empty() && !get.body.is_empty(), "{path}");
        for name in ["content-type", "content-length", "etag"] {
            assert_eq!(head.header(name), get.header(name), "{path}");
        }
    }
    assert_eq!(
        ask("OPTIONS", "/v1/cases").await.header("allow"),
        Some("GET,HEAD")
    );
    assert_eq!(ask("OPTIONS", "/v1/facts").await.header("allow"), Some("POST"));
}
