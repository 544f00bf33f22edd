//! Endpoints of webhooks: who is told, of what, and with which secrets.

use crate::{
    Reader, Store, StoreError, events,
    mail::{self, NewMail},
    sql::{Row, Tx},
    statements,
};
use housekey_core::{
    event::Event,
    ids::EndpointId,
    time::Time,
    webhook::{WebhookFilter, WebhookKind},
};

statements! {
    LIST = "SELECT id, url, description, events, source, enabled, reason, failing_since, failures, secret, old_secret, old_until, created_at, updated_at \
        FROM housekey_webhook_endpoint ORDER BY created_at, id LIMIT 1000";
    ONE = "SELECT id, url, description, events, source, enabled, reason, failing_since, failures, secret, old_secret, old_until, created_at, updated_at \
        FROM housekey_webhook_endpoint WHERE id = $1";
    EARS = "SELECT id, events, enabled FROM housekey_webhook_endpoint ORDER BY id LIMIT 1000";
    PUT = "INSERT INTO housekey_webhook_endpoint (id, url, description, events, source, enabled, failures, secret, created_at, updated_at) \
        VALUES ($1, $2, $3, $4, $5, TRUE, 0, $6, $7, $7)";
    RENEW = "UPDATE housekey_webhook_endpoint SET url = $2, description = $3, events = $4, secret = $5, old_secret = $6, old_until = NULL, \
        enabled = TRUE, reason = NULL, failing_since = NULL, failures = 0, updated_at = $7 WHERE id = $1";
    ENABLE = "UPDATE housekey_webhook_endpoint SET enabled = TRUE, reason = NULL, failing_since = NULL, failures = 0, updated_at = $2 WHERE id = $1";
    DISABLE = "UPDATE housekey_webhook_endpoint SET enabled = FALSE, reason = $2, updated_at = $3 WHERE id = $1 AND enabled";
    DROP_WAITING = "UPDATE housekey_webhook_delivery SET state = 'dropped', why = 'endpoint_disabled', done_at = $2 WHERE endpoint_id = $1 AND state = 'waiting'";
    ROTATE = "UPDATE housekey_webhook_endpoint SET old_secret = secret, old_until = $3, secret = $2, updated_at = $4 WHERE id = $1";
    REMOVE = "DELETE FROM housekey_webhook_endpoint WHERE id = $1";
}

/// Who keeps an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointSource {
    /// The configuration: it is made, changed and removed there.
    Config,
    /// The command line.
    Command,
}

impl EndpointSource {
    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Command => "command",
        }
    }
}

/// An endpoint. Its secrets are sealed.
#[derive(Clone, Debug)]
pub struct EndpointRow {
    /// Its id.
    pub id: EndpointId,
    /// Where it is told.
    pub url: String,
    /// What its keeper calls it.
    pub description: String,
    /// What it hears.
    pub events: WebhookFilter,
    /// Who keeps it.
    pub source: EndpointSource,
    /// Whether it is told anything.
    pub enabled: bool,
    /// Why it is not.
    pub reason: Option<String>,
    /// Since when nothing was taken, if the last try was not.
    pub failing_since: Option<Time>,
    /// How many tries in a row were not taken.
    pub failures: i64,
    /// What its messages are signed with.
    pub secret: Vec<u8>,
    /// The secret before it.
    pub old_secret: Option<Vec<u8>>,
    /// Until when messages are signed with that as well; always, where none is said.
    pub old_until: Option<Time>,
    /// When it was made.
    pub created: Time,
    /// When it was last changed.
    pub updated: Time,
}

/// An endpoint to make, or what a configured one is from now on.
#[derive(Clone, Debug)]
pub struct NewEndpoint {
    /// Its id.
    pub id: EndpointId,
    /// Where it is told.
    pub url: String,
    /// What its keeper calls it.
    pub description: String,
    /// What it hears.
    pub events: WebhookFilter,
    /// Who keeps it.
    pub source: EndpointSource,
    /// Its secret, sealed.
    pub secret: Vec<u8>,
    /// A second one that a configuration names, sealed.
    pub old_secret: Option<Vec<u8>>,
}

impl Reader {
    /// All endpoints, oldest first.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn endpoints(&self) -> Result<Vec<EndpointRow>, StoreError> {
        self.rows(&LIST, &[]).await?.iter().map(read).collect()
    }

    /// One endpoint.
    ///
    /// # Errors
    /// When the database is out of reach or the row is broken.
    pub async fn endpoint(&self, id: &EndpointId) -> Result<Option<EndpointRow>, StoreError> {
        self.optional(&ONE, &[id.into()]).await?.map(|r| read(&r)).transpose()
    }
}

