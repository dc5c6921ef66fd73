//! Operations API and console page: the door for facts, what people and their tools see of the service over HTTP, what
//! people decide, and the switch that stops sending. It decides nothing, sends nothing, and shows no phone number.
//!
//! Without a tokens file whoever reaches the port may do everything: then requests are answered only when they name this
//! machine as their host, and the binary binds only loopback. With one, a token says who asks and what for.

mod access;
mod acts;
mod app;
mod assets;
mod board;
mod body;
mod cases;
mod cursor;
mod eligibility;
mod facts;
mod guard;
mod hands;
mod health;
mod lang;
mod live;
mod notices;
mod openapi;
mod page;
mod problem;
mod quarantine;
mod query;
mod receipts;
mod resend;
mod reviews;
mod routes;
mod serve;
mod sms;
mod stats;
mod tag;
mod tokens;

use axum::Router;

pub use app::{Parts, RenderText};
pub use health::{Health, Readiness};
pub use quarantine::{Plan, Refusal, plan as plan_redrive};
pub use serve::serve;
pub use tokens::{BadLine, PREFIX, Scope, Token, Tokens, TokensFile};

use app::App;

/// All routes.
pub fn router(parts: Parts) -> Router {
    let app = App::new(parts);
    let routes = routes::router(&app)
        .fallback(guard::no_such_page)
        .method_not_allowed_fallback(guard::wrong_method);
    guard::around(routes, &app).with_state(app)
}
