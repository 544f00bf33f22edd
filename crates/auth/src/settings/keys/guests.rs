//! Guests.

use super::super::{Key, Kind, Scope, Settings, Value};

const SHORTEST: u64 = 3600;
const LONGEST: u64 = 365 * 86_400;

pub(super) const ENABLED: Key<Settings> = Key {
    name: "guests.enabled",
    kind: Kind::Switch,
    scope: Scope::Policy,
    doc: "People may begin without telling who they are, and sign up later with the account that they have then. Only where \
          `sign_up.mode` is \"open\".",
    unset: "",
    example: "true",
    set: |s, v| {
        s.guests.enabled = v.switch()?;
        Ok(())
    },
    show: |s| Some(Value::Switch(s.guests.enabled)),
};

pub(super) const KEEP: Key<Settings> = Key {
    name: "guests.keep",
    kind: Kind::Duration(SHORTEST, LONGEST),
    scope: Scope::Policy,
    doc: "How long a guest's account is kept after its session ended or was last used. Then it is deleted, and webhooks \
          are told so.",
    unset: "",
    example: "\"30d\"",
    set: |s, v| {
        s.guests.keep = v.duration()?;
        Ok(())
    },
    show: |s| Some(Value::Duration(s.guests.keep)),
};
