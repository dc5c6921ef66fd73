//! Who may do what.

use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use engine::fact::NoticeKind;
use engine::notice::NoticeState;
use ports::log::Stream as _;
use ports::read::ReadStore as _;
use serde_json::Value;
use tempfile::TempDir;
use web::{Parts, Scope, Token, Tokens, TokensFile};

use crate::facts::sighting;
use crate::fake::Fake;
use crate::quarantine::{on_memory, with_records};
use crate::scene::{Answer, Scene, case, notice, scene_with};

struct Guarded {
    scene: Scene,
    path: PathBuf,
    _folder: TempDir,
}

fn tokens() -> Tokens {
    let token = |name: &str, scopes: &[Scope], authority: Option<&str>| Token {
        name: name.into(),
        hash: Token::hash_of(&format!("secret-{name}")),
        scopes: scopes.to_vec(),
        authority: authority.map(Into::into),
        made: "2026-03-02T04:00:00Z".to_owned(),
    };
    Tokens(vec![
        token("camera", &[Scope::Ingest], None),
        token("looker", &[Scope::Read], None),
        token("clerk", &[Scope::Read, Scope::Act, Scope::Ingest], Some("loudi")),
        token("boss", &[Scope::Admin], None),
    ])
}

/// A file in this folder with the tokens.
pub(crate) fn tokens_file(folder: &TempDir) -> Arc<TokensFile> {
    let path = folder.path().join("tokens");
    std::fs::write(&path, tokens().to_string()).unwrap();
    Arc::new(TokensFile::open(&path).unwrap())
}

fn guarded() -> Guarded {
    guarded_with(|_| ())
}

fn guarded_with(change: impl FnOnce(&mut Parts)) -> Guarded {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens");
    let file = tokens_file(&folder);
    let store = Fake::default();
    let mut cases = vec![
        case(1, "260301-A", 1, "湘K12345/02", "held"),
        case(2, "260301-B", 1, "湘K54321/02", "held"),
    ];
    for (stored, authority) in cases.iter_mut().zip(["loudi", "xupu"]) {
        let mut line: Value = serde_json::from_slice(&stored.body).unwrap();
        line["authority"] = authority.into();
        line["reasons"] = serde_json::json!(["review_required"]);
        stored.body = serde_json::to_vec(&line).unwrap().into();
    }
    *store.cases.lock().unwrap() = cases;
    let message = |number, case| notice(number, case, NoticeKind::Waived, NoticeState::Queued, None);
    *store.notices.lock().unwrap() = vec![message(1, "260301-A"), message(2, "260301-B")];
    let scene = scene_with(store, true, |parts| {
        change(parts);
        parts.tokens = Some(file);
    });
    Guarded {
        scene,
        path,
        _folder: folder,
    }
}

impl Guarded {
    async fn ask(&self, method: &str, address: &str, name: Option<&str>, body: &str) -> Answer {
        let media = if address == "/v1/facts" {
            "application/cloudevents+json"
        } else {
            "application/json"
        };
        let mut request = Request::builder()
            .method(method)
            .uri(address)
            .header(header::HOST, "walk.example.org")
            .header(header::CONTENT_TYPE, media);
        // Deeds want these two; others do not mind them.
        request = request
            // One for each request, so that none of them answers for another.
            .header(
                "idempotency-key",
                format!(
                    "{:?}",
                    engine::ids::hash(&[address.as_bytes(), body.as_bytes()]).get(..16)
                ),
            )
            .header(header::IF_MATCH, "*");
        if let Some(name) = name {
            request = request.header(header::AUTHORIZATION, format!("Bearer secret-{name}"));
        }
        self.scene
            .send(request.body(Body::from(body.to_owned())).unwrap())
            .await
    }

    async fn get(&self, address: &str, name: Option<&str>) -> Answer {
        self.ask("GET", address, name, "").await
    }

    fn actions(&self) -> Vec<(String, String)> {
        let audit = self.scene.store.audit.lock().unwrap();
        let pair = |entry: &ports::read::NewAudit| (entry.actor.to_string(), entry.action.to_string());
        audit.iter().map(pair).collect()
    }
}

