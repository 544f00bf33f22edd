//! Who is told what happens, and which networks that may reach.

use super::super::{ConfiguredEndpoint, Key, Kind, Scope, Settings, Value, Wrong, check::endpoint};
use super::server::network;
use housekey_core::{identifier::email::Email, secret::Secret, webhook::SigningSecret};

const WEEK: u64 = 7 * 24 * 3600;

pub(super) const ENDPOINTS: Key<Settings> = Key {
    name: "webhooks.endpoints",
    kind: Kind::List("addresses, each with what it hears"),
    scope: Scope::Boot,
    doc: "Addresses that are told what happens: an https address, and behind it, after spaces, the events that it \
          hears (`user.*`, `session.created`); without any it hears all. `housekey webhook add` makes others.",
    unset: "",
    example: "[\"https://app.example.com/api/webhooks user.* session.created\"]",
    set: |s, v| {
        s.webhooks.endpoints = v.list()?.iter().map(|text| endpoint(text)).collect::<Result<_, _>>()?;
        Ok(())
    },
    show: |s| Some(Value::List(s.webhooks.endpoints.iter().map(ConfiguredEndpoint::shown).collect())),
};

pub(super) const SECRETS: Key<Settings> = Key {
    name: "webhooks.secrets",
    kind: Kind::SecretList,
    scope: Scope::Boot,
    doc: "What the messages to `webhooks.endpoints` are signed with, one secret for each, in the same order. To \
          replace one without a gap, write the new one, a space and the old one: messages then carry both signatures.",
    unset: "",
    example: "[\"whsec_S2VlcCBpdCBvdXQgb2YgeW91ciByZXBvc2l0b3J5Lg==\"]",
    set: |s, v| {
        let read = |text: String| {
            let fit = text.split_whitespace().count() <= 2
                && text.split_whitespace().all(|secret| SigningSecret::parse(secret).is_ok());
            let wrong = || Wrong::new("not a signing secret", "`whsec_` and 24 to 64 random bytes in base64");
            fit.then(|| Secret::new(text)).ok_or_else(wrong)
        };
        s.webhooks.secrets = v.list()?.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(())
    },
    show: |s| Some(Value::List(s.webhooks.secrets.iter().map(|_| "hidden".to_owned()).collect())),
};

pub(super) const ALLOWED_NETWORKS: Key<Settings> = Key {
    name: "webhooks.allowed_networks",
    kind: Kind::List("networks"),
    scope: Scope::Boot,
    doc: "Networks beside the public internet that webhooks may reach, by any port and by plain http too. \
          Development has loopback.",
    unset: "",
    example: "[\"10.20.0.0/16\", \"fd12:3456::/48\"]",
    set: |s, v| {
        s.webhooks.allowed_networks = v.list()?.iter().map(|text| network(text)).collect::<Result<_, _>>()?;
        Ok(())
    },
    show: |s| Some(Value::List(s.webhooks.allowed_networks.iter().map(ToString::to_string).collect())),
};

pub(super) const KEEP: Key<Settings> = Key {
    name: "webhooks.keep",
    kind: Kind::Duration(24 * 3600, 12 * WEEK),
    scope: Scope::Boot,
    doc: "How long messages are kept, sealed, for `housekey webhook replay`. What still waits is kept until it is \
          taken or given up; what is about a person who is deleted goes with the person.",
    unset: "",
    example: "\"14d\"",
    set: |s, v| {
        s.webhooks.keep = v.duration()?;
        Ok(())
    },
    show: |s| Some(Value::Duration(s.webhooks.keep)),
};

pub(super) const NOTICE_TO: Key<Settings> = Key {
    name: "webhooks.notice_to",
    kind: Kind::Text,
    scope: Scope::Boot,
    doc: "The address that is written to when an endpoint is switched off, since it took nothing for most of a day or \
          wants no more.",
    unset: "the log and the audit trail alone say so",
    example: "\"ops@example.com\"",
    set: |s, v| {
        let email = Email::parse(&v.text()?);
        s.webhooks.notice_to = Some(email.map_err(|_| Wrong::new("not an e-mail address", "\"ops@example.com\""))?);
        Ok(())
    },
    show: |s| s.webhooks.notice_to.as_ref().map(|email| Value::Text(email.typed().to_owned())),
};
