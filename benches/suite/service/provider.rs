//! A provider that takes everything after a while, in this process.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Json, State};
use axum::routing::post;
use serde_json::{Value, json};

/// Names of the messages that it took.
type Refs = Arc<Mutex<Vec<String>>>;

pub(crate) struct Provider {
    pub(crate) url: String,
    refs: Refs,
}

impl Provider {
    pub(crate) async fn start(latency: Duration) -> Self {
        let refs: Refs = Arc::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let app = Router::new()
            .route("/v1/messages", post(take))
            .with_state((refs.clone(), latency));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            url: format!("http://{address}/v1/messages"),
            refs,
        }
    }

    pub(crate) fn taken(&self) -> u64 {
        self.refs.lock().expect("no holder panics").len() as u64
    }

    pub(crate) fn refs(&self) -> Refs {
        self.refs.clone()
    }
}

#[expect(clippy::disallowed_methods, reason = "the latency is what is asked for")]
async fn take(State((refs, latency)): State<(Refs, Duration)>, Json(message): Json<Value>) -> Json<Value> {
    tokio::time::sleep(latency).await;
    let name = message["client_ref"].as_str().unwrap_or_default().to_owned();
    let id = format!("m-{name}");
    refs.lock().expect("no holder panics").push(name);
    Json(json!({ "message_id": id }))
}