#[tokio::test]
async fn each_route_wants_its_own_scope() {
    let guarded = guarded();
    for address in ["/livez", "/readyz", "/metrics", "/openapi.json"] {
        assert_eq!(guarded.get(address, None).await.status.as_u16(), 200, "{address}");
    }
    let document: Value = guarded.get("/openapi.json", None).await.json();
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let Some(wants) = operation["description"]
                .as_str()
                .and_then(|text| text.split('`').nth(1))
            else {
                continue;
            };
            asked += 1;
            let (method, address) = (method.to_uppercase(), path.replace("{id}", "260301-A"));
            let answer = guarded.ask(&method, &address, None, "{}").await;
            answer.problem(401);
            let scheme = if path == "/" || path == "/live" {
                "Basic "
            } else {
                "Bearer "
            };
            assert!(
                answer.header(header::WWW_AUTHENTICATE).starts_with(scheme),
                "{path}"
            );
            guarded
                .ask(&method, &address, Some("nobody"), "{}")
                .await
                .problem(401);
            for token in &tokens().0 {
                let has = token.scopes.iter().any(|scope| scope.as_str() == wants);
                if path == "/live" && has {
                    continue;
                }
                let status = guarded
                    .ask(&method, &address, Some(&token.name), "{}")
                    .await
                    .status
                    .as_u16();
                if token.authority.is_none() {
                    assert_eq!(status != 403, has, "{} at {path}: {status}", token.name);
                }
                assert_ne!(status, 401, "{} at {path}", token.name);
                assert!(has || status == 403, "{} at {path}: {status}", token.name);
            }
        }
    }
    assert!(asked > 15, "{asked}");
}

