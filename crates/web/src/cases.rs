//! Cases: the list, newest first, and everything about one.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use engine::case::Outcome;
use engine::ids::CaseId;
use engine::plate;
use formats::case_line::{Because, CaseLine};
use ports::read::{CaseFilter, NoticeFilter, StoredCase};
use serde::Serialize;

use crate::app::App;
use crate::cursor::{self, Of, Page};
use crate::notices::NoticeItem;
use crate::problem::Problem;
use crate::query::{LARGEST_LIMIT, Parameters};
use crate::tag;

/// A version of a case: its line, and where it stands among the versions.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CaseItem {
    #[serde(flatten)]
    pub(crate) line: CaseLine,
    pub(crate) version: u32,
    pub(crate) decided_at: String,
    pub(crate) effective: bool,
}

/// Everything about one case.
#[derive(Serialize)]
struct WholeCase {
    case: CaseItem,
    versions: Vec<CaseItem>,
    facts: Vec<String>,
    explanation: Because,
    notices: Vec<NoticeItem>,
}

impl TryFrom<&StoredCase> for CaseItem {
    type Error = Problem;

    fn try_from(stored: &StoredCase) -> Result<Self, Problem> {
        let line = CaseLine::parse(&stored.body).map_err(|error| {
            // Only the place: the error's own words can quote the body, and with it a plate.
            let place = format!("line {} column {}", error.line(), error.column());
            Problem::unreadable(format!("case {} version {}, {place}", stored.id, stored.version))
        })?;
        Ok(Self {
            line,
            version: stored.version,
            decided_at: stored.decided_at.to_string(),
            effective: stored.effective,
        })
    }
}

/// What `subject=` asks for: all cases of a number, or those of one class or one epoch of it.
struct Wanted {
    number: String,
    /// The subject with everything that was given; none: the number alone.
    subject: Option<String>,
}

impl Wanted {
    fn read(app: &App, text: &str) -> Self {
        let (number, rest) = text
            .split_once('/')
            .map_or((text, None), |(number, rest)| (number, Some(rest)));
        let number = plate::normalise(app.parts.grammar, number);
        let subject = rest.map(|rest| format!("{number}/{rest}"));
        Self { number, subject }
    }

    fn fits(&self, item: &CaseItem) -> bool {
        self.subject.as_ref().is_none_or(|subject| {
            let rest = item.line.subject.strip_prefix(subject.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

pub(crate) async fn list(State(app): State<App>, uri: Uri) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, &["subject", "outcome", "cursor", "limit"])?;
    let limit = parameters.limit()?;
    let wanted = parameters.get("subject").map(|text| Wanted::read(&app, text));
    let mut filter = CaseFilter {
        plate: wanted.as_ref().map(|wanted| wanted.number.as_str().into()),
        outcome: parameters.word("outcome", &Outcome::ALL)?,
        effective_only: true,
        newest_first: true,
        after: parameters.cursor(Of::Cases)?,
    };
    let mut items: Vec<(u64, CaseItem)> = Vec::new();
    // The store filters by number; classes and epochs are few, so a second look is rare. One more than asked for
    // tells whether there is a next page.
    while items.len() <= limit {
        let found = app
            .parts
            .store
            .cases(&filter, LARGEST_LIMIT.min(limit + 1))
            .await?;
        let Some(last) = found.last() else { break };
        filter.after = Some(last.sequence);
        let was_last = found.len() < LARGEST_LIMIT.min(limit + 1);
        for stored in &found {
            let item = CaseItem::try_from(stored)?;
            if wanted.as_ref().is_none_or(|wanted| wanted.fits(&item)) {
                items.push((stored.sequence, item));
            }
        }
        if was_last {
            break;
        }
    }
    let has_more = items.len() > limit;
    items.truncate(limit);
    let next = items
        .last()
        .filter(|_| has_more)
        .map(|(sequence, _)| cursor::encode(Of::Cases, *sequence));
    let items = items.into_iter().map(|(_, item)| item).collect();
    Ok(Json(Page { items, next }).into_response())
}

pub(crate) async fn one(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path(id) = id.map_err(|error| Problem::parameter("id", error.body_text()))?;
    let id = CaseId::from_text(&id);
    let stored = app.parts.store.case(&id).await?;
    let versions = stored
        .iter()
        .map(CaseItem::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    let Some(case) = versions
        .iter()
        .rfind(|item| item.effective)
        .or_else(|| versions.last())
        .cloned()
    else {
        return Err(Problem::not_found("no case has this number"));
    };
    let filter = NoticeFilter {
        case: Some(id),
        ..NoticeFilter::default()
    };
    let notices = app.parts.store.notices(&filter, LARGEST_LIMIT).await?;
    let whole = WholeCase {
        facts: case.line.facts.clone(),
        explanation: case.line.because.clone(),
        notices: notices
            .iter()
            .map(|stored| NoticeItem::new(stored, &app))
            .collect(),
        case,
        versions,
    };
    let body = serde_json::to_vec(&whole).expect("strings and numbers always serialise");
    Ok(tag::answer(
        &headers,
        body,
        "application/json",
        "private, no-cache",
    ))
}
