//! How people sign in, and come back when they lost what they sign in with.

use super::super::{Key, Kind, Scope, Settings, Value, Wrong};
use housekey_core::policy::MailedProof;

const HOUR: u64 = 3600;
const LONGEST_WAIT: u64 = 30 * 24 * HOUR;

pub(super) const MAILBOX: Key<Settings> = Key {
    name: "sign_in.mailbox",
    kind: Kind::Choice(&["code", "link", "both"]),
    scope: Scope::Policy,
    doc: "What is mailed to prove a mailbox, for sign-in, sign-up, a forgotten password and an added address: a code to \
          type, a link to follow in the same browser, or both in one mail. Confirming a risky change is always by a code.",
    unset: "",
    example: "\"both\"",
    set: |s, v| {
        s.mailbox = MailedProof::read(&v.text()?).ok_or_else(|| Wrong::new("not one of the choices", "\"both\""))?;
        Ok(())
    },
    show: |s| Some(Value::Text(s.mailbox.as_str().to_owned())),
};

pub(super) const TRUSTED_DEVICE_DAYS: Key<Settings> = Key {
    name: "sign_in.trusted_device_days",
    kind: Kind::Count(0, 30),
    scope: Scope::Policy,
    doc: "For how many days somebody who ticks \"trust this device\" is asked for no second factor there. 0 offers no tick \
          and asks always.",
    unset: "",
    example: "7",
    set: |s, v| {
        s.trusted_device_days = v.count()?;
        Ok(())
    },
    show: |s| Some(Value::Count(s.trusted_device_days)),
};

pub(super) const RECOVERY: Key<Settings> = Key {
    name: "recovery.allowed",
    kind: Kind::Switch,
    scope: Scope::Policy,
    doc: "Somebody who lost every second factor may ask, after the first one, to have them removed once \
          `recovery.wait` is over and the owner did not say no.",
    unset: "",
    example: "false",
    set: |s, v| {
        s.recovery.allowed = v.switch()?;
        Ok(())
    },
    show: |s| Some(Value::Switch(s.recovery.allowed)),
};

pub(super) const RECOVERY_WAIT: Key<Settings> = Key {
    name: "recovery.wait",
    kind: Kind::Duration(HOUR, LONGEST_WAIT),
    scope: Scope::Policy,
    doc: "How long the owner has to say no to a recovery. Every verified address is told at once, and again before the end.",
    unset: "",
    example: "\"7d\"",
    set: |s, v| {
        s.recovery.wait = v.duration()?;
        Ok(())
    },
    show: |s| Some(Value::Duration(s.recovery.wait)),
};
