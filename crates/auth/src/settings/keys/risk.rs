//! What an unusual sign-in is asked for.

use super::super::{ClientTrust, Key, Kind, Scope, Settings, Value, Wrong};

const HIGHEST: u32 = 1_000;

pub(super) const CLIENT_TRUST: Key<Settings> = Key {
    name: "sign_in.client_trust",
    kind: Kind::Choice(&["off", "on_risk", "new_devices"]),
    scope: Scope::Policy,
    doc: "After a right password to an account without a second factor: which devices have to be vouched for by a code \
          to its own mailbox or phone. None, those of unusual sign-ins (`risk.second_factor`), or all on which the \
          account never completed a sign-in.",
    unset: "",
    example: "\"new_devices\"",
    set: |s, v| {
        let read = ClientTrust::read(&v.text()?);
        s.risk.client_trust = read.ok_or_else(|| Wrong::new("not one of the choices", "\"on_risk\""))?;
        Ok(())
    },
    show: |s| Some(Value::Text(s.risk.client_trust.as_str().to_owned())),
};

pub(super) const CHALLENGE: Key<Settings> = Key {
    name: "risk.challenge",
    kind: Kind::Count(0, HIGHEST),
    scope: Scope::Policy,
    doc: "From which score on a device that is not known has to solve a challenge before it tries a password. 0 is never.",
    unset: "",
    example: "30",
    set: |s, v| {
        s.risk.thresholds.challenge = v.count()?;
        Ok(())
    },
    show: |s| Some(Value::Count(s.risk.thresholds.challenge)),
};

pub(super) const SECOND_FACTOR: Key<Settings> = Key {
    name: "risk.second_factor",
    kind: Kind::Count(0, HIGHEST),
    scope: Scope::Policy,
    doc: "From which score on a right password is asked for a second factor, on trusted devices too, and of somebody who \
          has none for a code to the account's own mailbox or phone. 0 is never.",
    unset: "",
    example: "30",
    set: |s, v| {
        s.risk.thresholds.second_factor = v.count()?;
        Ok(())
    },
    show: |s| Some(Value::Count(s.risk.thresholds.second_factor)),
};

pub(super) const REFUSE: Key<Settings> = Key {
    name: "risk.refuse",
    kind: Kind::Count(0, HIGHEST),
    scope: Scope::Policy,
    doc: "From which score on a password opens nothing, right or not. Codes, links and passkeys do. 0 is never.",
    unset: "",
    example: "80",
    set: |s, v| {
        s.risk.thresholds.refuse = v.count()?;
        Ok(())
    },
    show: |s| Some(Value::Count(s.risk.thresholds.refuse)),
};

pub(super) const GEOIP_FILE: Key<Settings> = Key {
    name: "risk.geoip_file",
    kind: Kind::Path,
    scope: Scope::Boot,
    doc: "A file in MaxMind's DB format that says where network addresses are: GeoLite2 or GeoIP2, or DB-IP's, of cities \
          or of countries. It is read into memory at the start.",
    unset: "no country and no travel is judged",
    example: "\"GeoLite2-City.mmdb\"",
    set: |s, v| {
        s.risk.geoip_file = Some(v.text()?.into());
        Ok(())
    },
    show: |s| s.risk.geoip_file.as_ref().map(|path| Value::Text(path.display().to_string())),
};
