//! How messages reach phones.

use super::super::{BodyForm, Gateway, Key, Kind, Scope, Settings, Value, Wrong, read_url};
use housekey_core::{identifier::phone::Country, secret::Secret};

pub(super) const GATEWAY: Key<Settings> = Key {
    name: "sms.gateway",
    kind: Kind::Choice(&Gateway::WORDS),
    scope: Scope::Boot,
    doc: "Who takes messages to phones: an address of yours (`http`), Twilio or what is compatible with it (`twilio`), or \
          the page beside caught mail (`development`). Without one no phone number is taken.",
    unset: "",
    example: "\"twilio\"",
    set: |s, v| {
        s.sms.gateway = Gateway::of(&v.text()?);
        Ok(())
    },
    show: |s| Some(Value::Text(s.sms.gateway.as_str().to_owned())),
};

pub(super) const URL: Key<Settings> = Key {
    name: "sms.url",
    kind: Kind::Url,
    scope: Scope::Boot,
    doc: "Where the gateway is asked: by https on the public internet, or in a network of `webhooks.allowed_networks`.",
    unset: "`https://api.twilio.com` for `twilio`; `http` needs it",
    example: "\"https://sms.example.com/send\"",
    set: |s, v| {
        s.sms.url = Some(read_url(&v.text()?, "\"https://sms.example.com/send\"")?);
        Ok(())
    },
    show: |s| s.sms.url.as_ref().map(|url| Value::Text(without_secrets(url))),
};

pub(super) const HEADERS: Key<Settings> = Key {
    name: "sms.headers",
    kind: Kind::SecretList,
    scope: Scope::Boot,
    doc: "Headers of each request to an `http` gateway, as `Name: value`.",
    unset: "",
    example: "[\"Authorization: Bearer k3y\"]",
    set: |s, v| {
        let example = "\"Authorization: Bearer k3y\"";
        let header = |line: String| {
            let parts = line.split_once(':').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
            let fits = parts.is_some_and(|(name, value)| {
                http::HeaderName::try_from(name.as_str()).is_ok() && http::HeaderValue::try_from(value.as_str()).is_ok()
            });
            if fits { Ok(Secret::new(line)) } else { Err(Wrong::new("not a header", example)) }
        };
        s.sms.headers = v.list()?.into_iter().map(header).collect::<Result<_, _>>()?;
        Ok(())
    },
    show: |s| Some(Value::List(s.sms.headers.iter().map(|_| "hidden".to_owned()).collect())),
};

pub(super) const FORM: Key<Settings> = Key {
    name: "sms.form",
    kind: Kind::Choice(&["json", "form"]),
    scope: Scope::Boot,
    doc: "The form of the body that an `http` gateway takes.",
    unset: "",
    example: "\"form\"",
    set: |s, v| {
        s.sms.form = if v.text()? == "form" { BodyForm::Form } else { BodyForm::Json };
        Ok(())
    },
    show: |s| Some(Value::Text(if s.sms.form == BodyForm::Form { "form" } else { "json" }.to_owned())),
};

pub(super) const BODY: Key<Settings> = Key {
    name: "sms.body",
    kind: Kind::Text,
    scope: Scope::Boot,
    doc: "The body for an `http` gateway, with `{{ to }}`, `{{ text }}` and `{{ id }}` in their places. Each is written in \
          the body's form: in JSON with its quotation marks, in a form percent-encoded.",
    unset: "`{\"to\": {{ to }}, \"text\": {{ text }}}`, or `to={{ to }}&text={{ text }}`",
    example: "\"to={{ to }}&message={{ text }}&sender=Acme\"",
    set: |s, v| {
        s.sms.body = Some(v.text()?);
        Ok(())
    },
    // Some gateways take their key in it.
    show: |s| s.sms.body.as_ref().map(|_| Value::Text("hidden".to_owned())),
};

pub(super) const ACCOUNT: Key<Settings> = Key {
    name: "sms.account",
    kind: Kind::Text,
    scope: Scope::Boot,
    doc: "The account at Twilio (its SID).",
    unset: "`twilio` needs it",
    example: "\"AC0123456789abcdef0123456789abcdef\"",
    set: |s, v| {
        s.sms.account = Some(v.text()?);
        Ok(())
    },
    show: |s| s.sms.account.clone().map(Value::Text),
};

pub(super) const TOKEN: Key<Settings> = Key {
    name: "sms.token",
    kind: Kind::Secret,
    scope: Scope::Boot,
    doc: "The token of that account.",
    unset: "`twilio` needs it",
    example: "\"0123456789abcdef0123456789abcdef\"",
    set: |s, v| {
        s.sms.token = Some(Secret::new(v.text()?));
        Ok(())
    },
    show: |s| s.sms.token.as_ref().map(|_| Value::Text("hidden".to_owned())),
};

pub(super) const FROM: Key<Settings> = Key {
    name: "sms.from",
    kind: Kind::Text,
    scope: Scope::Boot,
    doc: "The number, the name or the messaging service (`MG…`) that messages come from.",
    unset: "`twilio` needs it",
    example: "\"+4915123456789\"",
    set: |s, v| {
        s.sms.from = Some(v.text()?);
        Ok(())
    },
    show: |s| s.sms.from.clone().map(Value::Text),
};

pub(super) const COUNTRIES: Key<Settings> = Key {
    name: "sms.countries",
    kind: Kind::List("countries by their two letters"),
    scope: Scope::Boot,
    doc: "The countries that messages go to: numbers of others are refused. Numbers may be written as in the first one. A \
          gateway that costs money needs it.",
    unset: "",
    example: "[\"DE\", \"AT\", \"CH\"]",
    set: |s, v| {
        let country = |text: String| {
            let wrong = |_| Wrong::new(format!("no country: {text:?}"), "two letters, as \"DE\"");
            text.parse::<Country>().map_err(wrong)
        };
        s.sms.countries = v.list()?.into_iter().map(country).collect::<Result<_, _>>()?;
        Ok(())
    },
    show: |s| Some(Value::List(s.sms.countries.iter().map(|country| country.as_str().to_owned()).collect())),
};

pub(super) const PER_DAY: Key<Settings> = Key {
    name: "sms.per_day",
    kind: Kind::Count(1, 1_000_000),
    scope: Scope::Boot,
    doc: "How many messages the whole instance sends in a day, so that nobody runs up a bill. Known devices have as many \
          beside it.",
    unset: "",
    example: "5000",
    set: |s, v| {
        s.sms.per_day = v.count()?;
        Ok(())
    },
    show: |s| Some(Value::Count(s.sms.per_day)),
};

/// An address without the places where some gateways take their key.
fn without_secrets(url: &url::Url) -> String {
    let mut shown = url.clone();
    if shown.query().is_some() {
        shown.set_query(Some("hidden"));
    }
    // Only an address without host refuses this, and such a one has neither.
    let _ = shown.set_password(None).and_then(|()| shown.set_username(""));
    shown.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_holds_no_key() {
        let mut settings = Settings::default();
        settings.sms.url = "https://me:k3y@sms.example.com/send?token=k3y".parse().ok();
        settings.sms.body = Some("key=k3y&to={{ to }}&text={{ text }}".to_owned());
        let Some(Value::Text(url)) = (URL.show)(&settings) else { panic!("an address") };
        assert_eq!(url, "https://sms.example.com/send?hidden");
        let Some(Value::Text(body)) = (BODY.show)(&settings) else { panic!("a body") };
        assert_eq!(body, "hidden");
    }
}
