//! Every error as `application/problem+json` (RFC 9457): what is wrong, with which parameter, and what to do.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ports::store::StoreError;
use serde::Serialize;

use crate::facts::Taken;

/// An error as callers see it. Texts hold no personal data.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    fault: Option<Box<Fault>>,
    /// What became of facts, where facts were sent.
    taken: Option<Box<Taken>>,
    /// After how many seconds another try is worth it; none: the same request will fail again.
    retry_after: Option<u32>,
}

/// What of the request cannot be taken.
#[derive(Debug)]
struct Fault {
    /// A query parameter, a header or a member of the body.
    parameter: String,
    /// Where it stands in the body.
    pointer: Option<String>,
}

#[derive(Serialize)]
struct Body<'p> {
    r#type: String,
    title: &'p str,
    status: u16,
    code: &'p str,
    detail: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<&'p str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<&'p str>,
    #[serde(flatten)]
    taken: Option<&'p Taken>,
}

/// After how many seconds a store that was away is worth another try.
const RETRY_AFTER: u32 = 1;

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code,
            title,
            detail: detail.into(),
            fault: None,
            taken: None,
            retry_after: (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER),
        }
    }

    /// A query parameter or a header that cannot be taken.
    pub(crate) fn parameter(name: &str, detail: impl Into<String>) -> Self {
        Self::fault(name, None, detail)
    }

    fn fault(name: &str, pointer: Option<String>, detail: impl Into<String>) -> Self {
        let parameter = name.to_owned();
        Self {
            fault: Some(Box::new(Fault { parameter, pointer })),
            ..Self::new(
                StatusCode::BAD_REQUEST,
                "invalid_parameter",
                "A parameter cannot be taken",
                detail,
            )
        }
    }

    /// A member of the body that cannot be taken.
    pub(crate) fn member(name: &str, detail: impl Into<String>) -> Self {
        let escaped = name.replace('~', "~0").replace('/', "~1");
        Self::fault(name, Some(format!("/{escaped}")), detail)
    }

    /// This header or parameter is at fault.
    pub(crate) fn of(mut self, name: &str) -> Self {
        let parameter = name.to_owned();
        let pointer = None;
        self.fault = Some(Box::new(Fault { parameter, pointer }));
        self
    }

    /// Something within a member of the body.
    pub(crate) fn within(member: &str, pointer: &str, detail: impl Into<String>) -> Self {
        Self::fault(member, Some(format!("/{member}{pointer}")), detail)
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "The request cannot be read",
            detail,
        )
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "There is no such thing",
            detail,
        )
    }

    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Try again in a moment",
            detail,
        )
    }

    /// The service is asked for more than it can do now.
    pub(crate) fn too_many(detail: impl Into<String>, retry_after: u32) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many",
                "Send this again a little later",
                detail,
            )
        }
    }

    /// No fact of a request could be taken.
    pub(crate) fn nothing_taken(taken: Taken) -> Self {
        Self {
            taken: Some(Box::new(taken)),
            ..Self::new(
                StatusCode::BAD_REQUEST,
                "nothing_taken",
                "No fact could be taken",
                "every fact was rejected; `rejected` says why",
            )
        }
    }

    /// The store holds something that this release cannot read.
    pub(crate) fn unreadable(detail: impl Into<String>) -> Self {
        let title = "The store holds something that cannot be read";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "unreadable", title, detail)
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let detail = error.to_string();
        match error {
            StoreError::Unavailable(_) => Self::unavailable(detail),
            StoreError::NotFound(_) => Self::not_found(detail),
            StoreError::Corrupt(_) => Self::unreadable(detail),
            StoreError::Conflict(_) => Self::new(
                StatusCode::CONFLICT,
                "conflict",
                "Somebody else was faster",
                detail,
            ),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        if self.status.is_server_error() {
            tracing::error!(
                status = self.status.as_u16(),
                code = self.code,
                detail = self.detail,
                "request failed"
            );
        }
        let body = Body {
            r#type: format!("urn:clearwalk:problem:{}", self.code),
            title: self.title,
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
            parameter: self.fault.as_ref().map(|fault| fault.parameter.as_str()),
            pointer: self.fault.as_ref().and_then(|fault| fault.pointer.as_deref()),
            taken: self.taken.as_deref(),
        };
        let text = serde_json::to_string(&body).expect("strings and a number always serialise");
        let json = HeaderValue::from_static("application/problem+json");
        let mut response = (self.status, [(header::CONTENT_TYPE, json)], text).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
