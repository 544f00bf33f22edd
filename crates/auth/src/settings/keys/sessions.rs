//! How long people stay signed in.

use super::super::{Key, Kind, Scope, Settings, Value};

const MINUTE: u64 = 60;
/// No session lives longer than this, whatever the operator writes.
const LONGEST: u64 = 30 * 86_400;

pub(super) const IDLE: Key<Settings> = Key {
    name: "sessions.idle",
    kind: Kind::Duration(MINUTE, LONGEST),
    scope: Scope::Policy,
    doc: "How long a session lives without a request.",
    unset: "",
    example: "\"2h\"",
    set: |s, v| {
        s.sessions.idle = v.duration()?;
        Ok(())
    },
    show: |s| Some(Value::Duration(s.sessions.idle)),
};

pub(super) const ABSOLUTE: Key<Settings> = Key {
    name: "sessions.absolute",
    kind: Kind::Duration(MINUTE, LONGEST),
    scope: Scope::Policy,
    doc: "How long a session lives at most.",
    unset: "",
    example: "\"1d\"",
    set: |s, v| {
        s.sessions.absolute = v.duration()?;
        Ok(())
    },
    show: |s| Some(Value::Duration(s.sessions.absolute)),
};

pub(super) const REMEMBERED_IDLE: Key<Settings> = Key {
    name: "sessions.remembered_idle",
    kind: Kind::Duration(MINUTE, LONGEST),
    scope: Scope::Policy,
    doc: "The same without a request, after \"remember me\".",
    unset: "",
    example: "\"7d\"",
    set: |s, v| {
        s.sessions.remembered_idle = v.duration()?;
        Ok(())
    },
    show: |s| Some(Value::Duration(s.sessions.remembered_idle)),
};

pub(super) const REMEMBERED_ABSOLUTE: Key<Settings> = Key {
    name: "sessions.remembered_absolute",
    kind: Kind::Duration(MINUTE, LONGEST),
    scope: Scope::Policy,
    doc: "The same at most, after \"remember me\".",
    unset: "",
    example: "\"30d\"",
    set: |s, v| {
        s.sessions.remembered_absolute = v.duration()?;
        Ok(())
    },
    show: |s| Some(Value::Duration(s.sessions.remembered_absolute)),
};

pub(super) const FRESH: Key<Settings> = Key {
    name: "sessions.fresh",
    kind: Kind::Duration(30, 5 * MINUTE),
    scope: Scope::Policy,
    doc: "For how long a proof of identity lets somebody make risky changes without another one.",
    unset: "",
    example: "\"2m\"",
    set: |s, v| {
        s.sessions.fresh = v.duration()?;
        Ok(())
    },
    show: |s| Some(Value::Duration(s.sessions.fresh)),
};

pub(super) const MAX_PER_USER: Key<Settings> = Key {
    name: "sessions.max_per_user",
    kind: Kind::Count(1, 50),
    scope: Scope::Policy,
    doc: "Sessions that one person may have at once; a new one ends the oldest.",
    unset: "",
    example: "10",
    set: |s, v| {
        s.sessions.max_per_user = v.count()?;
        Ok(())
    },
    show: |s| Some(Value::Count(s.sessions.max_per_user)),
};

pub(super) const CACHE_MIB: Key<Settings> = Key {
    name: "sessions.cache_mib",
    kind: Kind::Count(0, 65_536),
    scope: Scope::Boot,
    doc: "Memory for sessions kept at hand, in MiB. 0 asks the database at every check.",
    unset: "",
    example: "64",
    set: |s, v| {
        s.session_cache_mib = v.count()?;
        Ok(())
    },
    show: |s| Some(Value::Count(s.session_cache_mib)),
};

pub(super) const MULTI: Key<Settings> = Key {
    name: "sessions.multi",
    kind: Kind::Switch,
    scope: Scope::Policy,
    doc: "One browser may be signed in to several accounts, and switch between them.",
    unset: "",
    example: "true",
    set: |s, v| {
        s.sessions.multi_session = v.switch()?;
        Ok(())
    },
    show: |s| Some(Value::Switch(s.sessions.multi_session)),
};
