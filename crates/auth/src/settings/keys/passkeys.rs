//! Passkeys.

use super::super::{Key, Kind, Scope, Settings, Value, check::shared_domain};

pub(super) const ENABLED: Key<Settings> = Key {
    name: "passkeys.enabled",
    kind: Kind::Switch,
    scope: Scope::Boot,
    doc: "People may add passkeys and sign in with them. Browsers know none on a bare network address: there they stay \
          off.",
    unset: "",
    example: "false",
    set: |s, v| {
        s.passkeys = v.switch()?;
        Ok(())
    },
    show: |s| Some(Value::Switch(s.passkeys)),
};

pub(super) const OFFER_AT_SIGN_UP: Key<Settings> = Key {
    name: "passkeys.offer_at_sign_up",
    kind: Kind::Switch,
    scope: Scope::Policy,
    doc: "Whoever has just signed up on the pages is asked once whether to add a passkey, where the browser knows them.",
    unset: "",
    example: "false",
    set: |s, v| {
        s.passkey_at_sign_up = v.switch()?;
        Ok(())
    },
    show: |s| Some(Value::Switch(s.passkey_at_sign_up)),
};

pub(super) const RP_ID: Key<Settings> = Key {
    name: "passkeys.rp_id",
    kind: Kind::Text,
    scope: Scope::Boot,
    doc: "The domain that passkeys belong to. Apps under it may ask for them too, when they are in `server.app_origins`. \
          A passkey works under this domain alone: whoever changes it makes every passkey there is useless.",
    unset: "`server.cookie_domain`, or the registrable domain of `server.public_url`",
    example: "\"example.com\"",
    set: |s, v| {
        s.rp_id = Some(shared_domain(&v.text()?)?);
        Ok(())
    },
    show: |s| s.rp_id.clone().map(Value::Text),
};
