//! The list of keys. Add one here and the parser, the environment, `config show`
//! and the reference page know it.

use housekey_core::secret::Secret;
use ipnet::IpNet;

use super::{
    Colour, Key, Kind, Mount, Scope, Sender, Settings, Value, Wrong,
    check::{origin, smtp_url},
    hide_password, read_url,
};

const MINUTE: u64 = 60;
/// No session lives longer than this, whatever the operator writes.
const LONGEST: u64 = 30 * 86_400;

/// Every key of the library, in the order of the reference page.
pub static KEYS: &[Key<Settings>] = &[
    Key {
        name: "site.name",
        kind: Kind::Text,
        scope: Scope::Policy,
        doc: "What your product is called, on pages and in mail.",
        unset: "",
        example: "\"Acme\"",
        set: |s, v| {
            s.name = product_name(v.text()?)?;
            Ok(())
        },
        show: |s| Some(Value::Text(s.name.clone())),
    },
    Key {
        name: "site.logo",
        kind: Kind::Path,
        scope: Scope::Boot,
        doc: "A picture (SVG, PNG, WebP) that stands above the forms.",
        unset: "the name is shown",
        example: "\"logo.svg\"",
        set: |s, v| {
            s.logo = Some(v.text()?.into());
            Ok(())
        },
        show: |s| s.logo.as_ref().map(|path| Value::Text(path.display().to_string())),
    },
    Key {
        name: "site.accent",
        kind: Kind::Colour,
        scope: Scope::Policy,
        doc: "The colour of buttons, links and focus. Text on it turns dark or light by itself.",
        unset: "",
        example: "\"#0a7d4f\"",
        set: |s, v| {
            s.accent = Colour::parse(&v.text()?).ok_or_else(|| Wrong::new("not a colour", "\"#0a7d4f\""))?;
            Ok(())
        },
        show: |s| Some(Value::Text(s.accent.to_string())),
    },
    Key {
        name: "site.templates",
        kind: Kind::Path,
        scope: Scope::Boot,
        doc: "A folder whose files replace the built-in page and mail templates one by one, by the same name.",
        unset: "the built-in templates",
        example: "\"templates\"",
        set: |s, v| {
            s.templates = Some(v.text()?.into());
            Ok(())
        },
        show: |s| s.templates.as_ref().map(|path| Value::Text(path.display().to_string())),
    },
    Key {
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
            super::Mode::of(&url)?;
            s.public_url = Some(url);
            Ok(())
        },
        show: |s| s.public_url.as_ref().map(|url| Value::Text(url.as_str().trim_end_matches('/').to_owned())),
    },
    Key {
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
    },
    Key {
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
    },
    Key {
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
    },
    Key {
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
    },
    Key {
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
    },
    Key {
        name: "sessions.idle",
        kind: Kind::Duration(MINUTE, LONGEST),
        scope: Scope::Policy,
        doc: "How long a session lives without a request.",
        unset: "",
        example: "\"2h\"",
        set: |s, v| {
            s.sessions.idle = v.duration()?;
            Ok(())
        },
        show: |s| Some(Value::Duration(s.sessions.idle)),
    },
    Key {
        name: "sessions.absolute",
        kind: Kind::Duration(MINUTE, LONGEST),
        scope: Scope::Policy,
        doc: "How long a session lives at most.",
        unset: "",
        example: "\"1d\"",
        set: |s, v| {
            s.sessions.absolute = v.duration()?;
            Ok(())
        },
        show: |s| Some(Value::Duration(s.sessions.absolute)),
    },
    Key {
        name: "sessions.remembered_idle",
        kind: Kind::Duration(MINUTE, LONGEST),
        scope: Scope::Policy,
        doc: "The same without a request, after \"remember me\".",
        unset: "",
        example: "\"7d\"",
        set: |s, v| {
            s.sessions.remembered_idle = v.duration()?;
            Ok(())
        },
        show: |s| Some(Value::Duration(s.sessions.remembered_idle)),
    },
    Key {
        name: "sessions.remembered_absolute",
        kind: Kind::Duration(MINUTE, LONGEST),
        scope: Scope::Policy,
        doc: "The same at most, after \"remember me\".",
        unset: "",
        example: "\"30d\"",
        set: |s, v| {
            s.sessions.remembered_absolute = v.duration()?;
            Ok(())
        },
        show: |s| Some(Value::Duration(s.sessions.remembered_absolute)),
    },
    Key {
        name: "sessions.fresh",
        kind: Kind::Duration(30, 5 * MINUTE),
        scope: Scope::Policy,
        doc: "For how long a proof of identity lets somebody make risky changes without another one.",
        unset: "",
        example: "\"2m\"",
        set: |s, v| {
            s.sessions.fresh = v.duration()?;
            Ok(())
        },
        show: |s| Some(Value::Duration(s.sessions.fresh)),
    },
    Key {
        name: "sessions.max_per_user",
        kind: Kind::Count(1, 50),
        scope: Scope::Policy,
        doc: "Sessions that one person may have at once; a new one ends the oldest.",
        unset: "",
        example: "10",
        set: |s, v| {
            s.sessions.max_per_user = v.count()?;
            Ok(())
        },
        show: |s| Some(Value::Count(s.sessions.max_per_user)),
    },
    Key {
        name: "sessions.cache_mib",
        kind: Kind::Count(0, 65_536),
        scope: Scope::Boot,
        doc: "Memory for sessions kept at hand, in MiB. 0 asks the database at every check.",
        unset: "",
        example: "64",
        set: |s, v| {
            s.session_cache_mib = v.count()?;
            Ok(())
        },
        show: |s| Some(Value::Count(s.session_cache_mib)),
    },
    Key {
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
    },
    Key {
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
    },
    Key {
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
    },
    Key {
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
    },
    Key {
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
    },
    Key {
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
    },
    Key {
        name: "limits.multiplier",
        kind: Kind::Count(1, 50),
        scope: Scope::Boot,
        doc: "Loosens every limit on attempts by this factor. Needs `limits.reason`.",
        unset: "",
        example: "5",
        set: |s, v| {
            s.limits_multiplier = v.count()?;
            Ok(())
        },
        show: |s| Some(Value::Count(s.limits_multiplier)),
    },
    Key {
        name: "limits.reason",
        kind: Kind::Text,
        scope: Scope::Boot,
        doc: "Why the limits are loosened. The log repeats it at each start.",
        unset: "",
        example: "\"a school with 2,000 people behind one address\"",
        set: |s, v| {
            s.limits_reason = Some(v.text()?);
            Ok(())
        },
        show: |s| s.limits_reason.clone().map(Value::Text),
    },
];

