//! Who must have a second factor.

use super::super::{Key, Kind, Scope, Settings, Value};

const LONGEST: u64 = 90 * 86_400;

pub(super) const REQUIRED: Key<Settings> = Key {
    name: "two_step.required",
    kind: Kind::Switch,
    scope: Scope::Policy,
    doc: "Everybody must have a second factor. Whoever has none sets one up in the middle of the sign-in, and is signed in \
          when that is done.",
    unset: "",
    example: "true",
    set: |s, v| {
        s.two_step.required = v.switch()?;
        Ok(())
    },
    show: |s| Some(Value::Switch(s.two_step.required)),
};

pub(super) const GRACE: Key<Settings> = Key {
    name: "two_step.grace",
    kind: Kind::Duration(0, LONGEST),
    scope: Scope::Policy,
    doc: "How long somebody who must have a second factor may do without, from the first sign-in at which one is \
          missing.",
    unset: "",
    example: "\"7d\"",
    set: |s, v| {
        s.two_step.grace = v.duration()?;
        Ok(())
    },
    show: |s| Some(Value::Duration(s.two_step.grace)),
};

pub(super) const PHONE_CODES: Key<Settings> = Key {
    name: "two_step.phone_codes",
    kind: Kind::Switch,
    scope: Scope::Policy,
    doc: "Whether people may choose a code to their phone as second factor, where there are phone numbers. Whoever takes \
          over a number at its network gets the codes, so an authenticator app or a passkey is worth more. Turned off, \
          nobody chooses one any more, and who has chosen one is asked for it still.",
    unset: "",
    example: "false",
    set: |s, v| {
        s.two_step.phone_codes = v.switch()?;
        Ok(())
    },
    show: |s| Some(Value::Switch(s.two_step.phone_codes)),
};
