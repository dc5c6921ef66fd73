//! The generic gateway against every fault of the test gateway: the ledger of the latter is what citizens received, and
//! no answer may be read as more than it proves.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use engine::ids::AttemptId;
use engine::notice::AttemptClass;
use engine::time::Timestamp;
use gateway_sms::generic::{Generic, Options};
use ports::contact::Phone;
use ports::gateway::{Answer, Gateway as _, LookUp, Message};
use secrecy::SecretString;
use world::gateway::{Fault, Gateway, Plan, Rule, Verdict};

const TOKEN: &str = "of-the-test";

async fn start(plan: Plan) -> (Gateway, Generic) {
    // Fails only when another test of this process was first.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let options = world::gateway::Options {
        plan,
        token: Some(TOKEN.to_owned()),
        ..world::gateway::Options::default()
    };
    let server = Gateway::start(options).await.unwrap();
    let client = client(&server, TOKEN);
    (server, client)
}

fn client(server: &Gateway, token: &str) -> Generic {
    Generic::new(Options {
        token: Some(SecretString::from(token.to_owned())),
        deadline: Duration::from_secs(1),
        ..Options::new("primary", &server.url())
    })
    .unwrap()
}

async fn send(client: &Generic, client_ref: &str) -> Answer {
    let message = Message {
        client_ref: AttemptId::from_text(client_ref),
        to: Phone::parse("+8613800000000").unwrap(),
        text: format!("【娄底城管】{client_ref}"),
        template: Some("A1".into()),
        parameters: vec![("plate".into(), "湘K12345".to_owned())],
        expires_at: Timestamp::from_micros(1_772_416_800_000_000),
    };
    client.send(client.render(&message).unwrap()).await
}

/// What the contract says of each refusal that the gateway makes; every other fault is unknown.
fn refusal(fault: Fault) -> Option<AttemptClass> {
    Some(match fault {
        Fault::InvalidNumber | Fault::InvalidNumber422 => AttemptClass::PermanentRecipient,
        Fault::Blocked | Fault::Blocked422 => AttemptClass::Suppressed,
        Fault::Template
        | Fault::Template422
        | Fault::Content
        | Fault::Content422
        | Fault::InvalidRequest
        | Fault::InvalidRequest422 => AttemptClass::PermanentContent,
        Fault::Unauthorized | Fault::Forbidden => AttemptClass::AccountBlocked,
        Fault::ThrottledSeconds
        | Fault::ThrottledDate
        | Fault::ThrottledNegative
        | Fault::ThrottledAbsurd
        | Fault::UnavailableSeconds
        | Fault::UnavailableDate
        | Fault::ThrottledDateAhead => AttemptClass::ThrottledAccount,
        // A client cannot know that the id is another message's; the reference tells. A wrong clock changes nothing.
        Fault::AnotherId | Fault::DateBehind | Fault::DateAhead | Fault::DateGarbage => {
            AttemptClass::Accepted
        }
        _ => return None,
    })
}

#[tokio::test]
async fn no_answer_is_read_as_more_than_it_proves() {
    let rule = |fault: Fault| Rule {
        to: None,
        client_ref: Some(fault.name().to_owned()),
        nth: None,
        fault,
    };
    let plan = Plan {
        messages: Fault::all().map(rule).collect(),
        ..Plan::default()
    };
    let (server, client) = start(plan).await;
    for fault in Fault::all() {
        let answer = send(&client, fault.name()).await;
        let expected = refusal(fault).unwrap_or(AttemptClass::Unknown);
        assert_eq!(answer.class, expected, "{}", fault.name());
        let calls = server.calls().unwrap();
        let own: Vec<_> = calls
            .iter()
            .filter(|call| call.client_ref.as_deref() == Some(fault.name()))
            .collect();
        assert!(own.len() <= 1, "{}: sent {} times", fault.name(), own.len());
        let received = own.iter().any(|call| call.verdict == Verdict::Accepted);
        assert!(
            !(received && answer.class.is_not_sent()),
            "{}: a citizen received it",
            fault.name()
        );
        if let Some(seconds) = answer.retry_after {
            assert!((1..=3600).contains(&seconds), "{}: {seconds} s", fault.name());
        }
    }
}

/// Before anything is asked: only a failed connect, which a TLS that is none is too, proves that nothing was sent.
#[tokio::test]
async fn a_connection_that_is_treated_badly_proves_what_it_proves() {
    let cases = [
        ("connections = { close = 1.0 }", "http", AttemptClass::Unknown),
        ("connections = { reset = 1.0 }", "http", AttemptClass::Unknown),
        ("connections = { hang = 1.0 }", "http", AttemptClass::Unknown),
        (
            "connections = { tls = \"garbage\" }",
            "https",
            AttemptClass::NotSent,
        ),
        (
            "connections = { tls = \"close\" }",
            "https",
            AttemptClass::NotSent,
        ),
        ("connections = { tls = \"hang\" }", "https", AttemptClass::NotSent),
    ];
    for (text, scheme, expected) in cases {
        let plan = Plan::parse(text, world::gateway::Format::Toml, "plan").unwrap();
        let (server, _client) = start(plan).await;
        let client = Generic::new(Options {
            deadline: Duration::from_secs(1),
            ..Options::new("primary", &server.url().replacen("http", scheme, 1))
        });
        let answer = send(&client.unwrap(), "one").await;
        assert_eq!(answer.class, expected, "{text}");
        assert_eq!(server.stats().accepted, 0, "{text}");
    }
    let nobody = Generic::new(Options {
        deadline: Duration::from_secs(1),
        ..Options::new("primary", "http://127.0.0.1:9/v1/messages")
    });
    assert_eq!(send(&nobody.unwrap(), "one").await.class, AttemptClass::NotSent);
}

