//! Who is told what happens: endpoints are made, looked at, switched on, given other secrets, tried and told once more.

use crate::{
    caller::Caller,
    error::{Error, Result},
    flows::{
        notes::About as Of,
        tell::{About, Telling},
    },
    housekey::Housekey,
    mail::{Facts, Letter},
    outbound::OutboundFault,
};
use housekey_core::{
    event::{ClientFacts, Event, EventKind},
    ids::{EndpointId, MessageId},
    keyring::Place,
    secret::Secret,
    time::Time,
    webhook::{SigningSecret, WebhookFilter, WebhookKind, signature_header},
};
use housekey_store::{
    mail::NewMail,
    webhook_queue::DeliveryCounts,
    webhooks::{EndpointRow, EndpointSource, NewEndpoint},
};
use serde_json::json;
use std::time::Duration;
use url::Url;

/// Endpoints of one instance.
const MOST: usize = 50;
const LONGEST_DESCRIPTION: usize = 200;
/// How long messages carry the signature of a replaced secret as well (SEC-120).
const OVERLAP: Duration = Duration::from_secs(24 * 3600);
/// Messages that one transaction replays.
const PIECE: i64 = 200;

/// An endpoint, without its secrets.
#[derive(Clone, Debug)]
pub struct EndpointView {
    /// Its id.
    pub id: EndpointId,
    /// Where it is told.
    pub url: String,
    /// What its keeper calls it.
    pub description: String,
    /// What it hears; empty means all.
    pub events: Vec<String>,
    /// Who keeps it: `config` or `command`.
    pub source: &'static str,
    /// Whether it is told anything.
    pub enabled: bool,
    /// Why it is not.
    pub reason: Option<String>,
    /// Since when it took nothing, if its last try was not taken.
    pub failing_since: Option<Time>,
    /// How its deliveries stand.
    pub deliveries: DeliveryCounts,
    /// When it was made.
    pub created: Time,
}

/// What a try ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The answer's status, if there was one.
    pub status: Option<u16>,
    /// Why there was none.
    pub fault: Option<OutboundFault>,
    /// How long it took.
    pub took: Duration,
}

impl Tried {
    /// Whether the message was taken.
    pub fn taken(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// The result's stable name, as `http_500` or `timeout`.
    pub fn code(&self) -> String {
        match (self.status, self.fault) {
            (Some(status), _) => format!("http_{status}"),
            (None, Some(fault)) => fault.code().to_owned(),
            (None, None) => "unreadable".to_owned(),
        }
    }
}

/// What is told once more.
#[derive(Clone, Debug)]
pub enum Replay {
    /// One message.
    Message(MessageId),
    /// All since then that the endpoint hears.
    Since(Time),
}

/// An endpoint as whoever sends needs it.
pub(crate) struct Target {
    pub url: Url,
    pub secrets: Vec<SigningSecret>,
}

impl Housekey {
    /// Makes an endpoint. Its secret is in the answer, and in no other.
    ///
    /// # Errors
    /// [`Error::Invalid`] with what is wrong: an address that may not be reached, an event that nobody knows.
    pub async fn webhook_add(
        &self,
        caller: &Caller,
        url: &str,
        events: &[String],
        description: &str,
    ) -> Result<(EndpointId, Secret<String>)> {
        let url = Url::parse(url.trim()).map_err(|_| Error::field("url", OutboundFault::Malformed.code()))?;
        self.0.webhooks.admits(&url).map_err(|fault| Error::field("url", fault.code()))?;
        let filter = WebhookFilter::parse(events.iter().map(String::as_str));
        let filter = filter.map_err(|_| Error::field("event", "event_unknown"))?;
        let description = description.trim();
        if description.chars().count() > LONGEST_DESCRIPTION || description.chars().any(char::is_control) {
            return Err(Error::field("description", "description_malformed"));
        }
        if self.store().reader().endpoints().await?.len() >= MOST {
            return Err(Error::field("url", "too_many_endpoints"));
        }
        let id = EndpointId::new(self.now(), self.entropy());
        let secret = SigningSecret::new(self.entropy());
        let new = NewEndpoint {
            id: id.clone(),
            url: url.into(),
            description: description.to_owned(),
            events: filter,
            source: EndpointSource::Command,
            secret: self.seal_endpoint(&id, &secret),
            old_secret: None,
        };
        let event = self.endpoint_event(caller, EventKind::WebhookMade, &id, "made").await?;
        self.store().endpoint_make(new, event).await?;
        Ok((id, secret.reveal()))
    }

    /// All endpoints, oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub async fn webhook_list(&self) -> Result<Vec<EndpointView>> {
        let mut all = Vec::new();
        for row in self.store().reader().endpoints().await? {
            let deliveries = self.store().reader().webhook_counts(&row.id).await?;
            all.push(EndpointView {
                id: row.id,
                url: row.url,
                description: row.description,
                events: row.events.names().to_vec(),
                source: row.source.as_str(),
                enabled: row.enabled,
                reason: row.reason,
                failing_since: row.failing_since,
                deliveries,
                created: row.created,
            });
        }
        Ok(all)
    }

