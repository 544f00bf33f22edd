//! Configuration: defaults, then the file, then the environment, then flags.
//! Everything that is wrong is told at once, with where it stands and what to write.

mod catalogue;
mod keys;
mod reference;
mod report;
mod show;
mod suggest;
mod written;

use std::{
    collections::BTreeMap,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use housekey::settings::{Assignment, Fault, Mode, SettingsSnapshot, Source, Wrong, resolve};
use housekey_core::keyring::{KeyFault, MasterKey};
use url::Url;

pub use keys::ServerSettings;
pub use reference::{reference_json, reference_markdown};
pub use report::Report;
pub use show::Shown;

use keys::SERVER_KEYS;
use written::Written;

/// What the command line says about configuration.
#[derive(Default)]
pub struct Flags {
    pub config: Option<PathBuf>,
    pub listen: Option<String>,
    pub data: Option<String>,
    pub database: Option<String>,
}

/// A configuration without a fault.
pub struct Config {
    pub server: ServerSettings,
    pub settings: SettingsSnapshot,
    pub mode: Mode,
    /// The file that was read, if there was one.
    pub file: Option<PathBuf>,
    server_sources: BTreeMap<&'static str, Source>,
}

/// Reads every source and checks the whole.
pub fn load(flags: &Flags) -> Result<Config, Report> {
    load_over(flags, Vec::new())
}

/// The same over what the database holds, which every other source wins over.
pub fn load_over(flags: &Flags, database: Vec<Assignment>) -> Result<Config, Report> {
    let mut written = Written::default();
    written.given.extend(database);
    let (file, text) = read_file(flags, &mut written);
    if let (Some(path), Some(text)) = (&file, &text) {
        written.file(text, path);
    }
    written.environment(std::env::vars_os());
    for (key, flag, value) in [
        ("server.listen", "--listen", &flags.listen),
        ("server.data", "--data", &flags.data),
        ("server.database", "--database", &flags.database),
    ] {
        if let Some(value) = value {
            written.flag(key, flag, value);
        }
    }
    judge(written, file, text)
}

fn read_file(flags: &Flags, written: &mut Written) -> (Option<PathBuf>, Option<String>) {
    let asked = flags.config.clone().or_else(|| std::env::var_os("HOUSEKEY_CONFIG").map(PathBuf::from));
    let path = asked.clone().unwrap_or_else(|| PathBuf::from("housekey.toml"));
    match std::fs::read_to_string(&path) {
        Ok(text) => (Some(path), Some(text)),
        Err(why) if why.kind() == ErrorKind::NotFound && asked.is_none() => (None, None),
        Err(why) => {
            let wrong = Wrong::new(format!("unreadable ({why})"), "the path of a TOML file after `--config`");
            let source = Source::Flag("--config".to_owned());
            written.faults.push(Fault { key: path.display().to_string(), source, wrong });
            (None, None)
        }
    }
}

fn judge(written: Written, file: Option<PathBuf>, text: Option<String>) -> Result<Config, Report> {
    let Written { given, mut faults, spans, hidden } = written;
    let (ours, theirs): (Vec<_>, Vec<_>) =
        given.into_iter().partition(|one| SERVER_KEYS.iter().any(|key| key.name == one.key));
    let process = resolve(SERVER_KEYS, ours);
    let library = resolve(housekey::settings::KEYS, theirs);
    faults.extend(process.faults);
    faults.extend(library.faults);
    let mut settings = SettingsSnapshot::from_resolved(library.settings, library.sources);
    if settings.settings.public_url.is_none() && !faults.iter().any(|fault| fault.key == "server.public_url") {
        match local_url(&process.settings) {
            Ok(url) => settings.settings.public_url = Some(url),
            Err(wrong) => faults.push(fault("server.public_url", Source::Default, wrong)),
        }
    }
    faults.extend(settings.faults());
    let source = |key: &str| process.sources.get(key).cloned().unwrap_or(Source::Default);
    faults.extend(check_process(&process.settings).into_iter().map(|(key, wrong)| fault(key, source(key), wrong)));
    if faults.is_empty() {
        let mode = settings.settings.mode();
        return Ok(Config { server: process.settings, settings, mode, file, server_sources: process.sources });
    }
    Err(Report::new(faults, text.map(|text| report::Excerpt { text, spans, hidden })))
}

/// The address of a process that nobody gave a public one.
fn local_url(server: &ServerSettings) -> Result<Url, Wrong> {
    let wrong = || Wrong::new("missing, while the server listens beyond this machine", "\"https://auth.example.com\"");
    if !server.listen.ip().is_loopback() {
        return Err(wrong());
    }
    Url::parse(&format!("http://localhost:{}", server.listen.port())).map_err(|_| wrong())
}

fn check_process(server: &ServerSettings) -> Vec<(&'static str, Wrong)> {
    let mut faults = Vec::new();
    if let Some(key) = &server.key
        && let Err(why) = MasterKey::parse(key.expose())
    {
        faults.push(("server.key", key_wrong(why)));
    }
    let path = server.key_path();
    if server.key.is_none() && path.exists() {
        match std::fs::read_to_string(&path).map(|text| MasterKey::parse(text.trim())) {
            Ok(Ok(_)) => {}
            Ok(Err(why)) => faults.push(("server.key_file", key_wrong(why))),
            Err(why) => {
                let wrong =
                    Wrong::new(format!("unreadable: {}: {why}", path.display()), "a file that this user may read");
                faults.push(("server.key_file", wrong));
            }
        }
    }
    for key in &server.old_keys {
        if let Err(why) = MasterKey::parse(key.expose()) {
            faults.push(("server.old_keys", key_wrong(why)));
        }
    }
    if let Err(wrong) = crate::data::can_write(&server.data) {
        faults.push(("server.data", wrong));
    }
    if server.on_postgres() && server.key.is_none() && !server.key_path().exists() {
        let what =
            format!("missing ({}), and PostgreSQL data is never given a key by itself", server.key_path().display());
        faults.push(("server.key_file", Wrong::new(what, "a key with `housekey keys new --out FILE`")));
    }
    faults
}

fn key_wrong(why: KeyFault) -> Wrong {
    Wrong::new(format!("not a key to trust: {why}"), "a key that `housekey keys new` prints")
}

fn fault(key: &str, source: Source, wrong: Wrong) -> Fault {
    Fault { key: key.to_owned(), source, wrong }
}

impl Config {
    /// Who set a key of either table.
    pub fn source(&self, key: &str) -> Source {
        match self.server_sources.get(key) {
            Some(source) => source.clone(),
            None => self.settings.source(key),
        }
    }

    /// The file's name for people.
    pub fn file_name(&self) -> String {
        self.file.as_deref().unwrap_or(Path::new("no file")).display().to_string()
    }
}
