//! The command line.

mod breach;
mod clerk;
mod recovery;
mod webhook;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::Flags;

pub use breach::BreachCommand;
pub use clerk::{BundlesCommand, ClerkCommand, ClerkKeysCommand};
pub use recovery::{EventCommand, RecoveryCommand};
pub use webhook::{WebhookCommand, WebhookSecretCommand};

/// Sign-up, sign-in and sessions for your apps, from one binary.
#[derive(Parser)]
#[command(
    name = "housekey",
    version,
    about,
    after_help = "Examples:
  housekey                                  start on http://localhost:4000, data in ./data
  housekey serve --listen 127.0.0.1:8080    start elsewhere
  housekey config check                     tell everything that is wrong with the configuration
  housekey config reference                 list every key

Without a command, `serve` runs. Configuration is read from housekey.toml where it exists."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,

    #[command(flatten)]
    pub serve: ServeArgs,

    #[command(flatten)]
    pub common: Common,
}

/// What every command takes.
#[derive(Args)]
pub struct Common {
    /// The configuration file [default: housekey.toml, where it exists]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// The folder with database, key, lock and control socket [default: data]
    #[arg(long, value_name = "DIR", global = true)]
    pub data: Option<String>,
    /// postgres://user:password@host/name or sqlite:PATH [default: housekey.db in the data folder]
    #[arg(long, value_name = "URL", global = true)]
    pub database: Option<String>,
    /// Answer in JSON, for programs
    #[arg(long, global = true)]
    pub json: bool,
}

/// What `serve` takes.
#[derive(Args, Default)]
pub struct ServeArgs {
    /// Address and port to listen on [default: 127.0.0.1:4000]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Bring a PostgreSQL database to this version's schema first (SQLite always is)
    #[arg(long)]
    pub migrate: bool,
}

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Start the server (the default)
    #[command(after_help = "Examples:
  housekey serve
  housekey serve --listen 0.0.0.0:4000 --config /etc/housekey/housekey.toml
  housekey serve --database postgres://housekey:secret@db/housekey --migrate

The first start makes the data folder, the SQLite database and the key file. Keep a copy of the key
apart from the database. Stop it with Ctrl-C or SIGTERM: it finishes what was begun.")]
    Serve(ServeArgs),
    /// Check, show or explain the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Make keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Serve apps that were written for Clerk: keys, browser scripts, coverage
    #[command(subcommand)]
    Clerk(ClerkCommand),
    /// Tell other programs what happens: endpoints, their secrets, tries and replays
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// Look after people who lost every second factor
    #[command(subcommand)]
    Recovery(RecoveryCommand),
    /// Explain what happened
    #[command(subcommand)]
    Event(EventCommand),
    /// Refuse breached passwords: make a filter of a list of them, and ask it
    #[command(subcommand)]
    Breach(BreachCommand),
    /// Look at or change the version of the database's schema
    #[command(subcommand)]
    Migrate(MigrateCommand),
    /// Try the mail settings
    #[command(subcommand)]
    Mail(MailCommand),
}

impl Default for Command {
    fn default() -> Self {
        Self::Serve(ServeArgs::default())
    }
}

/// `housekey config …`
#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Tell every fault at once: file, line, key, what is wrong, what to write
    #[command(after_help = "Examples:
  housekey config check
  housekey config check --config /etc/housekey/housekey.toml --json

Ends with 0 if the server would start with it, else with 2. It changes nothing.")]
    Check,
    /// Show each value in force and where it comes from; secrets stay hidden
    #[command(after_help = "Examples:
  housekey config show
  housekey config show --json | jq '.values[] | select(.source != \"default\")'

Where a server runs on the same data folder, it shows what that server runs with.")]
    Show,
    /// Every key with type, default and example, as Markdown
    #[command(after_help = "Examples:
  housekey config reference | less
  housekey config reference --json")]
    Reference,
}

/// `housekey keys …`
#[derive(Subcommand)]
pub enum KeysCommand {
    /// Make a new master key
    #[command(after_help = "Examples:
  housekey keys new                               print one, for a variable or a secret store
  housekey keys new --out /etc/housekey/key       write one to a new file that only you may read

To change keys, put the old one into `server.old_keys` and the new one in its place.")]
    New {
        /// Write to this new file (mode 0600) instead of printing
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Replace the key that signs session tokens: publish the next one, then switch
    #[command(after_help = "Examples:
  housekey keys rotate clerk                publish the next key and print its public half
  housekey keys rotate clerk --activate     sign with it from now on

Apps that hold the public half (`CLERK_JWT_KEY`) take up the new one between the two steps. The old key is
published for another day.")]
    Rotate {
        /// Which key
        which: Rotating,
        /// Sign with the key that was published before
        #[arg(long)]
        activate: bool,
    },
}

/// Keys that an operator replaces.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Rotating {
    /// The key of session tokens for Clerk's SDKs
    Clerk,
}

/// `housekey migrate …`
#[derive(Subcommand)]
pub enum MigrateCommand {
    /// List the migrations and which are applied
    #[command(after_help = "Examples:
  housekey migrate status
  housekey migrate status --database postgres://housekey:secret@db/housekey --json")]
    Status,
    /// Apply what is missing
    #[command(after_help = "Examples:
  housekey migrate up --database postgres://housekey:secret@db/housekey

On SQLite `serve` does this by itself.")]
    Up,
}

/// `housekey mail …`
#[derive(Subcommand)]
pub enum MailCommand {
    /// Send a test message now and say what the mail server answered
    #[command(after_help = "Examples:
  housekey mail test ada@example.com")]
    Test {
        /// Who gets it
        #[arg(value_name = "ADDRESS")]
        to: String,
    },
}

impl ServeArgs {
    /// What stands after the command wins over what stands before it.
    pub fn over(self, before: Self) -> Self {
        Self { listen: self.listen.or(before.listen), migrate: self.migrate || before.migrate }
    }
}

impl Common {
    /// The flags that are configuration.
    pub fn flags(&self, listen: Option<&str>) -> Flags {
        Flags {
            config: self.config.clone(),
            listen: listen.map(str::to_owned),
            data: self.data.clone(),
            database: self.database.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn flags_may_stand_before_the_command_and_after_it() {
        let read = |line: &str| Cli::try_parse_from(line.split(' ')).unwrap();
        let cli = read("housekey --data d --listen 127.0.0.1:1 serve --migrate");
        let Some(Command::Serve(after)) = cli.command else { panic!("no command") };
        let serve = after.over(cli.serve);
        assert_eq!((serve.listen.as_deref(), serve.migrate), (Some("127.0.0.1:1"), true));
        assert_eq!(cli.common.data.as_deref(), Some("d"));
        assert!(read("housekey --listen 127.0.0.1:1").command.is_none());
    }

    #[test]
    fn the_command_line_is_sound_and_every_command_shows_examples() {
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        fn leaves(command: &clap::Command) {
            if !command.has_subcommands() && command.get_name() != "help" {
                let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("Examples:"), "{}", command.get_name());
            }
            command.get_subcommands().filter(|sub| sub.get_name() != "help").for_each(leaves);
        }
        leaves(&command);
    }
}
