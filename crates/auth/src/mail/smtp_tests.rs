//! The SMTP mailer against servers of all manners.

use super::{
    message::{HeaderText, MailFault, Mailbox, Mailer, OutgoingMail},
    sink::{self, Manner, Sink},
    smtp::{Smtp, SmtpUrlFault},
};
use housekey_core::{entropy::Entropy, identifier::email::Email, ids::MailId, time::Time};
use std::time::Duration;

struct Sevens;

impl Entropy for Sevens {
    fn fill(&self, out: &mut [u8]) {
        out.fill(7);
    }
}

fn mail() -> OutgoingMail {
    OutgoingMail {
        at: Time::from_millis(1_795_452_399_000),
        id: MailId::new(Time::from_millis(1_795_452_399_000), &Sevens),
        to: Email::parse("ada@example.com").unwrap(),
        from: Mailbox::new(Some("Acmé, \"the\" <shop>"), Email::parse("no-reply@acme.example").unwrap()).unwrap(),
        subject: HeaderText::parse("Ihr Code für Acmé: x@y, Bcc: z@example.com").unwrap(),
        text: "492817 is your code.\n.\nLine two\n".to_owned(),
        html: "<p>492817</p>".to_owned(),
    }
}

fn smtp(sink: &Sink, credentials: &str, query: &str) -> Smtp {
    let url = format!("smtp://{credentials}{}{query}", sink.address);
    Smtp::new(&url).unwrap().within(Duration::from_millis(1500))
}

async fn send_to(manner: Manner) -> (Sink, Result<(), MailFault>) {
    let sink = Sink::start(manner).await;
    let answer = smtp(&sink, "", "").send(&mail()).await;
    (sink, answer)
}

#[tokio::test]
async fn sec_23_sec_24_one_recipient_and_only_our_headers() {
    let (sink, answer) = send_to(Manner::default()).await;
    answer.unwrap();
    let taken = sink.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].from, "MAIL FROM:<no-reply@acme.example>");
    assert_eq!(taken[0].to, ["RCPT TO:<ada@example.com>"]);
    let (head, body) = taken[0].data.split_once("\r\n\r\n").unwrap();
    let mut names: Vec<_> = head
        .lines()
        .filter(|l| !l.starts_with([' ', '\t']))
        .filter_map(|l| l.split_once(':'))
        .map(|(n, _)| n)
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"]
    );
    assert!(head.contains("Message-ID: <mail_"), "{head}");
    assert!(head.contains("multipart/alternative"), "{head}");
    assert!(body.contains("text/plain") && body.contains("text/html") && body.contains("492817 is your code."));
    assert!(body.contains("\r\n.\r\n"), "a lone dot is text: {body}");
}

#[tokio::test]
async fn a_passing_refusal_is_told_from_a_lasting_one() {
    let once = Manner { rcpt: ["451 4.7.1 Greylisted, come back later"].into(), ..Manner::default() };
    let (sink, answer) = send_to(once).await;
    let fault = answer.unwrap_err();
    assert!(!fault.permanent && fault.why.contains("451"), "{fault:?}");
    smtp(&sink, "", "").send(&mail()).await.unwrap();
    assert_eq!(sink.taken().len(), 1, "the second try is taken");

    let never = Manner { rcpt: ["550 5.1.1 <ada@example.com> unknown"].into(), ..Manner::default() };
    let fault = send_to(never).await.1.unwrap_err();
    assert!(fault.permanent && fault.why.contains("550"), "{fault:?}");
    let content = Manner { data: ["554 5.7.1 spam"].into(), ..Manner::default() };
    assert!(send_to(content).await.1.unwrap_err().permanent);
}

#[tokio::test]
async fn sec_122_a_servers_words_are_cleaned_for_the_log() {
    let echo = "550 no ada@example.com, it said \"492817 is your code\" \x1b[31m";
    let fault = send_to(Manner { data: [echo].into(), ..Manner::default() }).await.1.unwrap_err();
    assert!(!fault.why.contains("ada@") && !fault.why.contains("492817") && !fault.why.contains('\x1b'), "{fault:?}");
}