#[tokio::test]
async fn a_refusal_and_a_change_leave_a_line_with_the_name_of_the_token() {
    let guarded = guarded();
    guarded.get("/v1/stats", None).await.problem(401);
    guarded.get("/v1/stats", Some("camera")).await.problem(403);
    guarded
        .ask("POST", "/v1/facts", Some("camera"), &sighting("a").to_string())
        .await;
    guarded
        .ask("POST", "/v1/sms/pause", Some("boss"), r#"{"reason":"holiday"}"#)
        .await
        .json();
    let expected = [
        ("nobody", "access.refused"),
        ("camera", "access.refused"),
        ("camera", "facts.append"),
        ("boss", "sms.pause"),
    ];
    assert_eq!(
        guarded.actions(),
        expected.map(|(a, b)| (a.to_owned(), b.to_owned()))
    );
    let audit = guarded.scene.store.audit.lock().unwrap().clone();
    assert!(!format!("{audit:?}").contains("secret"));
}

#[tokio::test]
async fn a_browser_may_send_a_token_as_its_password_and_only_for_the_page() {
    let guarded = guarded();
    // me:secret-looker
    let password = [(header::AUTHORIZATION, "Basic bWU6c2VjcmV0LWxvb2tlcg==")];
    assert_eq!(guarded.scene.get_with("/", &password).await.status.as_u16(), 200);
    guarded.scene.get_with("/v1/stats", &password).await.problem(401);
    let wrong = [(header::AUTHORIZATION, "Basic bWU6c2VjcmV0")];
    guarded.scene.get_with("/", &wrong).await.problem(401);
}

#[tokio::test]
async fn a_revoked_token_is_refused_from_the_next_request_on() {
    let guarded = guarded();
    guarded.get("/v1/sms", Some("looker")).await.json();
    let mut fewer = tokens();
    fewer.0.retain(|token| &*token.name != "looker");
    let draft = guarded.path.with_extension("part");
    std::fs::write(&draft, fewer.to_string()).unwrap();
    std::fs::rename(&draft, &guarded.path).unwrap();
    guarded.get("/v1/sms", Some("looker")).await.problem(401);
    std::fs::remove_file(&guarded.path).unwrap();
    guarded.get("/v1/sms", Some("camera")).await.problem(503);
}

#[tokio::test]
async fn a_token_of_one_authority_sees_and_touches_nothing_else() {
    let guarded = guarded();
    for (address, key, mine) in [
        ("/v1/cases", "case", "260301-A"),
        ("/v1/reviews", "case", "260301-A"),
        ("/v1/notices", "notice", "n-1"),
    ] {
        let items = async |name: &str| guarded.get(address, Some(name)).await.json()["items"].clone();
        assert_eq!(items("looker").await.as_array().unwrap().len(), 2, "{address}");
        let own = items("clerk").await;
        assert_eq!(own.as_array().unwrap().len(), 1, "{own}");
        assert_eq!(own[0][key], mine);
    }
    for address in ["/v1/cases/260301-A", "/v1/notices/n-1"] {
        guarded.get(address, Some("clerk")).await.json();
    }
    for address in ["/v1/stats", "/v1/sms", "/"] {
        guarded.get(address, Some("clerk")).await.problem(403);
    }
    let eligibility = "/v1/eligibility?plate=%E6%B9%98K12345&zone=X1";
    guarded.get(eligibility, Some("clerk")).await.problem(403);
    let own = sighting("a").to_string();
    let sent = guarded.ask("POST", "/v1/facts", Some("clerk"), &own).await;
    assert_eq!(sent.status.as_u16(), 202);
    let foreign = own.replace("Z1", "X1");
    let problem = guarded
        .ask("POST", "/v1/facts", Some("clerk"), &foreign)
        .await
        .problem(400);
    assert_eq!(problem["rejected"][0]["code"], "other_authority");
    assert_eq!(guarded.scene.lane.end().await.unwrap(), 2);
}

#[tokio::test]
async fn what_is_of_another_authority_is_not_there_and_the_try_is_written_down() {
    let guarded = guarded();
    let reason = r#"{"reason":"rescue"}"#;
    for (method, address, object) in [
        ("GET", "/v1/cases/260301-B", "case 260301-B"),
        ("GET", "/v1/notices/n-2", "notice n-2"),
        ("POST", "/v1/notices/n-2/hold", "notice n-2"),
        ("POST", "/v1/notices/n-2/cancel", "notice n-2"),
        ("POST", "/v1/notices/n-2/resend", "notice n-2"),
        ("POST", "/v1/cases/260301-B/void", "case 260301-B"),
    ] {
        guarded.scene.store.audit.lock().unwrap().clear();
        let there = guarded.ask(method, address, Some("clerk"), reason).await;
        let problem = there.problem(404);
        let nowhere = address.replace("260301-B", "260301-Z").replace("n-2", "n-9");
        let none = guarded.ask(method, &nowhere, Some("clerk"), reason).await;
        assert_eq!(
            problem["detail"],
            none.problem(404)["detail"],
            "they are told nothing apart"
        );
        let audit = guarded.scene.store.audit.lock().unwrap().clone();
        let lines: Vec<_> = audit
            .iter()
            .map(|it| (&*it.actor, &*it.action, &*it.object, it.after.as_deref().unwrap()))
            .collect();
        let expected = ("clerk", "access.refused", object, "404; the token is of loudi");
        assert_eq!(lines, [expected], "{address}");
    }
    let notices = guarded.scene.store.notices.lock().unwrap().clone();
    assert!(notices.iter().all(|notice| notice.state == NoticeState::Queued));
}

#[tokio::test]
async fn a_record_that_was_set_aside_is_seen_by_those_whose_zone_it_names() {
    let (own, mut foreign) = (sighting("own"), sighting("foreign"));
    foreign["data"]["place"]["zone"] = "X1".into();
    let twice = |event: &Value| {
        let mut other = event.clone();
        other["data"]["ticket"] = "T1".into();
        other.to_string()
    };
    let records = [
        own.to_string(),
        foreign.to_string(),
        twice(&own),
        twice(&foreign),
        "nobody can read this".to_owned(),
    ];
    let lane = with_records(&records).await.lane;
    let guarded = guarded_with(|parts| on_memory(parts, &lane));
    let offsets = async |name: &str| -> Vec<u64> {
        let page = guarded.get("/v1/quarantine", Some(name)).await.json();
        let items = page["items"].as_array().unwrap().iter();
        items.map(|item| item["offset"].as_u64().unwrap()).collect()
    };
    assert_eq!(offsets("looker").await, [3, 4, 5]);
    assert_eq!(offsets("clerk").await, [3]);
    let raw = async |name: &str| guarded.get("/v1/quarantine/3", Some(name)).await.json()["raw"].clone();
    assert!(raw("looker").await.is_null(), "who only looks sees no bytes");
    assert!(raw("clerk").await["text"].as_str().unwrap().contains("T1"));
    for offset in [4, 5] {
        let address = format!("/v1/quarantine/{offset}");
        guarded.get(&address, Some("clerk")).await.problem(404);
    }
    let audit = lane.audit(None, 9).await.unwrap();
    let objects: Vec<_> = audit
        .iter()
        .filter(|entry| &*entry.action == "access.refused")
        .map(|entry| &*entry.object)
        .collect();
    assert_eq!(objects, ["quarantine 4", "quarantine 5"]);
}
