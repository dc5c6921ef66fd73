//! One call on the wire, and how far it got.

use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::{RequestBuilder, StatusCode};

/// What came of a call.
#[derive(Debug)]
pub(super) enum Exchange {
    /// A whole answer.
    Answered(Answered),
    /// No connection: not a byte was sent.
    NoConnection,
    /// Anything else: perhaps everything was sent. Says what happened.
    Broken(&'static str),
}

/// A whole answer.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<String>,
    pub(super) date: Option<String>,
    pub(super) body: Vec<u8>,
}

/// Makes the call and reads at most `limit` bytes of its answer.
pub(super) async fn run(call: RequestBuilder, limit: usize) -> Exchange {
    let mut response = match call.send().await {
        Ok(response) => response,
        Err(error) => return failed(error),
    };
    let mut answered = Answered {
        status: response.status(),
        retry_after: header(response.headers(), &RETRY_AFTER),
        date: header(response.headers(), &DATE),
        body: Vec::new(),
    };
    loop {
        match response.chunk().await {
            Ok(None) => return Exchange::Answered(answered),
            Ok(Some(chunk)) if answered.body.len() + chunk.len() > limit => {
                return Exchange::Broken("answer_too_large");
            }
            Ok(Some(chunk)) => answered.body.extend_from_slice(&chunk),
            Err(error) if error.is_timeout() => return Exchange::Broken("timeout"),
            Err(_) => return Exchange::Broken("answer_cut"),
        }
    }
}

fn failed(error: reqwest::Error) -> Exchange {
    // First of all: running out of time while connecting is both, and proves that nothing was sent.
    if error.is_connect() {
        tracing::debug!(error = %causes(error), "no connection to the SMS provider");
        return Exchange::NoConnection;
    }
    Exchange::Broken(if error.is_timeout() {
        "timeout"
    } else {
        "connection_broken"
    })
}

/// The chain of causes in one line, without the address.
fn causes(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}

/// A header that stands there once and is text.
fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    value.to_str().ok().map(|text| text.trim().to_owned())
}
