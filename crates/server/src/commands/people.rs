//! `housekey recovery …` and `housekey event …`

use std::process::ExitCode;

use serde_json::Value;

use super::{told, words_of as text};
use crate::{cli::RecoveryCommand, config::Flags, errands::Errand};

/// Any of them.
pub fn recovery(flags: &Flags, command: RecoveryCommand, json: bool) -> anyhow::Result<ExitCode> {
    match command {
        RecoveryCommand::List => told(flags, Errand::RecoveryList, json, table),
        RecoveryCommand::Shorten { id, hours } => told(flags, Errand::RecoveryShorten { id, hours }, json, |done| {
            format!("It comes to its end at {}, unless somebody says no.\n", text(done, "ends_at"))
        }),
        RecoveryCommand::Deny { id } => told(flags, Errand::RecoveryDeny { id }, json, |done| {
            format!("{} is over. Nothing was removed.\n", text(done, "id"))
        }),
    }
}

/// An event, or what a request did.
pub fn event_show(flags: &Flags, id: String, json: bool) -> anyhow::Result<ExitCode> {
    told(flags, Errand::EventShow { id }, json, |done| {
        done.as_array().into_iter().flatten().map(explained).collect::<Vec<_>>().join("\n")
    })
}

fn table(done: &Value) -> String {
    let requests = done.as_array().map(Vec::as_slice).unwrap_or_default();
    if requests.is_empty() {
        return "Nobody asks to come back.\n".to_owned();
    }
    let line = |request: &Value| {
        let (id, user, address) = (text(request, "id"), text(request, "user"), text(request, "address"));
        let (asked, ends) = (text(request, "asked_at"), text(request, "ends_at"));
        format!("{id}  {address}  {user}\n  asked at {asked}; ends at {ends}\n")
    };
    requests.iter().map(line).collect()
}

fn explained(event: &Value) -> String {
    let mut out = format!("{}  {}\n  {}\n", text(event, "at"), text(event, "kind"), rule(event));
    let figures = event.get("figures").and_then(Value::as_object);
    for (name, value) in figures.into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        out.push_str(&format!("  {}: {value}\n", name.replace('_', " ")));
    }
    for name in ["user", "session", "client", "door", "address", "browser", "request", "id"] {
        match text(event, name) {
            "" => {}
            value => out.push_str(&format!("  {name}: {value}\n")),
        }
    }
    out
}

/// What was decided, and by which rule.
fn rule(event: &Value) -> &'static str {
    let figure = |name: &str| event.get("figures").map(|all| text(all, name)).unwrap_or_default();
    match (text(event, "kind"), figure("strategy"), figure("why")) {
        ("sign_in.failed", "password", "compromised") => {
            "Refused: the password was right, and is marked as known to others. A new one is set by way of the mailbox."
        }
        ("sign_in.failed", "password", _) => {
            "Refused: the password was wrong, or nobody has that address. It counts toward the account's limit of the \
             device, known or not; 100 in a row from unknown ones close the password there."
        }
        ("sign_in.failed", ..) => "Refused: the mailed code was wrong. After five tries a code is dead.",
        ("second_factor.failed", ..) => {
            "Refused: the second factor was wrong, or was used already. After five tries the sign-in is over."
        }
        ("password.closed", ..) => {
            "Closed: too many wrong passwords in a row from unknown devices. A code by e-mail, a link or a reset opens it."
        }
        ("password.compromised", ..) => "Marked: the password opens nothing until another one is set.",
        ("password.cleared", ..) => "Unmarked: the password opens the account again.",
        ("session.created", ..) => "Let in: all that was due was proved.",
        ("session.reverified", ..) => "Confirmed: a factor was proved again before a risky change.",
        ("trusted_device.added", ..) => "Ticked: no second factor is asked for on that device for some days.",
        ("recovery.asked", ..) => "Begun: the second factors are removed when the wait is over and nobody said no.",
        ("recovery.cancelled", ..) => "Ended: the owner, a second factor or an operator said no.",
        ("recovery.completed", ..) => "Done: the wait was over and nobody had said no.",
        ("account.secured", ..) => {
            "Secured: by the link of a notice. Sessions, devices and password are gone; risky changes wait for three days \
             or for the owner's new password."
        }
        ("captcha.unavailable", ..) => {
            "Not asked: the provider of challenges gave no answer in time, or none that says anything. Sign-ups that are due \
             a challenge wait, all else gets the built-in one."
        }
        ("breach_check.failed", ..) => "Passed over: the service that knows breached passwords gave no answer in time.",
        ("code.sent", ..) => "Sent: what proves a mailbox was asked for, within the limits of mailbox and network.",
        _ => "Noted: nothing was decided by a rule.",
    }
}
