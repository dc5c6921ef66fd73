//! The live stream of the page: the parts that changed, as server-sent events, at most once a second.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use futures::stream;
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Interval, MissedTickBehavior};

use crate::app::App;
use crate::lang::Lang;
use crate::page::{self, Fragments};
use crate::problem::Problem;
use crate::query::Parameters;
use crate::serve::Closing;

/// Streams open at once. They share one read of the store, but each holds a connection and renders by itself.
pub(crate) const STREAMS: usize = 64;
/// How often a stream looks for changes.
const EVERY: Duration = Duration::from_secs(1);
/// How long the browser waits before it connects again.
const RETRY: Duration = Duration::from_secs(2);

/// What changed, by the id of the element that shows it.
#[derive(Serialize)]
struct Changes<'c> {
    as_of: &'c str,
    parts: BTreeMap<&'static str, &'c str>,
}

/// One reader's stream.
struct Reader {
    app: App,
    lang: Lang,
    ticks: Interval,
    sent: Option<Fragments>,
    /// Whether the reader was told that the store cannot be read.
    in_trouble: bool,
    _permit: OwnedSemaphorePermit,
}

pub(crate) async fn stream(
    State(app): State<App>,
    closing: Option<Extension<Closing>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, &["lang"])?;
    let lang = Lang::choose(parameters.get("lang"), &headers);
    let permit = app.streams.clone().try_acquire_owned();
    let permit =
        permit.map_err(|_| Problem::unavailable(format!("{STREAMS} live streams are open already")))?;
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let reader = Reader {
        app,
        lang,
        ticks,
        sent: None,
        in_trouble: false,
        _permit: permit,
    };
    let events = events(reader, closing.map(|Extension(closing)| closing));
    Ok(Sse::new(events).keep_alive(KeepAlive::default()).into_response())
}

/// Ends when the service stops, even in the middle of a look.
fn events(reader: Reader, closing: Option<Closing>) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((reader, closing), |(mut reader, mut closing)| async move {
        let event = tokio::select! {
            () = closed(&mut closing) => return None,
            event = reader.next() => event,
        };
        Some((Ok(event), (reader, closing)))
    })
}

impl Reader {
    /// Waits for the next change.
    async fn next(&mut self) -> Event {
        loop {
            self.ticks.tick().await;
            if let Some(event) = self.look().await {
                return event;
            }
        }
    }

    async fn look(&mut self) -> Option<Event> {
        let view = match self.app.board.view(&self.app).await {
            Ok(view) => view,
            Err(problem) => return self.trouble(&problem),
        };
        let now = page::fragments(&view, self.lang);
        let parts: BTreeMap<&str, &str> = now
            .iter()
            .enumerate()
            .filter(|(index, (_, text))| self.sent.as_ref().is_none_or(|sent| sent[*index].1 != *text))
            .map(|(_, (id, text))| (*id, text.as_str()))
            .collect();
        if parts.is_empty() && !self.in_trouble {
            return None;
        }
        let changes = Changes {
            as_of: &page::as_of(&view),
            parts,
        };
        let event = Event::default().event("changes").retry(RETRY).json_data(&changes);
        self.sent = Some(now);
        self.in_trouble = false;
        Some(event.expect("strings always serialise"))
    }

    /// Said once, until the store can be read again.
    fn trouble(&mut self, problem: &Problem) -> Option<Event> {
        if std::mem::replace(&mut self.in_trouble, true) {
            return None;
        }
        let words = self.lang.words();
        let said = format!("{} {}", words.trouble, problem.detail());
        Some(
            Event::default()
                .event("trouble")
                .data(said.replace(['\r', '\n'], " ")),
        )
    }
}

async fn closed(closing: &mut Option<Closing>) {
    match closing {
        Some(closing) => closing.closed().await,
        None => std::future::pending().await,
    }
}
