//! What the command line has a house do: by the server that runs on the data folder, else with the folder in its own
//! hands.

mod clerk;
mod people;
mod webhooks;

use anyhow::anyhow;
use housekey::{Caller, Error, Housekey, core::time::Time};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    config::{Config, Flags},
    control::{Ask, ask},
    data::Folder,
    house, store,
};

/// One thing to do.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "errand", rename_all = "snake_case", deny_unknown_fields)]
pub enum Errand {
    /// Make a secret key for an app's backend.
    SecretKeyNew {
        /// What its operator calls it.
        name: String,
        /// Whether it is one of a development instance.
        test: bool,
    },
    /// List the secret keys.
    SecretKeyList,
    /// Revoke a secret key.
    SecretKeyRevoke {
        /// Its id.
        id: String,
    },
    /// Make and publish the key that will sign session tokens next.
    SigningKeyNext,
    /// Sign with the published key from now on.
    SigningKeyActivate,
    /// List the requests to come back without a second factor.
    RecoveryList,
    /// Let one come to its end sooner.
    RecoveryShorten {
        /// Its id.
        id: String,
        /// From now.
        hours: u32,
    },
    /// Put an end to one.
    RecoveryDeny {
        /// Its id.
        id: String,
    },
    /// Show an event, or what a request did.
    EventShow {
        /// The id of either.
        id: String,
    },
    /// Make an endpoint of webhooks.
    WebhookAdd {
        /// Where it is.
        url: String,
        /// What it hears.
        events: Vec<String>,
        /// What its keeper calls it.
        description: String,
    },
    /// List the endpoints.
    WebhookList,
    /// Remove an endpoint.
    WebhookRemove {
        /// Its id.
        id: String,
    },
    /// Tell an endpoint again, or nothing any more.
    WebhookSwitch {
        /// Its id.
        id: String,
        /// Which.
        on: bool,
    },
    /// Give an endpoint another secret.
    WebhookRotate {
        /// Its id.
        id: String,
    },
    /// Send an endpoint a message that tells nothing.
    WebhookTest {
        /// Its id.
        id: String,
    },
    /// Tell an endpoint once more.
    WebhookReplay {
        /// Its id.
        id: String,
        /// All since then.
        since: Option<String>,
        /// One message.
        message: Option<String>,
    },
}

/// Does it.
pub async fn run(house: &Housekey, errand: Errand) -> anyhow::Result<Value> {
    match errand {
        Errand::SecretKeyNew { name, test } => clerk::secret_key_new(house, &name, test).await,
        Errand::SecretKeyList => clerk::secret_key_list(house).await,
        Errand::SecretKeyRevoke { id } => clerk::secret_key_revoke(house, &id).await,
        Errand::SigningKeyNext => clerk::signing_key_next(house).await,
        Errand::SigningKeyActivate => clerk::signing_key_activate(house).await,
        Errand::RecoveryList => people::recoveries(house).await,
        Errand::RecoveryShorten { id, hours } => people::shorten(house, &id, hours).await,
        Errand::RecoveryDeny { id } => people::deny(house, &id).await,
        Errand::EventShow { id } => people::event(house, &id).await,
        Errand::WebhookAdd { url, events, description } => webhooks::add(house, &url, &events, &description).await,
        Errand::WebhookList => webhooks::list(house).await,
        Errand::WebhookRemove { id } => webhooks::remove(house, &id).await,
        Errand::WebhookSwitch { id, on } => webhooks::switch(house, &id, on).await,
        Errand::WebhookRotate { id } => webhooks::rotate(house, &id).await,
        Errand::WebhookTest { id } => webhooks::test(house, &id).await,
        Errand::WebhookReplay { id, since, message } => webhooks::replay(house, &id, since, message).await,
    }
}

/// Has it done.
pub fn send(config: Config, flags: &Flags, errand: Errand) -> anyhow::Result<Value> {
    let question = Ask::Errand { errand };
    if let Some(answer) = ask(&config.server.data, &question)? {
        return Ok(answer);
    }
    let Ask::Errand { errand } = question else { return Err(anyhow!("another question than was asked")) };
    // PostgreSQL has its own locks and may be in use by servers elsewhere.
    let path = config.server.sqlite_path();
    let _held = path.map(|path| Folder::hold(&config.server.data, Some(&path))).transpose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let store = store::open(&config)?;
        house::ready(&store, false).await?;
        let Config { server, mut settings, .. } = house::with_database(config, flags, &store).await?;
        // No errand takes a new password, and the filter may be larger than all else together.
        settings.settings.breach.filter = None;
        let house = house::open(&server, settings.settings, &store).await?;
        let done = run(&house, errand).await;
        store.close().await;
        done
    })
}

/// A refusal, for people.
fn words(why: Error) -> anyhow::Error {
    match why {
        Error::NotFound => anyhow!("there is no such thing here"),
        Error::Invalid(faults) => {
            let all: Vec<String> = faults.iter().map(|fault| format!("{}: {}", fault.field, fault.code)).collect();
            anyhow!("{}", all.join(", "))
        }
        Error::Unavailable { .. } => anyhow!("the database does not answer"),
        other => anyhow!("{other}"),
    }
}

/// RFC 3339, to the second.
fn stamp(at: Time) -> Option<String> {
    let at = jiff::Timestamp::from_second(at.as_millis().div_euclid(1000));
    at.ok().map(|at| at.to_string())
}

fn console(house: &Housekey) -> Caller {
    Caller::console(house.now(), house.entropy())
}
