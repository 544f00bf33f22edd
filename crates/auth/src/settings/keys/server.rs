//! Where it is and what stands around it.

use super::super::{
    Key, Kind, Mode, Mount, Scope, Settings, Value, Wrong,
    check::{origin, shared_domain},
    read_url,
};
use ipnet::IpNet;

pub(super) const PUBLIC_URL: Key<Settings> = Key {
    name: "server.public_url",
    kind: Kind::Url,
    scope: Scope::Boot,
    doc: "Where people reach this instance: scheme, host and port. With https it is production, which refuses \
          unsafe settings; http works on this machine alone, for development. Links in mail use nothing else.",
    unset: "`http://localhost` with the port it listens on",
    example: "\"https://auth.example.com\"",
    set: |s, v| {
        let example = "\"https://auth.example.com\"";
        let url = read_url(&v.text()?, example)?;
        if url.path() != "/" {
            return Err(Wrong::new("with a path: that belongs into `server.mount`", example));
        }
        Mode::of(&url)?;
        s.public_url = Some(url);
        Ok(())
    },
    show: |s| s.public_url.as_ref().map(|url| Value::Text(url.as_str().trim_end_matches('/').to_owned())),
};

pub(super) const MOUNT: Key<Settings> = Key {
    name: "server.mount",
    kind: Kind::Text,
    scope: Scope::Boot,
    doc: "The path under which all pages live, for a host that serves something else as well.",
    unset: "",
    example: "\"/auth\"",
    set: |s, v| {
        s.mount = Mount::parse(&v.text()?)?;
        Ok(())
    },
    show: |s| Some(Value::Text(if s.mount.as_str().is_empty() { "/".to_owned() } else { s.mount.to_string() })),
};

pub(super) const APP_ORIGINS: Key<Settings> = Key {
    name: "server.app_origins",
    kind: Kind::List("origins"),
    scope: Scope::Boot,
    doc: "Other origins to which a sign-in may return, each written in full. No wildcards: whoever owns one \
          forgotten subdomain would receive your users.",
    unset: "",
    example: "[\"https://app.example.com\"]",
    set: |s, v| {
        s.app_origins = v.list()?.iter().map(|text| origin(text)).collect::<Result<_, _>>()?;
        Ok(())
    },
    show: |s| Some(Value::List(s.app_origins.clone())),
};

pub(super) const TRUSTED_PROXIES: Key<Settings> = Key {
    name: "server.trusted_proxies",
    kind: Kind::List("networks"),
    scope: Scope::Boot,
    doc: "Networks of the proxies in front of this instance. Only they may say, by a forwarding header, who the \
          visitor is; without an entry such headers are ignored.",
    unset: "",
    example: "[\"10.0.0.0/8\", \"::1\"]",
    set: |s, v| {
        s.trusted_proxies = v.list()?.iter().map(|text| network(text)).collect::<Result<_, _>>()?;
        Ok(())
    },
    show: |s| Some(Value::List(s.trusted_proxies.iter().map(ToString::to_string).collect())),
};

pub(super) fn network(text: &str) -> Result<IpNet, Wrong> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map(|network| network.trunc())
        .map_err(|_| Wrong::new(format!("not a network: {text:?}"), "\"10.0.0.0/8\" or a single address"))
}

pub(super) const COOKIE_DOMAIN: Key<Settings> = Key {
    name: "server.cookie_domain",
    kind: Kind::Text,
    scope: Scope::Boot,
    doc: "The domain that this instance and your apps share, for the cookie that tells them of a sign-in. The \
          credential itself never leaves this host.",
    unset: "the registrable domain of `server.public_url`",
    example: "\"example.com\"",
    set: |s, v| {
        s.cookie_domain = Some(shared_domain(&v.text()?)?);
        Ok(())
    },
    show: |s| s.cookie_domain.clone().map(Value::Text),
};
