//! What passwords must be and cost.

use super::super::{Key, Kind, Scope, Settings, Value, Wrong, check::breach_api};

pub(super) const MIN_LENGTH: Key<Settings> = Key {
    name: "passwords.min_length",
    kind: Kind::Count(8, 64),
    scope: Scope::Policy,
    doc: "The shortest password taken, in characters.",
    unset: "",
    example: "15",
    set: |s, v| {
        s.password.min_length = narrow(v.count()?)?;
        Ok(())
    },
    show: |s| Some(Value::Count(s.password.min_length.into())),
};

pub(super) const MIN_SCORE: Key<Settings> = Key {
    name: "passwords.min_score",
    kind: Kind::Count(3, 4),
    scope: Scope::Policy,
    doc: "The strength a password needs on zxcvbn's scale of 0 to 4.",
    unset: "",
    example: "4",
    set: |s, v| {
        s.password.min_score = narrow(v.count()?)?;
        Ok(())
    },
    show: |s| Some(Value::Count(s.password.min_score.into())),
};

pub(super) const BREACH_FILTER: Key<Settings> = Key {
    name: "passwords.breach_filter",
    kind: Kind::Path,
    scope: Scope::Boot,
    doc: "A file that `housekey breach build` made of a list of breached passwords. New passwords that are in it are \
          refused. It is read into memory at the start, 1.7 bytes a hash, and again at the next one alone.",
    unset: "no list is kept",
    example: "\"breached.filter\"",
    set: |s, v| {
        s.breach.filter = Some(v.text()?.into());
        Ok(())
    },
    show: |s| s.breach.filter.as_ref().map(|path| Value::Text(path.display().to_string())),
};

pub(super) const BREACH_API: Key<Settings> = Key {
    name: "passwords.breach_api",
    kind: Kind::Url,
    scope: Scope::Boot,
    doc: "A service that knows breached passwords, as Have I Been Pwned does: it is told the first five of the 40 digits \
          of a new password's SHA-1, and no more. When it does not answer within a second the password is taken, and \
          the audit trail says so. One of your own in a private network needs that in `webhooks.allowed_networks`.",
    unset: "no service is asked",
    example: "\"https://api.pwnedpasswords.com/\"",
    set: |s, v| {
        s.breach.api = Some(breach_api(&v.text()?)?);
        Ok(())
    },
    show: |s| s.breach.api.as_ref().map(|url| Value::Text(url.to_string())),
};

pub(super) const BREACH_AT_SIGN_IN: Key<Settings> = Key {
    name: "passwords.breach_at_sign_in",
    kind: Kind::Switch,
    scope: Scope::Boot,
    doc: "Passwords are looked up at each sign-in as well, in the filter and at the service, which may make a sign-in \
          longer by a second. One that is found is compromised: it opens nothing more until another one is set by way \
          of the mailbox.",
    unset: "",
    example: "true",
    set: |s, v| {
        s.breach.at_sign_in = v.switch()?;
        Ok(())
    },
    show: |s| Some(Value::Switch(s.breach.at_sign_in)),
};

pub(super) const ARGON2_MEMORY_KIB: Key<Settings> = Key {
    name: "passwords.argon2_memory_kib",
    kind: Kind::Count(7_168, 1_048_576),
    scope: Scope::Boot,
    doc: "Memory of one Argon2id hash in KiB. Together with the passes it must reach the OWASP ASVS table; \
          weaker stored hashes are renewed at the next sign-in.",
    unset: "",
    example: "47104",
    set: |s, v| {
        s.argon2.memory_kib = v.count()?;
        Ok(())
    },
    show: |s| Some(Value::Count(s.argon2.memory_kib)),
};

pub(super) const ARGON2_PASSES: Key<Settings> = Key {
    name: "passwords.argon2_passes",
    kind: Kind::Count(1, 20),
    scope: Scope::Boot,
    doc: "Passes of one Argon2id hash over its memory.",
    unset: "",
    example: "1",
    set: |s, v| {
        s.argon2.passes = v.count()?;
        Ok(())
    },
    show: |s| Some(Value::Count(s.argon2.passes)),
};

pub(super) const ARGON2_LANES: Key<Settings> = Key {
    name: "passwords.argon2_lanes",
    kind: Kind::Count(1, 16),
    scope: Scope::Boot,
    doc: "Lanes of one Argon2id hash.",
    unset: "",
    example: "1",
    set: |s, v| {
        s.argon2.lanes = v.count()?;
        Ok(())
    },
    show: |s| Some(Value::Count(s.argon2.lanes)),
};

pub(super) const PARALLEL_HASHES: Key<Settings> = Key {
    name: "passwords.parallel_hashes",
    kind: Kind::Count(1, 1_024),
    scope: Scope::Boot,
    doc: "Hashes computed at the same time; each needs its memory.",
    unset: "one for each core",
    example: "2",
    set: |s, v| {
        s.parallel_hashes = Some(v.count()?);
        Ok(())
    },
    show: |s| s.parallel_hashes.map(Value::Count),
};

fn narrow(count: u32) -> Result<u8, Wrong> {
    u8::try_from(count).map_err(|_| Wrong::new("out of bounds", "a smaller number"))
}
