//! How tight the limits are.

use super::super::{Key, Kind, Scope, Settings, Value};

pub(super) const MULTIPLIER: Key<Settings> = Key {
    name: "limits.multiplier",
    kind: Kind::Count(1, 50),
    scope: Scope::Boot,
    doc: "Loosens every limit on attempts by this factor. Needs `limits.reason`.",
    unset: "",
    example: "5",
    set: |s, v| {
        s.limits_multiplier = v.count()?;
        Ok(())
    },
    show: |s| Some(Value::Count(s.limits_multiplier)),
};

pub(super) const REASON: Key<Settings> = Key {
    name: "limits.reason",
    kind: Kind::Text,
    scope: Scope::Boot,
    doc: "Why the limits are loosened. The log repeats it at each start.",
    unset: "",
    example: "\"a school with 2,000 people behind one address\"",
    set: |s, v| {
        s.limits_reason = Some(v.text()?);
        Ok(())
    },
    show: |s| s.limits_reason.clone().map(Value::Text),
};
