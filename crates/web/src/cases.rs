//! Cases: the list, newest first, and everything about one.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use engine::case::Outcome;
use engine::ids::CaseId;
use engine::plate;
use formats::case_line::{Because, CaseLine};
use ports::read::{CaseFilter, NoticeFilter, StoredCase};
use serde::Serialize;

use crate::access::Caller;
use crate::app::App;
use crate::cursor::{self, Of, Page};
use crate::notices::NoticeItem;
use crate::problem::Problem;
use crate::query::{self, LARGEST_LIMIT, Parameters};
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

/// Cases looked at for one answer: who may see few of them must not read them all in one request. The answer may then
/// hold fewer items than asked for, and still a `next`.
const LOOK: usize = 20_000;

/// One page of the cases of a filter that are wanted.
pub(crate) async fn page(
    app: &App,
    of: Of,
    mut filter: CaseFilter,
    limit: usize,
    is_wanted: impl Fn(&CaseItem) -> bool,
) -> Result<Page<CaseItem>, Problem> {
    let mut items: Vec<(u64, CaseItem)> = Vec::new();
    let mut looked = 0;
    // One more than asked for tells whether there is a next page.
    let chunk = LARGEST_LIMIT.min(limit + 1);
    while items.len() <= limit {
        let found = app.parts.store.cases(&filter, chunk).await?;
        let Some(last) = found.last() else { break };
        filter.after = Some(last.sequence);
        for stored in &found {
            let item = CaseItem::try_from(stored)?;
            if is_wanted(&item) {
                items.push((stored.sequence, item));
            }
        }
        looked += found.len();
        if found.len() < chunk {
            break;
        }
        if looked >= LOOK && items.len() <= limit {
            let next = filter.after.map(|after| cursor::encode(of, after));
            let items = items.into_iter().map(|(_, item)| item).collect();
            return Ok(Page { items, next });
        }
    }
    let has_more = items.len() > limit;
    items.truncate(limit);
    let next = items
        .last()
        .filter(|_| has_more)
        .map(|(sequence, _)| cursor::encode(of, *sequence));
    let items = items.into_iter().map(|(_, item)| item).collect();
    Ok(Page { items, next })
}

pub(crate) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, &["subject", "outcome", "cursor", "limit"])?;
    let wanted = parameters.get("subject").map(|text| Wanted::read(&app, text));
    let filter = CaseFilter {
        plate: wanted.as_ref().map(|wanted| wanted.number.as_str().into()),
        outcome: parameters.word("outcome", &Outcome::ALL)?,
        effective_only: true,
        newest_first: true,
        after: parameters.cursor(Of::Cases)?,
    };
    // The store filters by number; classes and epochs are few, so a second look is rare.
    let is_wanted = |item: &CaseItem| {
        caller.may_see(item.line.authority.as_deref())
            && wanted.as_ref().is_none_or(|wanted| wanted.fits(item))
    };
    let page = page(&app, Of::Cases, filter, parameters.limit()?, is_wanted).await?;
    Ok(Json(page).into_response())
}

/// All versions of a case, and the one in force. A case of another authority is none.
pub(crate) async fn versions(
    app: &App,
    caller: &Caller,
    id: &CaseId,
) -> Result<(Vec<CaseItem>, CaseItem), Problem> {
    let stored = app.parts.store.case(id).await?;
    let versions = stored
        .iter()
        .map(CaseItem::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    let in_force = versions.iter().rfind(|item| item.effective);
    let case = in_force.or_else(|| versions.last()).cloned();
    let none = || Problem::not_found("no case has this number");
    let case = case.ok_or_else(none)?;
    if caller.may_see(case.line.authority.as_deref()) {
        return Ok((versions, case));
    }
    app.note_foreign(caller, "case", id.as_str()).await;
    Err(none())
}

/// Whose case it is; none: nobody's in particular, or there is no such case.
pub(crate) async fn authority(app: &App, id: &CaseId) -> Result<Option<String>, Problem> {
    let stored = app.parts.store.case(id).await?;
    let last = stored
        .iter()
        .rfind(|stored| stored.effective)
        .or_else(|| stored.last());
    let case = last.map(CaseItem::try_from).transpose()?;
    Ok(case.and_then(|case| case.line.authority))
}

/// The number in the address.
pub(crate) fn id(given: Result<Path<String>, PathRejection>) -> Result<CaseId, Problem> {
    Ok(CaseId::from_text(&query::text_of(given, "id")?))
}

pub(crate) async fn one(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    given: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = id(given)?;
    let (versions, case) = versions(&app, &caller, &id).await?;
    let filter = NoticeFilter {
        case: Some(id),
        ..NoticeFilter::default()
    };
    let notices = app.parts.store.notices(&filter, LARGEST_LIMIT).await?;
    let version = case.version;
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
    let caching = "private, no-cache";
    Ok(tag::answer(
        &headers,
        Some(version),
        body,
        "application/json",
        caching,
    ))
}