/// A dropped first packet proves that nothing was sent, and how long to wait goes by the clock of who says so.
#[tokio::test]
async fn a_black_hole_is_not_sent_and_a_wrong_clock_is_seen_and_not_followed() {
    let hole = Plan::parse(
        "connections = { black_hole = \"20s\" }",
        world::gateway::Format::Toml,
        "plan",
    );
    let (server, client) = start(hole.unwrap()).await;
    let mut classes = Vec::new();
    // The hole may take a moment to open.
    while classes.last() != Some(&AttemptClass::NotSent) && classes.len() < 100 {
        classes.push(send(&self::client(&server, "t"), "one").await.class);
    }
    assert_eq!(classes.last(), Some(&AttemptClass::NotSent), "{classes:?}");
    assert_eq!(client.clock_ahead(), None);
    let late = Plan::parse(
        "rates = { throttled-date-ahead = 1.0 }",
        world::gateway::Format::Toml,
        "plan",
    );
    let (_server, client) = start(late.unwrap()).await;
    let answer = send(&client, "one").await;
    assert_eq!(answer.class, AttemptClass::ThrottledAccount);
    assert!(answer.retry_after <= Some(3), "{:?}", answer.retry_after);
    let ahead = client.clock_ahead().map(|ahead| ahead / 1_000_000);
    assert!(
        ahead.is_some_and(|ahead| (900..=1_020).contains(&ahead)),
        "{ahead:?}"
    );
}

/// A stranger to whom a redirect leads is never told anybody's phone.
#[tokio::test]
async fn nobody_is_sent_elsewhere() {
    let (stranger, _client) = start(Plan::default()).await;
    for fault in [Fault::Elsewhere302, Fault::Elsewhere307, Fault::Elsewhere308] {
        let rule = Rule {
            to: None,
            client_ref: None,
            nth: Some(1),
            fault,
        };
        let plan = Plan {
            elsewhere: stranger.url(),
            messages: vec![rule],
            ..Plan::default()
        };
        let (_server, client) = start(plan).await;
        assert_eq!(send(&client, "one").await.class, AttemptClass::Unknown, "{fault}");
    }
    assert_eq!(stranger.calls().unwrap(), []);
}

/// A look-up that lists others, or nothing, or a word that nobody knows proves nothing.
#[tokio::test]
async fn a_look_up_that_answers_something_else_proves_nothing() {
    for fault in [
        "empty-list",
        "others-list",
        "unlisted-state",
        "error-before-taking",
    ] {
        let text = format!("look_up_rates = {{ {fault} = 1.0 }}");
        let plan = Plan::parse(&text, world::gateway::Format::Toml, "plan").unwrap();
        let (_server, client) = start(plan).await;
        assert_eq!(send(&client, "one").await.class, AttemptClass::Accepted);
        assert_eq!(
            client.look_up(&AttemptId::from_text("one")).await,
            LookUp::Nothing,
            "{fault}"
        );
    }
}

#[tokio::test]
async fn a_look_up_knows_what_was_taken_and_says_so_strongly_when_nothing_was() {
    let plan = Plan {
        messages: vec![Rule {
            to: None,
            client_ref: Some("cut".to_owned()),
            nth: None,
            fault: Fault::CloseAfterTaking,
        }],
        ..Plan::default()
    };
    let (_server, client) = start(plan).await;
    assert_eq!(send(&client, "whole").await.class, AttemptClass::Accepted);
    assert_eq!(send(&client, "cut").await.class, AttemptClass::Unknown);
    for taken in ["whole", "cut"] {
        let found = client.look_up(&AttemptId::from_text(taken)).await;
        assert!(matches!(found, LookUp::Found { .. }), "{taken}: {found:?}");
    }
    assert_eq!(
        client.look_up(&AttemptId::from_text("never")).await,
        LookUp::NeverReceived
    );
}

#[tokio::test]
async fn a_wrong_token_blocks_the_account_and_proves_nothing_in_a_look_up() {
    let (server, _client) = start(Plan::default()).await;
    let stranger = client(&server, "wrong");
    assert_eq!(send(&stranger, "one").await.class, AttemptClass::AccountBlocked);
    assert_eq!(
        stranger.look_up(&AttemptId::from_text("one")).await,
        LookUp::Nothing
    );
}

#[tokio::test]
async fn many_calls_at_once_reach_their_own_answers() {
    let (server, client) = start(Plan::default()).await;
    let refs: Vec<String> = (0..200).map(|number| format!("n-{number}-1")).collect();
    let answers = futures::future::join_all(refs.iter().map(|client_ref| send(&client, client_ref))).await;
    let mut ids: Vec<_> = answers
        .iter()
        .filter_map(|answer| answer.provider_id.as_deref())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), refs.len());
    let stats = server.stats();
    assert_eq!((stats.accepted, stats.duplicates), (200, 0));
}
