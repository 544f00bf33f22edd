//! What an operator decides about webhooks.

use housekey_core::{identifier::email::Email, secret::Secret, webhook::WebhookFilter};
use ipnet::IpNet;
use std::time::Duration;
use url::Url;

/// What an operator decides about webhooks.
pub struct WebhookSettings {
    /// Who is told, beside those that the command line made.
    pub endpoints: Vec<ConfiguredEndpoint>,
    /// The secret of each of them, and behind a space the one before it.
    pub secrets: Vec<Secret<String>>,
    /// Networks beside the public internet that may be reached.
    pub allowed_networks: Vec<IpNet>,
    /// How long messages are kept.
    pub keep: Duration,
    /// Who is written to when an endpoint is switched off.
    pub notice_to: Option<Email>,
}

/// An endpoint that the configuration names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredEndpoint {
    /// Where it is.
    pub url: Url,
    /// What it hears.
    pub events: WebhookFilter,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self {
            endpoints: Vec::new(),
            secrets: Vec::new(),
            allowed_networks: Vec::new(),
            keep: Duration::from_secs(7 * 24 * 3600),
            notice_to: None,
        }
    }
}

impl ConfiguredEndpoint {
    pub(super) fn shown(&self) -> String {
        std::iter::once(self.url.as_str())
            .chain(self.events.names().iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(" ")
    }
}
