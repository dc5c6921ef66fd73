//! A store that stands before another one: its calls take turns, fail before or after they are made, and are written
//! down with what was true when they were made. With a planted [`Defect`] it also behaves wrongly in one way.
//!
//! It keeps nothing that a store keeps: take it away, and what lies behind it is all there is.

mod dispatch;
mod intake;
mod journal;
mod read;

use std::future::Future;
use std::sync::{Arc, Mutex};

use engine::ids::{AttemptId, NoticeId};
use engine::notice::NoticeState;
use ports::dispatch::DueNotice;
use ports::read::Store;
use ports::store::StoreError;

use crate::defect::Defect;
use crate::turns::{Baton, Fate};

pub use journal::{Entry, Journal, Wall};

/// Before a store.
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    /// Which opening of the store this is: leases are of one only.
    opening: u32,
    baton: Arc<Baton>,
    journal: Arc<Journal>,
    defect: Option<Defect>,
    /// Leases that were granted once, for the defect that grants them again.
    leased: Mutex<Vec<DueNotice>>,
    /// News that came first, for the defects that mix it up.
    first_news: Mutex<Vec<News>>,
}

/// The attempt that news is about, with its notice, and the state that it tells.
type News = (AttemptId, Option<(AttemptId, NoticeId)>, NoticeState);

impl FaultyStore {
    /// For one actor, whose calls stop at `baton` and are written into `journal`. `opening` numbers the openings of the
    /// store.
    pub fn new(
        inner: Arc<dyn Store>,
        opening: u32,
        baton: Arc<Baton>,
        journal: Arc<Journal>,
        defect: Option<Defect>,
    ) -> Self {
        Self {
            inner,
            opening,
            baton,
            journal,
            defect,
            leased: Mutex::default(),
            first_news: Mutex::default(),
        }
    }

    fn has(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    /// Makes a call as its fate says.
    async fn turn<T, E: From<StoreError> + Send>(
        &self,
        what: &'static str,
        call: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E>
    where
        T: Send,
    {
        let away = || E::from(StoreError::Unavailable(format!("{what} fails as the seed says")));
        match self.baton.reach(what).await {
            None | Some(Fate::Refuse) => Err(away()),
            Some(Fate::Go) => call.await,
            Some(Fate::Lose) => call.await.and_then(|_| Err(away())),
            Some(Fate::Linger) => {
                let answer = call.await;
                self.baton
                    .reach(what)
                    .await
                    .map_or_else(|| Err(away()), |_| answer)
            }
        }
    }
}
