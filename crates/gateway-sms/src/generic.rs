//! The generic gateway: one POST to send, one GET to look up, JSON both ways.

mod answer;
mod exchange;
mod plain;
mod push;
mod skew;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use engine::ids::AttemptId;
use engine::time::Timestamp;
use ports::clock::{Clock as _, SystemClock};
use ports::gateway::{Answer, Gateway, LookUp, Message, Push, PushError, Pushed, RenderError};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, RequestBuilder, Url};
use secrecy::{ExposeSecret as _, SecretString};

use self::exchange::Exchange;
use self::skew::Skew;
use crate::{OptionsError, Recipient, body};

/// Well under any server's keep-alive (the shortest common one is 5 s), so that a connection that the server is just
/// closing is hardly ever used: such a call would be unknown though nothing was sent.
const POOL_IDLE: Duration = Duration::from_secs(2);
/// A connection takes this long at most, and never more than half the deadline: running out of time while connecting
/// is then told from running out of time afterwards, and only the former proves that nothing was sent.
const LONGEST_CONNECT: Duration = Duration::from_secs(5);
/// Of an answer that says one word.
const LARGEST_ANSWER: usize = 64 * 1024;

/// Settings of one provider.
#[derive(Clone, Debug)]
pub struct Options {
    /// The configured name.
    pub name: Arc<str>,
    /// Where messages are posted and looked up.
    pub url: String,
    /// Bearer token; none: no header.
    pub token: Option<SecretString>,
    /// For the whole call, the body of the answer included.
    pub deadline: Duration,
    /// Most calls at once.
    pub concurrency: usize,
    /// Most calls in a second; none: no limit of ours.
    pub rate: Option<u32>,
    /// Phone or plate.
    pub recipient: Recipient,
    /// `whsec_` and the base64 of the key that receipts are signed with; none: receipts are refused.
    pub receipt_secret: Option<SecretString>,
}

impl Options {
    /// The defaults: no token, ten seconds, 32 calls at once, no limit of rate, phones.
    pub fn new(name: &str, url: &str) -> Self {
        Self {
            name: name.into(),
            url: url.to_owned(),
            token: None,
            deadline: Duration::from_secs(10),
            concurrency: 32,
            rate: None,
            recipient: Recipient::Phone,
            receipt_secret: None,
        }
    }

    /// What keeps a provider from being used, as far as it is seen without building a client, which reads all certificates
    /// of the machine.
    pub fn check(&self) -> Result<(), OptionsError> {
        self.parts().map(|_| ())
    }

    fn wrong(&self, key: &'static str, what: &str) -> OptionsError {
        OptionsError {
            provider: Arc::clone(&self.name),
            key,
            what: what.to_owned(),
        }
    }

