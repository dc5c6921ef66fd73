//! The service: every role in one process, one lock, one way to stop.
//!
//! SIGTERM or Ctrl-C: nothing new begins, calls in flight end by their own deadline, and what they came to is written. A
//! second signal ends the process at once.

mod gauges;
mod health;
mod ringing;
mod signals;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use engine::message::Texts;
use engine::rules::Rules;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use pipeline::dispatch::Dispatch;
use pipeline::intake::{Intake, JudgeBy};
use pipeline::run::{self, Heart, Role, Shared};
use pipeline::upkeep::{Resend, Upkeep};
use ports::clock::{Clock as _, SystemClock};
use ports::dispatch::Caps;
use store_sqlite::SqliteStore;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use self::health::StoreHealth;
use self::ringing::Ringing;
use crate::cli::RoleWord;
use crate::commands::unsent;
use crate::config::Settings;
use crate::failure::{Code, Failure};
use crate::wiring::{self, Gateways};

pub(crate) use self::signals::Signals;

/// Facts, timers and the inner log ring; this is for timers that come due while nothing else happens.
const INTAKE_IDLE: Duration = Duration::from_millis(500);
/// Intake rings; this is for holds and quiet hours that end.
const DISPATCH_IDLE: Duration = Duration::from_millis(250);
/// Look-ups and deadlines are counted in seconds.
const UPKEEP_IDLE: Duration = Duration::from_secs(1);

/// Everything that the roles are made from, checked.
pub(crate) struct Parts {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) rules: Arc<Rules>,
    pub(crate) texts: Arc<Texts>,
    pub(crate) gateways: Gateways,
    pub(crate) registry: Arc<dyn ports::registry::Registry>,
    /// None: everybody may do everything, and only loopback is served.
    pub(crate) tokens: Option<Arc<web::TokensFile>>,
    pub(crate) resend: Resend,
    pub(crate) caps: Caps,
}

impl Parts {
    /// From settings and an open store.
    pub(crate) fn new(settings: &Settings, rules: Rules, store: Arc<SqliteStore>) -> Result<Self, Failure> {
        let texts = Arc::new(wiring::texts(settings, &rules)?);
        let registry = wiring::registry(settings, &rules)?;
        let gateways = Gateways::new(settings)?;
        let tokens = settings
            .tokens_file
            .as_deref()
            .map(web::TokensFile::open)
            .transpose();
        let tokens = tokens.map_err(Failure::configuration)?.map(Arc::new);
        Ok(Self {
            store,
            rules: Arc::new(rules),
            texts,
            gateways,
            registry,
            tokens,
            resend: settings.resend,
            caps: settings.caps,
        })
    }

    /// To be called before the first message is sent: finds out whether this database is the one that sent last.
    pub(crate) async fn begin_to_send(&self) -> Result<(), Failure> {
        if let Some(reason) = self.store.begin_to_send(SystemClock.now()).await? {
            tracing::error!(
                reason,
                "nothing is sent: the database may be older than what was sent"
            );
        }
        Ok(())
    }

    /// The role that sends.
    pub(crate) fn dispatch(&self) -> Dispatch {
        let route = self.gateways.route();
        Dispatch::new(
            self.store.clone(),
            route,
            self.registry.clone(),
            self.texts.clone(),
        )
        .with_caps(self.caps)
        .asking_first(self.store.clone(), self.gateways.all())
    }
}

/// A service that is about to run.
pub(crate) struct Service {
    parts: Parts,
    roles: Vec<RoleWord>,
    /// What this process says of itself to others.
    holder: String,
    page: Option<TcpListener>,
    metrics: PrometheusHandle,
}

impl Service {
    /// Takes the port of the page, if it is one of the roles.
    pub(crate) async fn prepare(
        parts: Parts,
        roles: Vec<RoleWord>,
        listen: SocketAddr,
        holder: String,
    ) -> Result<Self, Failure> {
        let page = if roles.contains(&RoleWord::Web) {
            Some(bind(listen).await?)
        } else {
            None
        };
        let metrics = PrometheusBuilder::new()
            .install_recorder()
            .map_err(|error| Failure::new(Code::Failure, format_args!("metrics cannot be kept: {error}")))?;
        pipeline::metrics::describe();
        Ok(Self {
            parts,
            roles,
            holder,
            page,
            metrics,
        })
    }

