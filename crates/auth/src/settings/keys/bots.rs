//! How people are told from programs.

use super::super::{BotSettings, ChallengedSignUps, Key, Kind, Scope, Settings, Value, check::verify_url};
use housekey_core::{captcha::Provider, secret::Secret};

pub(super) const SIGN_UP: Key<Settings> = Key {
    name: "bot_protection.sign_up",
    kind: Kind::Choice(&["on_risk", "always"]),
    scope: Scope::Policy,
    doc: "Which sign-ups have to solve a challenge: those beyond the limit of their network address, or all. It asks \
          nothing of people. With `always` nobody signs up by a client of Clerk's API that cannot solve one.",
    unset: "",
    example: "\"always\"",
    set: |s, v| {
        s.bots.sign_up = match v.text()?.as_str() {
            "always" => ChallengedSignUps::Always,
            _ => ChallengedSignUps::OnRisk,
        };
        Ok(())
    },
    show: |s| {
        let word = match s.bots.sign_up {
            ChallengedSignUps::OnRisk => "on_risk",
            ChallengedSignUps::Always => "always",
        };
        Some(Value::Text(word.to_owned()))
    },
};

pub(super) const CAPTCHA: Key<Settings> = Key {
    name: "bot_protection.captcha",
    kind: Kind::Choice(&BotSettings::CAPTCHAS),
    scope: Scope::Boot,
    doc: "Who poses challenges: this server (`built_in`), Cloudflare Turnstile, hCaptcha, or reCAPTCHA v2 with its \
          checkbox. Browsers then load the provider's script on pages where a challenge is due.",
    unset: "",
    example: "\"turnstile\"",
    set: |s, v| {
        s.bots.captcha = BotSettings::captcha_of(&v.text()?);
        Ok(())
    },
    show: |s| Some(Value::Text(s.bots.captcha.map_or("built_in", Provider::as_str).to_owned())),
};

pub(super) const SITE_KEY: Key<Settings> = Key {
    name: "bot_protection.captcha_site_key",
    kind: Kind::Text,
    scope: Scope::Boot,
    doc: "By what the provider's widget knows this instance: the public one of its two keys.",
    unset: "a provider needs it",
    example: "\"0x4AAAAAAA0123456789abcd\"",
    set: |s, v| {
        s.bots.site_key = Some(v.text()?);
        Ok(())
    },
    show: |s| s.bots.site_key.clone().map(Value::Text),
};

pub(super) const SECRET_KEY: Key<Settings> = Key {
    name: "bot_protection.captcha_secret_key",
    kind: Kind::Secret,
    scope: Scope::Boot,
    doc: "By what the provider knows this server when it asks whether a token counts.",
    unset: "a provider needs it",
    example: "\"0x4AAAAAAA0123456789abcdefghijklmn\"",
    set: |s, v| {
        s.bots.secret_key = Some(Secret::new(v.text()?));
        Ok(())
    },
    show: |s| s.bots.secret_key.as_ref().map(|_| Value::Text("hidden".to_owned())),
};

pub(super) const VERIFY_URL: Key<Settings> = Key {
    name: "bot_protection.captcha_verify_url",
    kind: Kind::Url,
    scope: Scope::Boot,
    doc: "Where tokens are checked, for a proxy of yours: by https, or on this machine. In a private network it needs \
          that in `webhooks.allowed_networks`.",
    unset: "the provider's published address",
    example: "\"https://captcha-proxy.example.com/siteverify\"",
    set: |s, v| {
        s.bots.verify_url = Some(verify_url(&v.text()?)?);
        Ok(())
    },
    show: |s| s.bots.verify_url.as_ref().map(|url| Value::Text(url.to_string())),
};
