//! What the page shows, read from the store at most once in a while however many people look.

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::fact::NoticeKind;
use engine::notice::NoticeState;
use engine::time::Timestamp;
use formats::notice_parameters::NoticeParameters;
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;
use ports::read::{CaseFilter, NoticeFilter, StoredNotice};
use tokio::sync::Mutex;

use crate::app::App;
use crate::cases::CaseItem;
use crate::notices::NoticeItem;
use crate::problem::Problem;
use crate::sms::{self, PauseItem, ProviderItem};
use crate::stats::Counts;

/// Cases and messages on the page.
const LATEST: usize = 20;
/// How old a view may be; live streams look once a second.
const FRESH: Duration = Duration::from_millis(900);

/// The view that was read last.
#[derive(Default)]
pub(crate) struct Board(Mutex<Option<(Instant, Arc<View>)>>);

/// Everything on the page.
pub(crate) struct View {
    pub(crate) counts: Counts,
    pub(crate) cases: Vec<CaseItem>,
    pub(crate) messages: Vec<Message>,
    /// Providers that are paused.
    pub(crate) paused: Vec<(ProviderItem, PauseItem)>,
    pub(crate) all_paused: Option<PauseItem>,
    /// What cannot be read, for people.
    pub(crate) unreadable: Vec<String>,
    /// As of when, in the zone of the latest case or message.
    pub(crate) at: (Timestamp, TimeZone),
}

/// A message, and the zone in which its times are meant.
pub(crate) struct Message {
    pub(crate) item: NoticeItem,
    pub(crate) kind: NoticeKind,
    pub(crate) state: NoticeState,
    pub(crate) queued_at: Timestamp,
    pub(crate) zone: TimeZone,
}

impl Board {
    /// Everybody waits for one read instead of reading too.
    pub(crate) async fn view(&self, app: &App) -> Result<Arc<View>, Problem> {
        let mut latest = self.0.lock().await;
        if let Some((read_at, view)) = &*latest
            && read_at.elapsed() < FRESH
        {
            return Ok(view.clone());
        }
        let view = Arc::new(View::read(app).await?);
        *latest = Some((Instant::now(), view.clone()));
        Ok(view)
    }
}

impl View {
    async fn read(app: &App) -> Result<Self, Problem> {
        let store = &app.parts.store;
        let counts = Counts::from(store.stats().await?);
        let newest = CaseFilter {
            effective_only: true,
            newest_first: true,
            ..CaseFilter::default()
        };
        let mut cases = Vec::new();
        let mut unreadable = Vec::new();
        for stored in &store.cases(&newest, LATEST).await? {
            match CaseItem::try_from(stored) {
                Ok(item) => cases.push(item),
                Err(problem) => unreadable.push(problem.detail().to_owned()),
            }
        }
        let newest = NoticeFilter {
            newest_first: true,
            ..NoticeFilter::default()
        };
        let notices = store.notices(&newest, LATEST).await?;
        let local = cases.first().and_then(|item| offset_of(&item.line.from));
        let messages: Vec<Message> = notices
            .iter()
            .map(|stored| Message::new(stored, app, local.as_ref()))
            .collect();
        let zone = messages
            .first()
            .map(|message| message.zone.clone())
            .or(local)
            .unwrap_or(TimeZone::UTC);
        let (providers, all_paused) = sms::providers(app).await?;
        let paused = providers
            .into_iter()
            .filter_map(|provider| provider.paused.clone().map(|pause| (provider, pause)))
            .collect();
        let at = (app.parts.now.now(), zone);
        Ok(Self {
            counts,
            cases,
            messages,
            paused,
            all_paused,
            unreadable,
            at,
        })
    }
}

impl Message {
    fn new(stored: &StoredNotice, app: &App, local: Option<&TimeZone>) -> Self {
        let named = NoticeParameters::decode(&stored.parameters)
            .ok()
            .map(|parameters| parameters.zone());
        Self {
            item: NoticeItem::new(stored, app),
            kind: stored.kind,
            state: stored.state,
            queued_at: stored.queued_at,
            zone: named.or_else(|| local.cloned()).unwrap_or(TimeZone::UTC),
        }
    }
}

/// The offset that a printed time carries.
fn offset_of(printed: &str) -> Option<TimeZone> {
    Pieces::parse(printed)
        .ok()?
        .to_numeric_offset()
        .map(TimeZone::fixed)
}
