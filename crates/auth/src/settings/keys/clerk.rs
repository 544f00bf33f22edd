//! The doors for Clerk's SDKs.

use super::super::{Enumeration, Key, Kind, Scope, Settings, Value, Wrong, check::proxy_url, read_url};

pub(super) const PROXY_URLS: Key<Settings> = Key {
    name: "clerk.proxy_urls",
    kind: Kind::List("addresses"),
    scope: Scope::Boot,
    doc: "Addresses on your apps' own origins that are forwarded to this instance, as their `proxyUrl` names them. \
          The path `/__clerk` is served without an entry; an origin here is listed like one of `server.app_origins`.",
    unset: "",
    example: "[\"https://app.example.com/__clerk\"]",
    set: |s, v| {
        s.clerk.proxy_urls = v.list()?.iter().map(|text| proxy_url(text)).collect::<Result<_, _>>()?;
        Ok(())
    },
    show: |s| Some(Value::List(s.clerk.proxy_urls.iter().map(ToString::to_string).collect())),
};

pub(super) const ENUMERATION: Key<Settings> = Key {
    name: "clerk.enumeration_protection",
    kind: Kind::Choice(&["strict", "off"]),
    scope: Scope::Policy,
    doc: "With `strict` no answer tells whether an address has an account. `off` answers as Clerk does by default: \
          anybody can then learn who your users are.",
    unset: "",
    example: "\"strict\"",
    set: |s, v| {
        s.clerk.enumeration = if v.text()? == "off" { Enumeration::Off } else { Enumeration::Strict };
        Ok(())
    },
    show: |s| {
        let name = if s.clerk.enumeration == Enumeration::Off { "off" } else { "strict" };
        Some(Value::Text(name.to_owned()))
    },
};

pub(super) const NATIVE_API: Key<Settings> = Key {
    name: "clerk.native_api",
    kind: Kind::Switch,
    scope: Scope::Boot,
    doc: "Lets mobile and desktop apps hold their client's secret themselves, in the `Authorization` header.",
    unset: "",
    example: "true",
    set: |s, v| {
        s.clerk.native_api = v.switch()?;
        Ok(())
    },
    show: |s| Some(Value::Switch(s.clerk.native_api)),
};

pub(super) const TEST_MODE: Key<Settings> = Key {
    name: "clerk.test_mode",
    kind: Kind::Switch,
    scope: Scope::Boot,
    doc: "Addresses with `+clerk_test` get no mail and accept the code 424242. For development alone.",
    unset: "on in development; refused in production",
    example: "false",
    set: |s, v| {
        s.clerk.test_mode = Some(v.switch()?);
        Ok(())
    },
    show: |s| s.clerk.test_mode.map(Value::Switch),
};

pub(super) const REGISTRY: Key<Settings> = Key {
    name: "clerk.registry",
    kind: Kind::Url,
    scope: Scope::Boot,
    doc: "The package registry from which `housekey clerk bundles add --from-registry` takes Clerk's scripts.",
    unset: "`https://registry.npmjs.org`",
    example: "\"https://npm.example.com\"",
    set: |s, v| {
        s.clerk.registry = Some(read_url(&v.text()?, "\"https://registry.npmjs.org\"")?);
        Ok(())
    },
    show: |s| s.clerk.registry.as_ref().map(|url| Value::Text(url.as_str().trim_end_matches('/').to_owned())),
};

macro_rules! page {
    ($($const:ident $field:ident $name:literal $doc:literal $unset:literal $example:literal;)*) => {$(
        pub(super) const $const: Key<Settings> = Key {
            name: $name,
            kind: Kind::Url,
            scope: Scope::Policy,
            doc: $doc,
            unset: $unset,
            example: $example,
            set: |s, v| {
                let url = url::Url::parse(&v.text()?).ok().filter(|u| u.scheme() == "https" || u.scheme() == "http");
                s.clerk.$field = Some(url.ok_or_else(|| Wrong::new("not a web address", $example))?);
                Ok(())
            },
            show: |s| s.clerk.$field.as_ref().map(|url| Value::Text(url.to_string())),
        };
    )*};
}

page! {
    HOME_URL home_url "clerk.home_url" "Where your app begins: where the components lead after signing in or out."
        "the root of the first origin in `server.app_origins`, else this instance" "\"https://app.example.com/\"";
    SIGN_IN_URL sign_in_url "clerk.sign_in_url" "Your app's page with the sign-in component."
        "this instance's own page" "\"https://app.example.com/sign-in\"";
    SIGN_UP_URL sign_up_url "clerk.sign_up_url" "Your app's page with the sign-up component."
        "this instance's own page" "\"https://app.example.com/sign-up\"";
    TERMS_URL terms_url "site.terms" "Your terms of service." "none are shown" "\"https://example.com/terms\"";
    PRIVACY_URL privacy_url "site.privacy" "Your privacy policy." "none is shown" "\"https://example.com/privacy\"";
}
