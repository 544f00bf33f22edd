//! Who may sign up, and what is asked of them.

use super::super::{Key, Kind, Scope, Settings, Value};

pub(super) const ALLOWLIST_ONLY: Key<Settings> = Key {
    name: "sign_up.allowlist_only",
    kind: Kind::Switch,
    scope: Scope::Policy,
    doc: "Only addresses and domains on the allow-list may sign up. The block-list holds always.",
    unset: "",
    example: "true",
    set: |s, v| {
        s.allowlist_only = v.switch()?;
        Ok(())
    },
    show: |s| Some(Value::Switch(s.allowlist_only)),
};

pub(super) const LEGAL_CONSENT: Key<Settings> = Key {
    name: "sign_up.legal_consent",
    kind: Kind::Switch,
    scope: Scope::Policy,
    doc: "Whoever signs up must accept the terms of `site.terms` and `site.privacy`.",
    unset: "",
    example: "true",
    set: |s, v| {
        s.legal_consent = v.switch()?;
        Ok(())
    },
    show: |s| Some(Value::Switch(s.legal_consent)),
};
