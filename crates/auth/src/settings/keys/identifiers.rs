//! What accounts are named by.

use super::super::{Key, Kind, Scope, Settings, Use, Value};

pub(super) const EMAIL: Key<Settings> = Key {
    name: "identifiers.email_address",
    kind: Kind::Choice(&["optional", "required"]),
    scope: Scope::Policy,
    doc: "Whether everybody who signs up gives an e-mail address. Optional needs another identifier that is required. \
          Whoever has no address gets no notices, and nobody can help with a forgotten password by mail.",
    unset: "",
    example: "\"optional\"",
    set: |s, v| {
        s.identifiers.email = Use::of(&v.text()?);
        Ok(())
    },
    show: |s| Some(Value::Text(s.identifiers.email.as_str().to_owned())),
};

pub(super) const USERNAME: Key<Settings> = Key {
    name: "identifiers.username",
    kind: Kind::Choice(&Use::WORDS),
    scope: Scope::Policy,
    doc: "Whether accounts have a username, of 4 to 64 letters, digits, `_` and `-`, and people sign in by it. Whether one \
          is taken can be seen by anybody.",
    unset: "",
    example: "\"optional\"",
    set: |s, v| {
        s.identifiers.username = Use::of(&v.text()?);
        Ok(())
    },
    show: |s| Some(Value::Text(s.identifiers.username.as_str().to_owned())),
};

pub(super) const PHONE: Key<Settings> = Key {
    name: "identifiers.phone_number",
    kind: Kind::Choice(&Use::WORDS),
    scope: Scope::Policy,
    doc: "Whether accounts have phone numbers, and people sign in, and get back in, by codes that are sent there. Needs \
          `sms.gateway`. Whoever takes over a number at its network gets in with it.",
    unset: "",
    example: "\"optional\"",
    set: |s, v| {
        s.identifiers.phone = Use::of(&v.text()?);
        Ok(())
    },
    show: |s| Some(Value::Text(s.identifiers.phone.as_str().to_owned())),
};