#[tokio::test]
async fn servers_that_talk_nonsense_nothing_or_leave() {
    for manner in [
        Manner { banner: Some("HTTP/1.1 400 Bad Request\r\n\r\n"), ..Manner::default() },
        Manner { banner: Some("\u{fffd}\u{0}\u{1}garbage\r\n"), ..Manner::default() },
        Manner { banner: Some("220-never\r\n220-ends\r\n"), ..Manner::default() },
        Manner { banner: Some(""), ..Manner::default() },
        Manner { hang_up: true, ..Manner::default() },
    ] {
        let fault = send_to(manner).await.1.unwrap_err();
        assert!(!fault.permanent, "{fault:?}");
    }
    assert!(!Smtp::new("smtp://127.0.0.1:1").unwrap().send(&mail()).await.unwrap_err().permanent);
}

#[tokio::test]
async fn without_starttls_nothing_is_said() {
    let sink = Sink::start(Manner { auth: Some("235 ok"), ..Manner::default() }).await;
    let fault = smtp(&sink, "ada:secret@", "?tls=required").send(&mail()).await.unwrap_err();
    assert!(!fault.permanent, "{fault:?}");
    assert!(fault.why.to_lowercase().contains("starttls"), "{fault:?}");
    let said = sink.commands();
    assert!(!said.iter().any(|verb| verb == "AUTH" || verb == "MAIL"), "{said:?}");
}

#[tokio::test]
async fn a_certificate_is_checked_before_anything_is_said() {
    let (tls, pem) = sink::tls();
    let sink = Sink::start(Manner { auth: Some("235 ok"), tls: Some(tls), ..Manner::default() }).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, pem).unwrap();
    let port = sink.address.port();
    let to = |query: String| Smtp::new(&format!("smtp://ada:secret@localhost:{port}?tls=required{query}")).unwrap();
    let fault = to(String::new()).send(&mail()).await.unwrap_err();
    assert!(!fault.permanent, "{fault:?}");
    assert!(!sink.commands().iter().any(|verb| verb == "AUTH" || verb == "MAIL"));

    to(format!("&ca={}", path.display())).send(&mail()).await.unwrap();
    assert_eq!(sink.taken().len(), 1);
    assert!(sink.commands().iter().any(|verb| verb == "AUTH"));

    std::fs::write(&path, "nothing").unwrap();
    let url = format!("smtps://h?ca={}", path.display());
    assert!(matches!(Smtp::new(&url), Err(SmtpUrlFault::Authority(_))));
}

#[tokio::test]
async fn an_address_beyond_ascii_needs_a_server_that_takes_it() {
    let mut mail = mail();
    mail.to = Email::parse("ädä@example.com").unwrap();
    let sink = Sink::start(Manner::default()).await;
    let fault = smtp(&sink, "", "").send(&mail).await.unwrap_err();
    assert!(fault.permanent && sink.taken().is_empty(), "{fault:?}");
}

#[tokio::test]
async fn a_refused_password_does_not_kill_the_mail() {
    let sink = Sink::start(Manner { auth: Some("535 5.7.8 bad credentials"), ..Manner::default() }).await;
    let mailer = smtp(&sink, "ada:s%20ecret@", "");
    assert!(!mailer.send(&mail()).await.unwrap_err().permanent);
    assert!(mailer.verify().await.unwrap_err().why.contains("535"));
    let sink = Sink::start(Manner { auth: Some("235 ok"), ..Manner::default() }).await;
    smtp(&sink, "ada:s%20ecret@", "").verify().await.unwrap();
    assert!(sink.taken().is_empty());
}

#[tokio::test]
async fn addresses_of_servers() {
    let fault = |url: &str| Smtp::new(url).err();
    for url in
        ["", "smtp://", "http://mail.example.com", "mail.example.com:25", "smtps://h?tls=none", "smtp://h?starttls=1"]
    {
        assert!(fault(url).is_some(), "{url}");
    }
    for url in [
        "smtps://user:p%40ss@mail.example.com",
        "smtp://user:pass@mail.example.com:2525",
        "smtp://relay.internal?tls=none",
        "smtp://[::1]:2525",
        "smtp://user:pass@localhost",
    ] {
        assert_eq!(fault(url), None, "{url}");
    }
    assert_eq!(fault("smtp://u:p@mail.example.com?tls=none"), Some(SmtpUrlFault::ClearPassword));
    assert_eq!(fault("smtp://u:%ff@mail.example.com"), Some(SmtpUrlFault::Credentials));
}