impl Store {
    /// Makes an endpoint.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn endpoint_make(&self, new: NewEndpoint, event: Event) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let args = [
                    (&new.id).into(),
                    new.url.as_str().into(),
                    new.description.as_str().into(),
                    new.events.stored().into(),
                    new.source.as_str().into(),
                    new.secret.clone().into(),
                    event.at.into(),
                ];
                tx.execute(&PUT, &args).await?;
                tx.ring();
                if new.old_secret.is_some() {
                    renew(tx, &new, event.at).await?;
                }
                events::insert(tx, &[event]).await
            })
        })
        .await
    }

    /// What a configured endpoint is from now on; it is told again if it was not.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn endpoint_renew(&self, new: NewEndpoint, event: Event) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                renew(tx, &new, event.at).await?;
                tx.ring();
                events::insert(tx, &[event]).await
            })
        })
        .await
    }

    /// Tells the endpoint again from now on. Answers whether there is such.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn endpoint_enable(&self, id: &EndpointId, event: Event) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let found = tx.execute(&ENABLE, &[(&id).into(), event.at.into()]).await? == 1;
                tx.ring();
                if found {
                    events::insert(tx, &[event]).await?;
                }
                Ok(found)
            })
        })
        .await
    }

    /// Tells the endpoint nothing any more, what waits for it included, with a notice to its keeper. Answers whether it was told before.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn endpoint_disable(
        &self,
        id: &EndpointId,
        reason: String,
        notice: Option<NewMail>,
        event: Event,
    ) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write(move |tx| {
            Box::pin(async move {
                if tx.execute(&DISABLE, &[(&id).into(), reason.into(), event.at.into()]).await? != 1 {
                    return Ok(false);
                }
                tx.execute(&DROP_WAITING, &[(&id).into(), event.at.into()]).await?;
                mail::insert(tx, notice.as_slice(), event.at).await?;
                events::insert(tx, &[event]).await?;
                Ok(true)
            })
        })
        .await
    }

    /// A new secret; messages are signed with the one before it as well until then. Answers whether there is such.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn endpoint_rotate(
        &self,
        id: &EndpointId,
        secret: Vec<u8>,
        old_until: Time,
        event: Event,
    ) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let args = [(&id).into(), secret.into(), old_until.into(), event.at.into()];
                let found = tx.execute(&ROTATE, &args).await? == 1;
                if found {
                    events::insert(tx, &[event]).await?;
                }
                Ok(found)
            })
        })
        .await
    }

    /// Removes an endpoint with what waits for it. Answers whether there was such.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn endpoint_remove(&self, id: &EndpointId, event: Event) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let found = tx.execute(&REMOVE, &[(&id).into()]).await? == 1;
                if found {
                    events::insert(tx, &[event]).await?;
                }
                Ok(found)
            })
        })
        .await
    }
}

/// Somebody who may hear.
pub(crate) struct Ear {
    pub id: String,
    pub enabled: bool,
    filter: WebhookFilter,
}

impl Ear {
    pub(crate) fn hears(&self, kind: WebhookKind) -> bool {
        self.filter.hears(kind)
    }
}

/// All endpoints, as whoever tells needs them.
pub(crate) async fn ears(tx: &mut Tx) -> Result<Vec<Ear>, StoreError> {
    let rows = tx.rows(&EARS, &[]).await?;
    let ear =
        |r: &Row| Ok(Ear { id: r.text(0)?, filter: WebhookFilter::from_stored(&r.text(1)?), enabled: r.bool(2)? });
    rows.iter().map(ear).collect()
}

async fn renew(tx: &mut Tx, new: &NewEndpoint, now: Time) -> Result<(), StoreError> {
    let args = [
        (&new.id).into(),
        new.url.as_str().into(),
        new.description.as_str().into(),
        new.events.stored().into(),
        new.secret.clone().into(),
        new.old_secret.clone().into(),
        now.into(),
    ];
    tx.execute(&RENEW, &args).await.map(drop)
}

fn read(r: &Row) -> Result<EndpointRow, StoreError> {
    let id = r.text(0)?;
    let broken = |column| StoreError::corrupt("housekey_webhook_endpoint", column, &id);
    Ok(EndpointRow {
        id: EndpointId::try_from(id.as_str()).map_err(|_| broken("id"))?,
        url: r.text(1)?,
        description: r.text(2)?,
        events: WebhookFilter::from_stored(&r.text(3)?),
        source: match r.text(4)?.as_str() {
            "config" => EndpointSource::Config,
            "command" => EndpointSource::Command,
            _ => return Err(broken("source")),
        },
        enabled: r.bool(5)?,
        reason: r.opt_text(6)?,
        failing_since: r.opt_int(7)?.map(Time::from_millis),
        failures: r.int(8)?,
        secret: r.bytes(9)?,
        old_secret: r.opt_bytes(10)?,
        old_until: r.opt_int(11)?.map(Time::from_millis),
        created: Time::from_millis(r.int(12)?),
        updated: Time::from_millis(r.int(13)?),
    })
}