    /// Where the page listens.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.page.as_ref().and_then(|page| page.local_addr().ok())
    }

    /// Runs until a signal or until a role cannot go on.
    pub(crate) async fn run(self, signals: Signals) -> Result<(), Failure> {
        let shutdown = CancellationToken::new();
        let shared = Shared {
            clock: Arc::new(SystemClock),
            heart: Arc::new(Heart::new()),
            shutdown: shutdown.clone(),
        };
        let roles = self.pipeline_roles().await?;
        let names = roles.iter().map(|role| role.name).collect();
        let page = self.page.map(|listener| {
            let health = StoreHealth::new(self.parts.store.clone(), shared.heart.clone(), names);
            let router = web::router(page_parts(&self.parts, health, self.metrics.clone()));
            let stop = shutdown.clone();
            tokio::spawn(async move {
                let stopping = stop.clone();
                let served = web::serve(listener, router, async move { stopping.cancelled().await }).await;
                // A service without its page is not what was asked for.
                stop.cancel();
                served
            })
        });
        let watch = tokio::spawn(signals.cancel(shutdown.clone()));
        let keep = tokio::spawn(upkeep_of_metrics(
            self.metrics,
            self.parts.store.clone(),
            shutdown.clone(),
        ));
        let mut ended = run::run(roles, shared)
            .await
            .map_err(|error| Failure::new(Code::Failure, error));
        if let Some(page) = page {
            // Without a role of the pipeline the page is all there is.
            if let Ok(Err(error)) = page.await {
                let failure = Failure::new(Code::Failure, format_args!("the page stopped: {error}"));
                if ended.is_ok() {
                    ended = Err(failure);
                }
            }
        }
        shutdown.cancelled().await;
        watch.abort();
        // It ends with the shutdown; whether it did is of no use to anybody.
        let _kept = keep.await;
        ended
    }

    async fn pipeline_roles(&self) -> Result<Vec<Role>, Failure> {
        let parts = &self.parts;
        let (intake_bell, dispatch_bell) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let mut roles = Vec::new();
        if self.roles.contains(&RoleWord::Intake) {
            let intake = Intake::claim(
                parts.store.clone(),
                parts.rules.clone(),
                JudgeBy::WallClock,
                &self.holder,
            )
            .await?;
            roles.push(Role {
                name: "intake",
                step: Box::new(Ringing::new(intake, dispatch_bell.clone())),
                bell: intake_bell.clone(),
                idle: INTAKE_IDLE,
            });
        }
        if self.roles.contains(&RoleWord::Dispatch) {
            parts.begin_to_send().await?;
            roles.push(Role {
                name: "dispatch",
                step: Box::new(Ringing::new(parts.dispatch(), intake_bell)),
                bell: dispatch_bell,
                idle: DISPATCH_IDLE,
            });
        }
        if self.roles.contains(&RoleWord::Upkeep) {
            let upkeep = Upkeep::new(parts.store.clone(), parts.gateways.all(), parts.resend);
            roles.push(Role {
                name: "upkeep",
                step: Box::new(upkeep),
                bell: Arc::new(Notify::new()),
                idle: UPKEEP_IDLE,
            });
        }
        Ok(roles)
    }
}

fn page_parts(parts: &Parts, health: StoreHealth, metrics: PrometheusHandle) -> web::Parts {
    let (texts, grammar) = (parts.texts.clone(), parts.rules.grammar());
    web::Parts {
        store: parts.store.clone(),
        quarantine: parts.store.clone(),
        stream: parts.store.clone(),
        intake: parts.store.clone(),
        rules: parts.rules.clone(),
        tokens: parts.tokens.clone(),
        backlog: None,
        dispatch: parts.store.clone(),
        gateways: parts.gateways.by_kind(),
        health: Arc::new(health),
        metrics: Arc::new(move || metrics.render()),
        render_text: Arc::new(move |notice| unsent(notice, &texts, grammar)),
        now: Arc::new(SystemClock),
        version: env!("CARGO_PKG_VERSION"),
        grammar,
        providers: parts.gateways.names(),
    }
}

async fn bind(listen: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(listen).await.map_err(|error| {
        let code = match error.kind() {
            std::io::ErrorKind::AddrInUse => Code::Conflict,
            std::io::ErrorKind::PermissionDenied => Code::NotPermitted,
            _ => Code::Failure,
        };
        Failure::new(code, format_args!("the page cannot listen on {listen}: {error}"))
            .hint("choose another address in web.listen, or another --port")
    })
}

/// Histograms grow until somebody sums them up, whether or not anybody reads them.
async fn upkeep_of_metrics(metrics: PrometheusHandle, store: Arc<SqliteStore>, shutdown: CancellationToken) {
    let mut often = tokio::time::interval(Duration::from_secs(5));
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = often.tick() => metrics.run_upkeep(),
        }
        // What cannot be looked at now shows in the readiness; the gauges keep what they last said.
        if let Err(error) = gauges::look(&store, SystemClock.now()).await {
            tracing::warn!(%error, "the gauges of the store are not up to date");
        }
    }
}
