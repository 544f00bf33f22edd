//! How mail leaves.

use super::super::{Key, Kind, Scope, Sender, Settings, Value, check::smtp_url, hide_password};
use housekey_core::secret::Secret;

pub(super) const FROM: Key<Settings> = Key {
    name: "mail.from",
    kind: Kind::Sender,
    scope: Scope::Boot,
    doc: "Who mail is from. Production needs it.",
    unset: "development uses `no-reply@localhost`",
    example: "\"Acme <no-reply@acme.example>\"",
    set: |s, v| {
        s.mail_from = Some(Sender::parse(&v.text()?)?);
        Ok(())
    },
    show: |s| s.mail_from.as_ref().map(|sender| Value::Text(sender.text())),
};

pub(super) const SMTP: Key<Settings> = Key {
    name: "mail.smtp",
    kind: Kind::Secret,
    scope: Scope::Boot,
    doc: "The SMTP server as an address: `smtps://` for TLS from the start (465), `smtp://…?tls=required` for \
          STARTTLS (587). Percent-encode signs such as `@` in user and password. Production needs it.",
    unset: "development keeps mail and shows it on `/dev/mail`",
    example: "\"smtps://user:password@smtp.example.com\"",
    set: |s, v| {
        s.smtp_url = Some(Secret::new(smtp_url(v.text()?)?));
        Ok(())
    },
    show: |s| s.smtp_url.as_ref().map(|url| Value::Text(hide_password(url.expose()))),
};