    fn parts(&self) -> Result<(Url, Option<push::Signature>), OptionsError> {
        let url = Url::parse(&self.url).map_err(|error| self.wrong("url", &error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(self.wrong("url", "it must begin with https:// or http://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(self.wrong("url", "it holds a user or password; use token_file"));
        }
        if url.fragment().is_some() {
            return Err(self.wrong(
                "url",
                "it holds a fragment, which is never sent; take out what follows the #",
            ));
        }
        if self.deadline < Duration::from_millis(10) {
            return Err(self.wrong("deadline", "no call is that fast; write 10s"));
        }
        if self.concurrency == 0 {
            return Err(self.wrong("concurrency", "nothing would ever be sent; write 1 or more"));
        }
        if self.rate == Some(0) {
            return Err(self.wrong(
                "rate",
                "nothing would ever be sent; write 1 or more, or leave it out",
            ));
        }
        let secret = self.receipt_secret.as_ref();
        let signature = secret.map(|secret| push::Signature::new(secret.expose_secret()));
        let signature = signature
            .transpose()
            .map_err(|what| self.wrong("receipt_secret_file", what))?;
        Ok((url, signature))
    }
}

/// A provider that speaks the generic dialect.
#[derive(Debug)]
pub struct Generic {
    options: Options,
    url: Url,
    client: Client,
    signature: Option<push::Signature>,
    clock: Skew,
}

impl Generic {
    /// Checks the settings and builds the client; the process must have installed a TLS provider before.
    pub fn new(options: Options) -> Result<Self, OptionsError> {
        let (url, signature) = options.parts()?;
        let client = client(&options).map_err(|(key, what)| options.wrong(key, &what))?;
        Ok(Self {
            options,
            url,
            client,
            signature,
            clock: Skew::default(),
        })
    }

    /// Makes a call, and takes note of the provider's clock.
    async fn exchange(&self, call: RequestBuilder) -> Exchange {
        let exchange = exchange::run(call, LARGEST_ANSWER).await;
        if let Exchange::Answered(answered) = &exchange
            && let Some(date) = answered.date.as_deref().and_then(answer::date)
        {
            self.clock.note(date, SystemClock.now());
        }
        exchange
    }
}

#[async_trait]
impl Gateway for Generic {
    fn name(&self) -> &Arc<str> {
        &self.options.name
    }

    fn deadline(&self) -> Duration {
        self.options.deadline
    }

    fn concurrency(&self) -> usize {
        self.options.concurrency
    }

    fn rate(&self) -> Option<u32> {
        self.options.rate
    }

    fn clock_ahead(&self) -> Option<i64> {
        self.clock.ahead()
    }

    fn recipient_is_plate(&self) -> bool {
        self.options.recipient == Recipient::Plate
    }

    fn render(&self, message: &Message) -> Result<Bytes, RenderError> {
        body::render(&self.options.name, self.options.recipient, message)
    }

    async fn send(&self, request: Bytes) -> Answer {
        let call = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(request);
        answer::of_send(&self.exchange(call).await)
    }

    fn read_push(&self, push: Push<'_>, now: Timestamp) -> Result<Pushed, PushError> {
        let not_taken = || PushError::NotTaken(Arc::clone(&self.options.name));
        let signature = self.signature.as_ref().ok_or_else(not_taken)?;
        signature.check(push, now)?;
        push::read(&self.options.name, push.body, now)
    }

    async fn look_up(&self, client_ref: &AttemptId) -> LookUp {
        let mut url = self.url.clone();
        url.query_pairs_mut()
            .append_pair("client_ref", client_ref.as_str());
        answer::of_look_up(&self.exchange(self.client.get(url)).await)
    }
}

/// What a whole answer to a send and to a look-up would prove, without a call: for tests that feed it with anything.
#[doc(hidden)]
pub fn read_answer(
    status: u16,
    retry_after: Option<&str>,
    date: Option<&str>,
    body: &[u8],
) -> Option<(Answer, LookUp)> {
    let answered = Exchange::Answered(exchange::Answered {
        status: reqwest::StatusCode::from_u16(status).ok()?,
        retry_after: retry_after.map(str::to_owned),
        date: date.map(str::to_owned),
        body: body.to_vec(),
    });
    Some((answer::of_send(&answered), answer::of_look_up(&answered)))
}

/// A client that does exactly what it is told: HTTP/1 as its failures were measured, no redirect, no second try.
fn client(options: &Options) -> Result<Client, (&'static str, String)> {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        return Err((
            "url",
            "no TLS provider is installed in this process; the binary does so at start".to_owned(),
        ));
    }
    let mut headers = HeaderMap::new();
    if let Some(token) = &options.token {
        let text = format!("Bearer {}", token.expose_secret().trim());
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            (
                "token_file",
                "the token holds characters that no header may".to_owned(),
            )
        })?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Client::builder()
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .user_agent(concat!("clearwalk/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .connect_timeout(LONGEST_CONNECT.min(options.deadline / 2))
        .timeout(options.deadline)
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(options.concurrency)
        .build()
        .map_err(|error| ("url", format!("the HTTP client cannot be built: {error}")))
}
