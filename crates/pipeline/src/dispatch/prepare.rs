//! From a leased notice to the attempt that is about to be committed: the text, the owner, and the provider's request.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine::message::{Route, Texts, segments};
use engine::notice::{NoticeState, after_quiet_hours, last_quiet_hours, next_quiet_hours};
use engine::time::{SECOND, Timestamp};
use formats::notice_parameters::NoticeParameters;
use ports::contact::Phone;
use ports::dispatch::{Caps, DueNotice, Submission};
use ports::gateway::{Gateway, Message};
use ports::registry::{OwnerQuery, Registry};
use tokio::time::timeout;

use crate::told::Telling;

/// Between two questions to a registry that does not answer.
const REGISTRY_WAIT: i64 = 30 * SECOND;
/// Why a notice waits for the registry.
pub(super) const REGISTRY_UNAVAILABLE: &str = "registry_unavailable";
/// A registry that is slower holds up the others of its batch.
const REGISTRY_DEADLINE: Duration = Duration::from_secs(5);
/// A call begins at most this long after its commit, else it is given up: what was true then may no longer be.
pub(super) const BEGINS_WITHIN: Duration = Duration::from_secs(2);
/// A gateway ends its call by itself; this is for one that does not.
pub(super) const GRACE: Duration = Duration::from_secs(1);

/// A notice whose parameters have been read.
pub(super) struct Read {
    pub(super) notice: DueNotice,
    pub(super) parameters: NoticeParameters,
    /// When the last quiet hours ended that may have kept it; none: it knows no quiet hours.
    pub(super) free_since: Option<Timestamp>,
    /// When the next quiet hours begin.
    free_until: Option<Timestamp>,
}

/// What becomes of a leased notice.
pub(super) enum Prepared {
    /// It may be submitted.
    Ready(Box<Ready>),
    /// Not yet.
    Later(DueNotice, Timestamp, &'static str),
    /// Never: it ends here.
    Aside(DueNotice, NoticeState, &'static str),
}

/// An attempt that is ready to be committed.
pub(super) struct Ready {
    pub(super) notice: DueNotice,
    pub(super) message: Message,
    /// The provider's request, as it will be sent.
    pub(super) request: Bytes,
    pub(super) telling: Telling,
    /// When the next quiet hours begin.
    free_until: Option<Timestamp>,
    /// Which of the owners is written to, and how many there are.
    pub(super) owner: usize,
    pub(super) owners: usize,
}

/// Reads what is stored beside the notice and asks whether this is an hour at which people are written to.
pub(super) fn read(notice: DueNotice, now: Timestamp) -> Result<Read, Box<Prepared>> {
    let parameters = match NoticeParameters::decode(&notice.parameters) {
        Ok(parameters) => parameters,
        Err(error) => {
            tracing::error!(notice = %notice.id, %error, "a notice cannot be sent; its parameters are broken");
            return Err(Box::new(Prepared::Aside(
                notice,
                NoticeState::Refused,
                "parameters_unreadable",
            )));
        }
    };
    let (mut free_since, mut free_until) = (None, None);
    if let Some(hours) = parameters.quiet() {
        let zone = parameters.zone();
        let free = after_quiet_hours(now, hours, &zone);
        if free > now {
            return Err(Box::new(Prepared::Later(notice, free, "quiet_hours")));
        }
        free_since = last_quiet_hours(now, hours, &zone);
        free_until = next_quiet_hours(now, hours, &zone);
    }
    Ok(Read {
        notice,
        parameters,
        free_since,
        free_until,
    })
}

/// Finds the owner, writes the text and renders the request. `owner` says which of the owners is to be written to.
pub(super) async fn prepare(
    read: Read,
    owner: usize,
    gateway: &dyn Gateway,
    registry: &dyn Registry,
    texts: &Texts,
    now: Timestamp,
) -> Prepared {
    let Read {
        notice,
        parameters,
        free_until,
        ..
    } = read;
    let telling = Telling::new(&notice.plate, notice.kind, &parameters);
    let phones = if gateway.recipient_is_plate() {
        vec![Phone::by_plate(&telling.number, &telling.class)]
    } else {
        match phones(&parameters, &telling, registry).await {
            Ok(phones) => phones,
            Err(why) => {
                tracing::debug!(notice = %notice.id, why, "a notice waits for the vehicle registry");
                return Prepared::Later(notice, now.plus(REGISTRY_WAIT), REGISTRY_UNAVAILABLE);
            }
        }
    };
    // Beyond the end when the registry has changed since the last try: then it is begun anew.
    let owner = if owner < phones.len() { owner } else { 0 };
    let Some(phone) = phones.get(owner) else {
        return Prepared::Aside(notice, NoticeState::NoContact, "no_owner_with_a_phone");
    };
    let text = parameters.message(texts);
    let message = Message {
        client_ref: notice.id.attempt(notice.attempts + 1),
        to: phone.clone(),
        text: text.text,
        template: Some(text.template),
        parameters: text
            .params
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect(),
        expires_at: notice.expires_at,
    };
    match gateway.render(&message) {
        Ok(request) => Prepared::Ready(Box::new(Ready {
            notice,
            message,
            request,
            telling,
            free_until,
            owner,
            owners: phones.len(),
        })),
        Err(error) => {
            tracing::error!(notice = %notice.id, %error, "a notice cannot be written for this provider");
            Prepared::Aside(notice, NoticeState::Refused, "cannot_be_rendered")
        }
    }
}

async fn phones(
    parameters: &NoticeParameters,
    telling: &Telling,
    registry: &dyn Registry,
) -> Result<Vec<Phone>, String> {
    let query = OwnerQuery {
        number: Arc::clone(&telling.number),
        class: Arc::clone(&telling.class),
        at: parameters.start(),
        zone: parameters.zone(),
    };
    match timeout(REGISTRY_DEADLINE, registry.owners(&query)).await {
        Ok(Ok(owners)) => Ok(owners.into_iter().map(|owner| owner.phone).collect()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer in time".to_owned()),
    }
}

impl Ready {
    /// What is committed before the first byte is sent; `at` is the time of the commit.
    pub(super) fn submission(&self, gateway: &dyn Gateway, caps: Caps, at: Timestamp) -> Submission {
        let over = gateway.deadline() + BEGINS_WITHIN + GRACE;
        Submission {
            notice: self.notice.id.clone(),
            token: self.notice.token,
            attempt: self.message.client_ref.clone(),
            provider: Arc::clone(gateway.name()),
            request: self.request.clone(),
            text: self.message.text.clone(),
            segments: segments(&self.message.text, route(&self.message.to)),
            recipient: self.message.to.clone(),
            deadline: at.plus(i64::try_from(over.as_micros()).unwrap_or(i64::MAX)),
            told: self.telling.handed_over(&self.message.client_ref, at),
            caps,
        }
    }

    /// How long after `at` the call may still begin: the recipient is not told too late nor at night, and the call is
    /// over by its deadline.
    pub(super) fn begins_within(&self, at: Timestamp) -> Duration {
        let ends = [Some(self.notice.expires_at), self.free_until];
        let left = ends.into_iter().flatten().map(|end| end.since(at)).min();
        let left = left.and_then(|left| u64::try_from(left).ok()).unwrap_or(0);
        BEGINS_WITHIN.min(Duration::from_micros(left))
    }
}

/// How the parts of a text are counted: by the country of the phone; gateways that know plates are in the city.
fn route(to: &Phone) -> Route {
    let to = to.reveal();
    if to.starts_with("+86") || to.starts_with("plate:") {
        Route::DomesticChina
    } else {
        Route::International
    }
}
