//! Receipts that go together, as vendors send them: many in one array, signed once, over a connection that is kept.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use super::wire::Kept;
use super::{Office, PATIENCE, Pushed};
use crate::gateway::connection::pause;
use crate::gateway::desk::now;
use crate::gateway::receipts::{About, Receipts};

/// Longer than the first message of a batch waits for others.
const LINGER: Duration = Duration::from_millis(200);

/// The one receipt of a message, and when it may leave.
pub(super) struct Due {
    receipts: Receipts,
    about: About,
    at: Instant,
}

impl Due {
    pub(super) fn new(receipts: Receipts, about: About) -> Due {
        Due {
            at: Instant::now() + receipts.delay.0,
            receipts,
            about,
        }
    }
}

/// Pushes batch after batch. Every message waits equally long, so the first to come is the first to go.
pub(super) async fn deliver(mut due: mpsc::UnboundedReceiver<Due>, office: Arc<Office>) {
    let mut kept = Kept::default();
    let mut batch = VecDeque::new();
    while let Some(first) = due.recv().await {
        pause(first.at.saturating_duration_since(Instant::now())).await;
        let (most, until) = (first.receipts.batch.max(1), Instant::now() + LINGER);
        batch.push_back(first);
        while batch.len() < most {
            match timeout_at(until, due.recv()).await {
                Ok(Some(next)) => batch.push_back(next),
                Ok(None) | Err(_) => break,
            }
        }
        push(&mut kept, &office, batch.drain(..).collect()).await;
    }
}

async fn push(kept: &mut Kept, office: &Office, batch: Vec<Due>) {
    let Some(first) = batch.first() else { return };
    let receipts = first.receipts.clone();
    let abouts: Vec<About> = batch.into_iter().map(|due| due.about).collect();
    let told: Vec<_> = abouts
        .iter()
        .map(|about| (about.client_ref.clone(), "delivered".to_owned()))
        .collect();
    let log = receipts.log.as_deref();
    let mut waits = receipts.again.iter();
    loop {
        let made = receipts.together(&abouts, now());
        office.diary.leaves(log, &told, None);
        let answered = timeout(PATIENCE, kept.push(&receipts.to, &made)).await;
        if answered.is_err() {
            *kept = Kept::default();
        }
        let status = answered.ok().and_then(Result::ok).flatten();
        office.diary.answered(log, &told, None, status);
        if status.is_some_and(|status| status < 500) {
            break note(office, &abouts, status);
        }
        let Some(wait) = waits.next() else {
            break note(office, &abouts, status);
        };
        pause(wait.0).await;
    }
}

fn note(office: &Office, abouts: &[About], status: Option<u16>) {
    for about in abouts {
        office.note(Pushed {
            client_ref: about.client_ref.clone(),
            fault: None,
            status,
        });
    }
}
