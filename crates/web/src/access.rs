//! Who asks, and whether they may: the gate in front of each route.
//!
//! Without a tokens file only loopback is served and everybody is `local`. With one, every route but those that show
//! nothing of anybody wants a bearer token with its scope. Who is refused leaves a line in the audit log.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::time::{SECOND, Timestamp};
use ports::read::NewAudit;

use crate::app::App;
use crate::guard;
use crate::problem::Problem;
use crate::routes::Route;
use crate::tokens::{Scope, Token};

/// Whoever reaches the loopback port where there are no tokens that could say more.
pub(crate) const LOCAL: &str = "local";
/// Lines about refusals in one second; a flood of them must not fill the log, and the next line counts what was left out.
const REFUSALS: u64 = 10;

/// What a route wants of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Not even a token.
    Nothing,
    Ingest,
    Read,
    Act,
    Admin,
}

impl Needs {
    fn scope(self) -> Option<Scope> {
        match self {
            Self::Nothing => None,
            Self::Ingest => Some(Scope::Ingest),
            Self::Read => Some(Scope::Read),
            Self::Act => Some(Scope::Act),
            Self::Admin => Some(Scope::Admin),
        }
    }

    /// The word of the scope.
    pub(crate) fn word(self) -> &'static str {
        self.scope().map_or("", Scope::as_str)
    }
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The actor in the audit log.
    pub(crate) name: Arc<str>,
    /// Only the cases of this authority; none: all.
    pub(crate) authority: Option<Arc<str>>,
    /// Whether a token says who it is; otherwise a person may say so.
    pub(crate) has_token: bool,
    /// Whether records are shown byte by byte, with the plates in them.
    pub(crate) sees_bytes: bool,
}

impl Caller {
    fn local() -> Self {
        Self {
            name: LOCAL.into(),
            authority: None,
            has_token: false,
            sees_bytes: true,
        }
    }

    /// Whether something of this authority may be seen and acted on.
    pub(crate) fn may_see(&self, authority: Option<&str>) -> bool {
        self.authority
            .as_deref()
            .is_none_or(|limit| authority == Some(limit))
    }
}

impl From<Token> for Caller {
    fn from(token: Token) -> Self {
        let sees_bytes = token
            .scopes
            .iter()
            .any(|scope| matches!(scope, Scope::Act | Scope::Admin));
        Self {
            name: token.name,
            authority: token.authority,
            has_token: true,
            sees_bytes,
        }
    }
}

/// What stands in front of one route.
#[derive(Clone)]
pub(crate) struct Gate {
    app: App,
    needs: Needs,
    minds_authority: bool,
    largest: usize,
    /// What the audit log calls the route.
    name: &'static str,
}

impl Gate {
    pub(crate) fn new(app: &App, route: &Route) -> Self {
        Self {
            app: app.clone(),
            needs: route.needs,
            minds_authority: route.minds_authority,
            largest: route.largest,
            name: route.name,
        }
    }

    /// Whether a browser asks by itself, which can send a token only as a password. That is taken nowhere else: browsers
    /// also send passwords along when a foreign page asks.
    fn is_page(&self) -> bool {
        matches!(self.name, "page" | "live")
    }

    /// Who asks, or why not.
    fn caller(&self, headers: &HeaderMap) -> Result<Caller, (Problem, Arc<str>)> {
        let (Some(scope), Some(file)) = (self.needs.scope(), &self.app.parts.tokens) else {
            return Ok(Caller::local());
        };
        let nobody = |problem| (problem, Arc::from("nobody"));
        let given = secret(headers, self.is_page());
        let secret = given.ok_or_else(|| nobody(unknown("send `Authorization: Bearer TOKEN`")))?;
        let found = file.find(&secret).map_err(|error| {
            tracing::error!(error, "the tokens file cannot be used");
            nobody(Problem::unavailable(
                "the tokens file cannot be used; the log says why",
            ))
        })?;
        let token = found.ok_or_else(|| nobody(unknown("no such token; it may have been revoked")))?;
        let name = token.name.clone();
        if !token.scopes.contains(&scope) {
            return Err((
                forbidden(format!("the token lacks the scope `{}`", scope.as_str())),
                name,
            ));
        }
        if token.authority.is_some() && !self.minds_authority {
            let detail = "the token is limited to one authority, and this shows or changes things of all";
            return Err((forbidden(detail), name));
        }
        Ok(token.into())
    }
}