    /// Removes an endpoint with what waits for it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] for one that the configuration keeps.
    pub async fn webhook_remove(&self, caller: &Caller, id: &EndpointId) -> Result<()> {
        self.endpoint_of_command(id).await?;
        let event = self.endpoint_event(caller, EventKind::WebhookRemoved, id, "removed").await?;
        if self.store().endpoint_remove(id, event).await? { Ok(()) } else { Err(Error::NotFound) }
    }

    /// Tells an endpoint again from now on. What it missed is told by a replay.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn webhook_enable(&self, caller: &Caller, id: &EndpointId) -> Result<()> {
        let event = self.endpoint_event(caller, EventKind::WebhookChanged, id, "enabled").await?;
        if self.store().endpoint_enable(id, event).await? { Ok(()) } else { Err(Error::NotFound) }
    }

    /// Tells an endpoint nothing any more, until it is enabled.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn webhook_disable(&self, caller: &Caller, id: &EndpointId) -> Result<()> {
        self.store().reader().endpoint(id).await?.ok_or(Error::NotFound)?;
        let event = self.endpoint_event(caller, EventKind::WebhookDisabled, id, "by_hand").await?;
        self.store().endpoint_disable(id, "by_hand".to_owned(), None, event).await?;
        Ok(())
    }

    /// Gives an endpoint another secret. Messages carry the signature of the former one as well for a day.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`] for one that the configuration keeps.
    pub async fn webhook_rotate(&self, caller: &Caller, id: &EndpointId) -> Result<Secret<String>> {
        self.endpoint_of_command(id).await?;
        let secret = SigningSecret::new(self.entropy());
        let sealed = self.seal_endpoint(id, &secret);
        let event = self.endpoint_event(caller, EventKind::WebhookChanged, id, "secret_rotated").await?;
        let until = self.now().plus(OVERLAP);
        match self.store().endpoint_rotate(id, sealed, until, event).await? {
            true => Ok(secret.reveal()),
            false => Err(Error::NotFound),
        }
    }

    /// Sends an endpoint a message that tells nothing, at once and once.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn webhook_test(&self, caller: &Caller, id: &EndpointId) -> Result<Tried> {
        let row = self.store().reader().endpoint(id).await?.ok_or(Error::NotFound)?;
        let target = self.target(row)?;
        let at = self.now();
        let from = ClientFacts { address: caller.address.to_string(), agent: caller.agent.clone() };
        let telling = Telling { kind: WebhookKind::Test, at, from, about: About::Nothing };
        let body = (self.0.write_body)(self, telling).map_err(|_| Error::Bug("a message cannot be written"))?;
        Ok(self.hand_over(&target, &MessageId::new(at, self.entropy()), body).await)
    }

    /// Tells an endpoint once more. Answers how many messages.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an endpoint or message that is not there, [`Error::Invalid`] for an endpoint that is
    /// switched off.
    pub async fn webhook_replay(&self, id: &EndpointId, what: Replay) -> Result<u64> {
        let row = self.store().reader().endpoint(id).await?.ok_or(Error::NotFound)?;
        if !row.enabled {
            return Err(Error::field("id", "endpoint_disabled"));
        }
        let now = self.now();
        match what {
            Replay::Message(message) => match self.store().webhook_replay(id, &message, now).await? {
                true => Ok(1),
                false => Err(Error::NotFound),
            },
            Replay::Since(since) => {
                let (mut from, mut told) = (Some((since, String::new())), 0);
                while let Some(at) = from {
                    let filter = row.events.clone();
                    let (some, next) = self.store().webhook_replay_since(id, filter, at, PIECE, now).await?;
                    (from, told) = (next, told + some);
                }
                Ok(told)
            }
        }
    }

    /// Makes the endpoints that the configuration names, changes those that it changed, and removes those that it
    /// names no more. Their ids are of their addresses, so that every node means the same.
    pub(crate) async fn webhooks_of_config(&self) -> Result<()> {
        let caller = Caller::console(self.now(), self.entropy());
        let rows = self.store().reader().endpoints().await?;
        let configured = &self.settings().webhooks;
        let mut named = Vec::new();
        for (endpoint, secrets) in configured.endpoints.iter().zip(&configured.secrets) {
            let id = self.stand_in_id(EndpointId::PREFIX, &["webhook", endpoint.url.as_str()]);
            let id = EndpointId::try_from(id).map_err(|_| Error::Bug("an endpoint's id cannot be read"))?;
            let secrets: Vec<SigningSecret> =
                secrets.expose().split_whitespace().filter_map(|text| SigningSecret::parse(text).ok()).collect();
            if let Err(fault) = self.0.webhooks.admits(&endpoint.url) {
                tracing::error!(endpoint = %id, %fault, "an address in webhooks.endpoints cannot be told");
            }
            let known = rows.iter().find(|row| row.id == id);
            let same = |row: &EndpointRow| {
                let kept = self.secrets_of(row, None).unwrap_or_default();
                row.events == endpoint.events
                    && kept.iter().map(SigningSecret::bytes).eq(secrets.iter().map(SigningSecret::bytes))
            };
            if !known.is_some_and(same) {
                let mut sealed = secrets.iter().map(|secret| self.seal_endpoint(&id, secret));
                let new = NewEndpoint {
                    id: id.clone(),
                    url: endpoint.url.to_string(),
                    description: String::new(),
                    events: endpoint.events.clone(),
                    source: EndpointSource::Config,
                    secret: sealed.next().ok_or(Error::Bug("a configured endpoint has no secret"))?,
                    old_secret: sealed.next(),
                };
                let (kind, what) = match known {
                    None => (EventKind::WebhookMade, "configured"),
                    Some(_) => (EventKind::WebhookChanged, "configured"),
                };
                let event = self.endpoint_event(&caller, kind, &id, what).await?;
                match known {
                    None => self.store().endpoint_make(new, event).await?,
                    Some(_) => self.store().endpoint_renew(new, event).await?,
                }
            }
            named.push(id);
        }
        for row in rows.iter().filter(|row| row.source == EndpointSource::Config && !named.contains(&row.id)) {
            let event = self.endpoint_event(&caller, EventKind::WebhookRemoved, &row.id, "configured").await?;
            self.store().endpoint_remove(&row.id, event).await?;
        }
        Ok(())
    }

    /// An endpoint with its secrets opened.
    pub(crate) fn target(&self, row: EndpointRow) -> Result<Target> {
        let secrets =
            self.secrets_of(&row, Some(self.now())).ok_or(Error::Bug("an endpoint's secret cannot be opened"))?;
        let url = Url::parse(&row.url).map_err(|_| Error::Bug("an endpoint's address cannot be read"))?;
        Ok(Target { url, secrets })
    }

    /// Signs a message and hands it over.
    pub(crate) async fn hand_over(&self, target: &Target, id: &MessageId, body: Vec<u8>) -> Tried {
        let clock = &self.0.world.clock;
        let (seconds, signatures) = signature_header(&target.secrets, id.as_str(), self.now(), &body);
        let headers = [
            ("content-type", "application/json"),
            ("svix-id", id.as_str()),
            ("svix-timestamp", seconds.as_str()),
            ("svix-signature", signatures.as_str()),
        ];
        let began = clock.monotonic();
        let answer = self.0.webhooks.post(&target.url, &headers, body).await;
        let took = clock.monotonic().saturating_sub(began);
        match answer {
            Ok(answer) => Tried { status: Some(answer.status), fault: None, took },
            Err(fault) => Tried { status: None, fault: Some(fault), took },
        }
    }

    /// An event about an endpoint.
    pub(crate) async fn endpoint_event(
        &self,
        caller: &Caller,
        kind: EventKind,
        id: &EndpointId,
        what: &str,
    ) -> Result<Event> {
        let about = Of { user: None, client: None, session: None };
        self.event(caller, kind, about, json!({ "endpoint": id.as_str(), "what": what })).await
    }

    /// What whoever keeps the instance is written to when an endpoint is switched off.
    pub(crate) fn endpoint_notice(&self, row: &EndpointRow) -> Result<Option<NewMail>> {
        let Some(to) = &self.settings().webhooks.notice_to else { return Ok(None) };
        let host = Url::parse(&row.url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        let asked = Facts::bare(self.now());
        let letter = Letter::NoticeWebhookDisabled { endpoint: format!("{} ({host})", row.id), asked };
        // It is about nobody's account, and so no message of its own.
        Ok(Some(NewMail { told: None, ..self.notice(to, letter)? }))
    }

    async fn endpoint_of_command(&self, id: &EndpointId) -> Result<()> {
        let row = self.store().reader().endpoint(id).await?.ok_or(Error::NotFound)?;
        match row.source {
            EndpointSource::Command => Ok(()),
            EndpointSource::Config => Err(Error::field("id", "endpoint_of_config")),
        }
    }

    /// The live secrets of an endpoint, newest first; without a moment all of them.
    fn secrets_of(&self, row: &EndpointRow, now: Option<Time>) -> Option<Vec<SigningSecret>> {
        let over = row.old_until.zip(now).is_some_and(|(until, now)| until <= now);
        let old = row.old_secret.as_ref().filter(|_| !over);
        let open = |sealed: &Vec<u8>| {
            let plain = self.keyring().open(secret_place(&row.id), sealed).ok()?;
            SigningSecret::from_bytes(plain.expose().clone()).ok()
        };
        std::iter::once(&row.secret).chain(old).map(open).collect()
    }

    fn seal_endpoint(&self, id: &EndpointId, secret: &SigningSecret) -> Vec<u8> {
        self.keyring().seal(secret_place(id), secret.bytes(), self.entropy())
    }
}

fn secret_place(id: &EndpointId) -> Place<'_> {
    Place { table: "housekey_webhook_endpoint", column: "secret", row: id.as_str() }
}