/// The name stands in mail headers and page titles: short, and nothing in it may
/// turn the reading direction of what follows (SEC-58).
fn product_name(text: String) -> Result<String, Wrong> {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.chars().count() > 100 || text.chars().any(turns) {
        return Err(Wrong::new("longer than 100 characters, or turns the reading direction", "\"Acme\""));
    }
    Ok(text)
}

fn narrow(count: u32) -> Result<u8, Wrong> {
    u8::try_from(count).map_err(|_| Wrong::new("out of bounds", "a smaller number"))
}

fn network(text: &str) -> Result<IpNet, Wrong> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map(|network| network.trunc())
        .map_err(|_| Wrong::new(format!("not a network: {text:?}"), "\"10.0.0.0/8\" or a single address"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Given, Source};

    #[test]
    fn every_example_and_every_default_is_accepted() {
        for key in KEYS {
            let example: toml_like::Literal = toml_like::read(key.example);
            let value = key.kind.accept(example).unwrap_or_else(|wrong| panic!("{}: {wrong:?}", key.name));
            let mut settings = Settings::default();
            (key.set)(&mut settings, value).unwrap_or_else(|wrong| panic!("{}: {wrong:?}", key.name));
            if let (Some(shown), false) = ((key.show)(&Settings::default()), key.is_secret()) {
                (key.set)(&mut settings, shown).unwrap_or_else(|wrong| panic!("{}: {wrong:?}", key.name));
            }
        }
        assert!(Source::Default < Source::Builder);
    }

    #[test]
    fn names_are_unique_and_have_a_section() {
        let mut names: Vec<_> = KEYS.iter().map(|key| key.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KEYS.len());
        assert!(names.iter().all(|name| name.split('.').count() == 2));
    }

    /// Just enough of TOML's literals for the examples.
    mod toml_like {
        pub type Literal = super::Given;
        pub fn read(text: &str) -> Literal {
            match serde_json::from_str(text) {
                Ok(json) => super::Given::from_json(json),
                Err(why) => panic!("{text}: {why}"),
            }
        }
    }
}
