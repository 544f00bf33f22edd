//! Who may sign up, and what is asked of them.

use super::super::{Key, Kind, Scope, Settings, SignUpMode, Value};

pub(super) const MODE: Key<Settings> = Key {
    name: "sign_up.mode",
    kind: Kind::Choice(SignUpMode::WORDS),
    scope: Scope::Policy,
    doc: "Who may sign up: everybody, only addresses and domains on the allow-list, only who is invited, or \
          only who is invited while others may leave their address on a waitlist. An invitation \
          opens every mode, and the block-list holds in all of them.",
    unset: "",
    example: "\"invitation_only\"",
    set: |s, v| {
        s.sign_up.mode = SignUpMode::parse(&v.text()?);
        Ok(())
    },
    show: |s| Some(Value::Text(s.sign_up.mode.word().to_owned())),
};

pub(super) const BLOCK_DISPOSABLE: Key<Settings> = Key {
    name: "sign_up.block_disposable",
    kind: Kind::Switch,
    scope: Scope::Policy,
    doc: "Addresses of mailboxes that are made to be thrown away may not sign up. The built-in list has some 10,000 domains.",
    unset: "",
    example: "true",
    set: |s, v| {
        s.sign_up.block_disposable = v.switch()?;
        Ok(())
    },
    show: |s| Some(Value::Switch(s.sign_up.block_disposable)),
};

pub(super) const DISPOSABLE_DOMAINS: Key<Settings> = Key {
    name: "sign_up.disposable_domains",
    kind: Kind::Path,
    scope: Scope::Boot,
    doc: "A file with a domain a line, in place of the built-in list of throw-away mailboxes. All below a domain counts with \
          it, and lines that begin with `#` are skipped. It is read at the start.",
    unset: "the built-in list",
    example: "\"disposable-domains.txt\"",
    set: |s, v| {
        s.sign_up.disposable_domains = Some(v.text()?.into());
        Ok(())
    },
    show: |s| s.sign_up.disposable_domains.as_ref().map(|path| Value::Text(path.display().to_string())),
};

pub(super) const BLOCK_SUBADDRESSES: Key<Settings> = Key {
    name: "sign_up.block_subaddresses",
    kind: Kind::Switch,
    scope: Scope::Policy,
    doc: "Addresses with a tag (`ada+news@example.com`, and with `=` or `#`) may not sign up: one mailbox has as many of them \
          as it likes.",
    unset: "",
    example: "true",
    set: |s, v| {
        s.sign_up.block_subaddresses = v.switch()?;
        Ok(())
    },
    show: |s| Some(Value::Switch(s.sign_up.block_subaddresses)),
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
