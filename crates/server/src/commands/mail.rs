//! `housekey mail test`

use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use housekey::{
    Clock, SystemClock, SystemEntropy,
    mail::{HeaderText, Mailbox, Mailer, OutgoingMail, Smtp},
    settings::Settings,
};
use housekey_core::{identifier::email::Email, ids::MailId};

use super::refuse;
use crate::{
    config::{Flags, load},
    control::{Ask, ask},
    out::{print, print_json},
};

/// Has the running server send, or sends from here.
pub fn test_mail(flags: &Flags, to: &str, json: bool) -> anyhow::Result<ExitCode> {
    let config = match load(flags) {
        Ok(config) => config,
        Err(report) => return refuse(&report, json),
    };
    let question = Ask::MailTest { to: to.to_owned() };
    if ask::<bool>(&config.server.data, &question)?.is_none() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(send_test(&config.settings.settings, to))?;
    }
    if json {
        print_json(&serde_json::json!({ "taken": true, "to": to }))?;
    } else {
        print(&format!("The mail server took a test message to {to}.\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Sends one test message and waits for what the mail server says.
pub async fn send_test(settings: &Settings, to: &str) -> anyhow::Result<()> {
    let to = Email::parse(to).map_err(|_| anyhow!("not an e-mail address; write one as ada@example.com"))?;
    let Some(url) = &settings.smtp_url else {
        bail!("`mail.smtp` is not set, so no mail leaves; write it as \"smtps://user:password@smtp.example.com\"");
    };
    let Some(from) = &settings.mail_from else {
        bail!("`mail.from` is not set; write it as \"Acme <no-reply@acme.example>\"");
    };
    let name = from.name.as_deref().unwrap_or(&settings.name);
    let words = format!("This is a test message from {}. Its mail settings work.", settings.name);
    let now = SystemClock::start().now();
    let mail = OutgoingMail {
        id: MailId::new(now, &SystemEntropy),
        at: now,
        to,
        from: Mailbox::new(Some(name), from.email.clone()).context("`mail.from`")?,
        subject: HeaderText::parse(&format!("Test message from {}", settings.name)).context("`site.name`")?,
        html: format!("<!doctype html><p>{}</p>", escaped(&words)),
        text: format!("{words}\n"),
    };
    let smtp = Smtp::new(url.expose()).context("`mail.smtp`")?;
    smtp.send(&mail).await.context("the mail server did not take the message")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
