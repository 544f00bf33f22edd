//! The keys of the process, beside those of the library.

use std::{net::SocketAddr, path::PathBuf};

use housekey::settings::{Key, Kind, Scope, Value, Wrong, hide_password};
use housekey_core::secret::Secret;

/// What only the server needs to know: where it listens, keeps and logs.
pub struct ServerSettings {
    pub listen: SocketAddr,
    pub data: PathBuf,
    /// `None` is the SQLite file in the data folder.
    pub database: Option<Secret<String>>,
    pub key: Option<Secret<String>>,
    /// `None` is `housekey.key` in the data folder.
    pub key_file: Option<PathBuf>,
    pub old_keys: Vec<Secret<String>>,
    pub log: String,
    pub log_format: String,
    pub hsts_subdomains: bool,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 4000)),
            data: PathBuf::from("data"),
            database: None,
            key: None,
            key_file: None,
            old_keys: Vec::new(),
            log: "info".to_owned(),
            log_format: "auto".to_owned(),
            hsts_subdomains: false,
        }
    }
}

impl ServerSettings {
    /// Where the key file is, or will be made.
    pub fn key_path(&self) -> PathBuf {
        self.key_file.clone().unwrap_or_else(|| self.data.join("housekey.key"))
    }

    /// Whether PostgreSQL holds the data.
    pub fn on_postgres(&self) -> bool {
        self.database.as_ref().is_some_and(|url| url.expose().starts_with("postgres"))
    }

    /// The SQLite file, unless PostgreSQL holds the data.
    pub fn sqlite_path(&self) -> Option<PathBuf> {
        match &self.database {
            None => Some(self.data.join("housekey.db")),
            Some(url) => url.expose().strip_prefix("sqlite:").map(|path| PathBuf::from(path.trim_start_matches("//"))),
        }
    }
}

/// Every key of the process, in the order of the reference page.
pub static SERVER_KEYS: &[Key<ServerSettings>] = &[
    Key {
        name: "server.listen",
        kind: Kind::Text,
        scope: Scope::Boot,
        doc: "The address and port to listen on. `0.0.0.0:4000` is every network of this machine.",
        unset: "",
        example: "\"127.0.0.1:4000\"",
        set: |s, v| {
            let wrong = |_| Wrong::new("not an address with a port", "\"127.0.0.1:4000\" or \"[::]:4000\"");
            s.listen = v.text()?.replace("localhost:", "127.0.0.1:").parse().map_err(wrong)?;
            Ok(())
        },
        show: |s| Some(Value::Text(s.listen.to_string())),
    },
    Key {
        name: "server.data",
        kind: Kind::Path,
        scope: Scope::Boot,
        doc: "The folder with the SQLite database, the key file, Clerk's browser scripts, the lock and the control \
              socket. Made at the first start, readable by its owner alone.",
        unset: "",
        example: "\"/var/lib/housekey\"",
        set: |s, v| {
            s.data = v.text()?.into();
            Ok(())
        },
        show: |s| Some(Value::Text(s.data.display().to_string())),
    },
    Key {
        name: "server.database",
        kind: Kind::Secret,
        scope: Scope::Boot,
        doc: "Where the data is: `postgres://user:password@host/name`, or `sqlite:PATH` for a file elsewhere.",
        unset: "`housekey.db` in the data folder",
        example: "\"postgres://housekey:password@db.internal/housekey\"",
        set: |s, v| {
            s.database = Some(Secret::new(database_url(v.text()?)?));
            Ok(())
        },
        show: |s| s.database.as_ref().map(|url| Value::Text(hide_password(url.expose()))),
    },
    Key {
        name: "server.key",
        kind: Kind::Secret,
        scope: Scope::Boot,
        doc: "The master key itself, as `housekey keys new` prints it, for places where secrets are variables. It \
              wins over `server.key_file`.",
        unset: "the key file",
        example: "\"hk1_…\"",
        set: |s, v| {
            s.key = Some(Secret::new(v.text()?));
            Ok(())
        },
        show: |s| s.key.as_ref().map(|_| Value::Text("hidden".to_owned())),
    },
    Key {
        name: "server.key_file",
        kind: Kind::Path,
        scope: Scope::Boot,
        doc: "The file with the master key. Where data is in SQLite and there is none yet, the first start makes it; \
              with PostgreSQL you make one with `housekey keys new`. Keep a copy apart from the database: without it \
              what is sealed stays sealed.",
        unset: "`housekey.key` in the data folder",
        example: "\"/run/secrets/housekey.key\"",
        set: |s, v| {
            s.key_file = Some(v.text()?.into());
            Ok(())
        },
        show: |s| s.key_file.as_ref().map(|path| Value::Text(path.display().to_string())),
    },
    Key {
        name: "server.old_keys",
        kind: Kind::SecretList,
        scope: Scope::Boot,
        doc: "Earlier master keys that still open what they sealed, while it is being sealed anew.",
        unset: "",
        example: "[\"hk1_…\"]",
        set: |s, v| {
            s.old_keys = v.list()?.into_iter().map(Secret::new).collect();
            Ok(())
        },
        show: |s| Some(Value::List(s.old_keys.iter().map(|_| "hidden".to_owned()).collect())),
    },
    Key {
        name: "server.hsts_subdomains",
        kind: Kind::Switch,
        scope: Scope::Boot,
        doc: "Extends Strict-Transport-Security to every subdomain of the public host. Only where all of them have https.",
        unset: "",
        example: "true",
        set: |s, v| {
            s.hsts_subdomains = v.switch()?;
            Ok(())
        },
        show: |s| Some(Value::Switch(s.hsts_subdomains)),
    },
    Key {
        name: "server.log",
        kind: Kind::Text,
        scope: Scope::Boot,
        doc: "What is logged: `error`, `warn`, `info`, `debug`, `trace`, or by part, as `info,housekey=debug`.",
        unset: "",
        example: "\"warn\"",
        set: |s, v| {
            let text = v.text()?;
            text.parse::<tracing_subscriber::filter::Targets>()
                .map_err(|why| Wrong::new(format!("not a filter ({why})"), "\"info\" or \"info,housekey=debug\""))?;
            s.log = text;
            Ok(())
        },
        show: |s| Some(Value::Text(s.log.clone())),
    },
    Key {
        name: "server.log_format",
        kind: Kind::Choice(&["auto", "human", "json"]),
        scope: Scope::Boot,
        doc: "How log lines look; `auto` is JSON in production, for people in development.",
        unset: "",
        example: "\"json\"",
        set: |s, v| {
            s.log_format = v.text()?;
            Ok(())
        },
        show: |s| Some(Value::Text(s.log_format.clone())),
    },
];

/// Checks the form without repeating the text: it may hold a password.
fn database_url(text: String) -> Result<String, Wrong> {
    let example = "\"postgres://user:password@host/name\" or \"sqlite:/var/lib/housekey/housekey.db\"";
    let postgres = text.starts_with("postgres://") || text.starts_with("postgresql://");
    if postgres && url::Url::parse(&text).is_ok_and(|url| url.path().len() > 1) {
        return Ok(text);
    }
    match text.strip_prefix("sqlite:") {
        Some(path) if !path.trim_start_matches("//").is_empty() => Ok(text),
        _ => Err(Wrong::new("neither a PostgreSQL address with a database nor a SQLite file", example)),
    }
}
