//! Cases that wait for a person's look at the evidence, the longest waiting first.

use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use engine::case::{Outcome, Reason};
use ports::read::CaseFilter;

use crate::access::Caller;
use crate::app::App;
use crate::cases::{self, CaseItem};
use crate::cursor::Of;
use crate::problem::Problem;
use crate::query::Parameters;

/// Holds that no review of this case ends: another case or a clock does.
const OTHERS: [Reason; 3] = [
    Reason::EarlierUndecided,
    Reason::LaterCaseWasTold,
    Reason::ClassUnknown,
];

pub(crate) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, &["cursor", "limit"])?;
    let filter = CaseFilter {
        outcome: Some(Outcome::Held),
        effective_only: true,
        after: parameters.cursor(Of::Reviews)?,
        ..CaseFilter::default()
    };
    let is_wanted = |item: &CaseItem| {
        let why = item.line.reasons.first().map_or("", String::as_str);
        caller.may_see(item.line.authority.as_deref()) && !OTHERS.iter().any(|other| other.as_str() == why)
    };
    let page = cases::page(&app, Of::Reviews, filter, parameters.limit()?, is_wanted).await?;
    Ok(Json(page).into_response())
}
