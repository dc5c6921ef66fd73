//! Operations API and console page: what people and their tools see of the service over HTTP, and the switch that stops
//! sending. It decides nothing, sends nothing, and shows no phone number.
//!
//! There are no tokens: whoever reaches the port may read everything. So requests are answered only when they name this
//! machine as their host, and the binary binds only loopback.

mod app;
mod assets;
mod board;
mod cases;
mod cursor;
mod guard;
mod health;
mod lang;
mod live;
mod notices;
mod openapi;
mod page;
mod problem;
mod quarantine;
mod query;
mod serve;
mod sms;
mod stats;
mod tag;

use axum::Router;
use axum::routing::{get, post};

pub use app::{Parts, RenderText};
pub use health::{Health, Readiness};
pub use serve::serve;

use app::App;

/// All routes.
pub fn router(parts: Parts) -> Router {
    let app = App::new(parts);
    let routes = Router::new()
        .route("/", get(page::index))
        .route("/live", get(live::stream))
        .route("/assets/app.js", get(assets::script))
        .route("/assets/app.css", get(assets::style))
        .route("/assets/icon.svg", get(assets::icon))
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .route("/openapi.json", get(openapi::document))
        .route("/v1/stats", get(stats::stats))
        .route("/v1/cases", get(cases::list))
        .route("/v1/cases/{id}", get(cases::one))
        .route("/v1/notices", get(notices::list))
        .route("/v1/quarantine", get(quarantine::list))
        .route("/v1/sms", get(sms::status))
        .route("/v1/sms/pause", post(sms::pause))
        .route("/v1/sms/resume", post(sms::resume))
        .fallback(guard::no_such_page)
        .method_not_allowed_fallback(guard::wrong_method);
    guard::around(routes, &app).with_state(app)
}
