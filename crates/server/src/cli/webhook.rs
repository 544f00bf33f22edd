//! `housekey webhook …`: who is told what happens.

use clap::Subcommand;

/// `housekey webhook …`
#[derive(Subcommand)]
pub enum WebhookCommand {
    /// Make an endpoint and print its signing secret
    #[command(after_help = "Examples:
  housekey webhook add https://app.example.com/api/webhooks
  housekey webhook add https://app.example.com/api/webhooks --event 'user.*' --event session.created

The address is https on port 443 or 8443 and of the public internet; `webhooks.allowed_networks` lists exceptions.
Development has one for this machine.")]
    Add {
        /// Where messages are sent
        #[arg(value_name = "URL")]
        url: String,
        /// An event, or all of a kind as user.*; may be given again [default: all]
        #[arg(long, value_name = "EVENT")]
        event: Vec<String>,
        /// What you call it
        #[arg(long, value_name = "TEXT", default_value = "")]
        description: String,
    },
    /// List the endpoints: what they hear and how their deliveries stand
    #[command(after_help = "Examples:
  housekey webhook list
  housekey webhook list --json | jq '.[] | select(.enabled | not)'")]
    List,
    /// Remove an endpoint with what waits for it
    #[command(after_help = "Examples:
  housekey webhook remove ep_36WJ5vT0cB1hPq7xYt2dKfZs8aL")]
    Remove {
        /// Its id, as `list` shows it
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Tell an endpoint again that was switched off
    #[command(after_help = "Examples:
  housekey webhook enable ep_36WJ5vT0cB1hPq7xYt2dKfZs8aL

What happened meanwhile is told by `housekey webhook replay`.")]
    Enable {
        /// Its id, as `list` shows it
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Tell an endpoint nothing, until it is enabled
    #[command(after_help = "Examples:
  housekey webhook disable ep_36WJ5vT0cB1hPq7xYt2dKfZs8aL")]
    Disable {
        /// Its id, as `list` shows it
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Send a message of the type webhook.test now and say what was answered
    #[command(after_help = "Examples:
  housekey webhook test ep_36WJ5vT0cB1hPq7xYt2dKfZs8aL

Ends with 0 if it was taken, else with 1.")]
    Test {
        /// Its id, as `list` shows it
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Tell an endpoint once more: one message, or all since a time
    #[command(after_help = "Examples:
  housekey webhook replay ep_36WJ5vT0cB1hPq7xYt2dKfZs8aL --since 2026-11-23T08:00:00Z
  housekey webhook replay ep_36WJ5vT0cB1hPq7xYt2dKfZs8aL --message msg_36WJ8mQ2rN4vLc6kXp0bHyTs3dF

Messages keep their ids, and are kept for `webhooks.keep`.")]
    #[command(group(clap::ArgGroup::new("what").required(true)))]
    Replay {
        /// Its id, as `list` shows it
        #[arg(value_name = "ID")]
        id: String,
        /// All that it hears since then
        #[arg(long, value_name = "TIME", group = "what")]
        since: Option<String>,
        /// This one
        #[arg(long, value_name = "ID", group = "what")]
        message: Option<String>,
    },
    /// Look after signing secrets
    #[command(subcommand)]
    Secret(WebhookSecretCommand),
}

/// `housekey webhook secret …`
#[derive(Subcommand)]
pub enum WebhookSecretCommand {
    /// Make a new signing secret; the old one signs beside it for a day
    #[command(after_help = "Examples:
  housekey webhook secret rotate ep_36WJ5vT0cB1hPq7xYt2dKfZs8aL")]
    Rotate {
        /// The endpoint's id, as `list` shows it
        #[arg(value_name = "ID")]
        id: String,
    },
}