/// Lets a request through with its [`Caller`], or refuses it and writes that down.
pub(crate) async fn admit(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    match gate.caller(headers) {
        Ok(_) if length.is_some_and(|length| length > gate.largest) => {
            guard::too_large(gate.largest).into_response()
        }
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err((problem, name)) => refuse(&gate, problem, name).await,
    }
}

impl App {
    /// Writes down that a token of one authority asked for a thing of another, which is answered as if it were not there.
    pub(crate) async fn note_foreign(&self, caller: &Caller, what: &str, id: &str) {
        let authority = caller.authority.as_deref().unwrap_or_default();
        let after = format!("404; the token is of {authority}");
        let object = format!("{what} {id}");
        note(self, caller.name.clone(), object.into(), after).await;
    }
}

/// A line about a refusal, unless there are too many of them.
async fn note(app: &App, actor: Arc<str>, object: Arc<str>, after: String) {
    let now = app.parts.now.now();
    let Some(left_out) = app.refusals.count(now) else {
        return;
    };
    let more = if left_out == 0 {
        String::new()
    } else {
        format!("; {left_out} more before were not written")
    };
    let entry = NewAudit {
        at: now,
        actor,
        action: "access.refused".into(),
        object,
        before: None,
        after: Some(format!("{after}{more}").into()),
    };
    if let Err(error) = app.parts.store.append_audit(&entry).await {
        tracing::error!(%error, "a refusal could not be written to the audit log");
    }
}

async fn refuse(gate: &Gate, problem: Problem, name: Arc<str>) -> Response {
    let status = problem.status().as_u16().to_string();
    note(&gate.app, name, gate.name.into(), status).await;
    let status = problem.status();
    let mut response = problem.into_response();
    if status == StatusCode::UNAUTHORIZED {
        let wanted = if gate.is_page() {
            "Basic realm=\"clearwalk: the password is a token\", charset=\"UTF-8\""
        } else {
            "Bearer realm=\"clearwalk\""
        };
        let wanted = HeaderValue::from_static(wanted);
        response.headers_mut().insert(header::WWW_AUTHENTICATE, wanted);
    }
    response
}

/// The token that was sent; as the password of any user where that is taken.
fn secret(headers: &HeaderMap, takes_password: bool) -> Option<String> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = given.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !takes_password || !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    decoded.split_once(':').map(|(_, password)| password.to_owned())
}

fn unknown(detail: &'static str) -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "A token is wanted",
        detail,
    )
}

/// The token is known and may not do this.
pub(crate) fn forbidden(detail: impl Into<String>) -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "forbidden",
        "This token may not do that",
        detail,
    )
}

/// How many refusals were written in the current second, and how many were not since the last line.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<(Option<Timestamp>, u64, u64)>);

impl Refusals {
    /// How many were left out before this one; none: this one is left out too.
    fn count(&self, now: Timestamp) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, written, left_out) = &mut *state;
        if since.is_none_or(|since| now.since(since) >= SECOND || now < since) {
            (*since, *written) = (Some(now), 0);
        }
        if *written == REFUSALS {
            *left_out += 1;
            return None;
        }
        *written += 1;
        Some(std::mem::take(left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refusals_is_counted_and_not_written() {
        let refusals = Refusals::default();
        let at = |micros| Timestamp::from_micros(micros);
        let written = (0..25)
            .filter(|second| refusals.count(at(*second)).is_some())
            .count();
        assert_eq!(written as u64, REFUSALS);
        assert_eq!(refusals.count(at(SECOND)), Some(15));
        assert_eq!(refusals.count(at(SECOND)), Some(0));
    }
}
