//! `housekey recovery …` and `housekey event …`: help for people.

use clap::Subcommand;

/// `housekey recovery …`
#[derive(Subcommand)]
pub enum RecoveryCommand {
    /// List the requests to come back without a second factor
    #[command(after_help = "Examples:
  housekey recovery list
  housekey recovery list --json | jq '.[] | .user'")]
    List,
    /// Let a request come to its end sooner
    #[command(after_help = "Examples:
  housekey recovery shorten rec_36WJ5vT0cB1hPq7xYt2dKfZs8aL              within a minute
  housekey recovery shorten rec_36WJ5vT0cB1hPq7xYt2dKfZs8aL --hours 4    in four hours

Make sure first that it is the owner who asks: by a call, in person, by what only they know. Every verified address is
told, and may still say no before the end. Whoever comes back sets a new password by way of the mailbox.")]
    Shorten {
        /// Its id, as `list` shows it
        #[arg(value_name = "ID")]
        id: String,
        /// Hours from now
        #[arg(long, value_name = "N", default_value_t = 0)]
        hours: u32,
    },
    /// Put an end to a request; nothing is removed
    #[command(after_help = "Examples:
  housekey recovery deny rec_36WJ5vT0cB1hPq7xYt2dKfZs8aL

Every verified address of the account is told.")]
    Deny {
        /// Its id, as `list` shows it
        #[arg(value_name = "ID")]
        id: String,
    },
}

/// `housekey event …`
#[derive(Subcommand)]
pub enum EventCommand {
    /// Explain an event: what was decided, by which rule, from which figures
    #[command(after_help = "Examples:
  housekey event show req_36WJ5vT0cB1hPq7xYt2dKfZs8aL    what a person read on the page
  housekey event show evt_36WJ5vT0cB1hPq7xYt2dKfZs8aL --json

A page that refuses something shows the id of its request. Address and browser are shown while their key is kept: until
the person is erased, and for 90 days where nobody was known.")]
    Show {
        /// Of an event, or of a request
        #[arg(value_name = "ID")]
        id: String,
    },
}
