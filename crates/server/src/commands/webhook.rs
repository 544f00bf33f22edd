//! `housekey webhook …`

use std::process::ExitCode;

use serde_json::Value;

use super::{told, words_of as text};
use crate::{
    cli::{WebhookCommand, WebhookSecretCommand},
    config::Flags,
    errands::Errand,
};

/// Any of them.
pub fn webhook(flags: &Flags, command: WebhookCommand, json: bool) -> anyhow::Result<ExitCode> {
    match command {
        WebhookCommand::Add { url, event, description } => {
            let errand = Errand::WebhookAdd { url, events: event, description };
            told(flags, errand, json, |done| {
                format!("Added {}.\n\n{}", text(done, "id"), secret(done, "Messages are signed with this secret."))
            })
        }
        WebhookCommand::List => told(flags, Errand::WebhookList, json, table),
        WebhookCommand::Remove { id } => {
            told(flags, Errand::WebhookRemove { id }, json, |done| format!("Removed {}.\n", text(done, "id")))
        }
        WebhookCommand::Enable { id } => told(flags, Errand::WebhookSwitch { id, on: true }, json, |done| {
            let id = text(done, "id");
            format!(
                "{id} is told what happens from now on. What it missed: housekey webhook replay {id} --since TIME\n"
            )
        }),
        WebhookCommand::Disable { id } => told(flags, Errand::WebhookSwitch { id, on: false }, json, |done| {
            format!("{} is told nothing until it is enabled.\n", text(done, "id"))
        }),
        WebhookCommand::Test { id } => test(flags, id, json),
        WebhookCommand::Replay { id, since, message } => {
            told(flags, Errand::WebhookReplay { id, since, message }, json, |done| {
                let messages = done.get("messages").and_then(Value::as_u64).unwrap_or_default();
                format!("{messages} {} told once more.\n", if messages == 1 { "message is" } else { "messages are" })
            })
        }
        WebhookCommand::Secret(WebhookSecretCommand::Rotate { id }) => {
            told(flags, Errand::WebhookRotate { id }, json, |done| {
                secret(done, "Messages are signed with this secret now, and for a day with the one before it as well.")
            })
        }
    }
}

/// Ends with 1 where the message was not taken.
fn test(flags: &Flags, id: String, json: bool) -> anyhow::Result<ExitCode> {
    let mut taken = false;
    let code = told(flags, Errand::WebhookTest { id }, json, |done| {
        taken = done.get("taken").and_then(Value::as_bool).unwrap_or_default();
        let millis = done.get("milliseconds").and_then(Value::as_u64).unwrap_or_default();
        match done.get("status").and_then(Value::as_u64) {
            Some(status) if taken => format!("Taken: {status} in {millis} ms.\n"),
            Some(status) => format!("Not taken: {status} in {millis} ms. Endpoints answer 2xx.\n"),
            None => format!("Not taken: {}.\n", text(done, "why")),
        }
    })?;
    Ok(if taken || code != ExitCode::SUCCESS { code } else { ExitCode::FAILURE })
}

fn secret(done: &Value, about: &str) -> String {
    let secret = text(done, "secret");
    format!(
        "{about} It is shown this once.
For `verifyWebhook` of Clerk's SDKs, in your app's environment:

  CLERK_WEBHOOK_SIGNING_SECRET={secret}
"
    )
}

fn table(done: &Value) -> String {
    let endpoints = done.as_array().map(Vec::as_slice).unwrap_or_default();
    if endpoints.is_empty() {
        return "There is none yet; `housekey webhook add URL` makes one.\n".to_owned();
    }
    let line = |endpoint: &Value| {
        let events: Vec<&str> =
            endpoint.get("events").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let hears = if events.is_empty() { "all events".to_owned() } else { events.join(" ") };
        let count = |name: &str| endpoint.get(name).and_then(Value::as_u64).unwrap_or_default();
        let state = match endpoint.get("enabled").and_then(Value::as_bool) {
            Some(true) => match text(endpoint, "failing_since") {
                "" => "enabled".to_owned(),
                since => format!("failing since {since}"),
            },
            _ => format!("disabled ({})", text(endpoint, "reason")),
        };
        let described = match text(endpoint, "description") {
            "" => String::new(),
            words => format!("  {words}\n"),
        };
        let (id, url, source) = (text(endpoint, "id"), text(endpoint, "url"), text(endpoint, "source"));
        let (waiting, done, failed) = (count("waiting"), count("done"), count("failed"));
        format!(
            "{id}  {url}\n{described}  {hears}; of {source}; {state}; {waiting} waiting, {done} taken, {failed} given up\n"
        )
    };
    endpoints.iter().map(line).collect()
}
