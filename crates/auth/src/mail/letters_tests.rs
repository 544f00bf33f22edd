//! Every letter, in text and in HTML.

use super::{
    facts::Facts,
    letter::Letter,
    letterhead::Letterhead,
    mailed::MailedSecret,
    message::OutgoingMail,
    posted::{PostFault, Posted},
    template::Letters,
};
use crate::settings::{Mount, Sender, Settings};
use housekey_core::{
    entropy::Entropy,
    identifier::email::Email,
    ids::MailId,
    keyring::{Keyring, MasterKey},
    time::Time,
};
use std::net::IpAddr;
use url::Url;

struct Counting(std::sync::atomic::AtomicU8);

impl Entropy for Counting {
    fn fill(&self, out: &mut [u8]) {
        out.fill_with(|| self.0.fetch_add(37, std::sync::atomic::Ordering::Relaxed));
    }
}

fn entropy() -> Counting {
    Counting(std::sync::atomic::AtomicU8::new(5))
}

fn id() -> MailId {
    MailId::new(Time::from_millis(1_795_452_399_000), &entropy())
}

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn head(app: &str) -> Letterhead {
    let settings = Settings {
        name: app.to_owned(),
        mount: Mount::parse("/auth").unwrap(),
        mail_from: Sender::parse("no-reply@acme.example").ok(),
        ..Settings::default()
    };
    Letterhead::of(&settings, &Url::parse("https://acme.example").unwrap())
}

fn written(letter: Letter) -> OutgoingMail {
    let letters = Letters::new(head("Acme"), None).unwrap();
    letters.write(id(), &Posted::new(email("ada@example.com"), letter)).unwrap()
}

fn letter(kind: &str) -> Letter {
    Letter::samples().into_iter().find(|letter| letter.kind() == kind).unwrap()
}

/// The text of an HTML part, tags and styles left out.
fn visible(html: &str) -> String {
    let body = html.split_once("<body").unwrap().1;
    let mut text = String::new();
    for part in body.split_once('>').unwrap().1.split('<') {
        text.push_str(part.split_once('>').map_or("", |(_, text)| text));
        text.push(' ');
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_letter_says_what_when_from_where_and_what_to_do() {
    for sample in Letter::samples() {
        let kind = sample.kind();
        let code = sample.proof().is_some();
        let mail = written(sample);
        for part in [mail.text.clone(), visible(&mail.html)] {
            assert!(part.contains("Acme"), "{kind}: {part}");
            assert!(!part.contains("{") && !part.contains("mail-"), "{kind}: {part}");
            if ["notice_recovery_soon", "notice_recovery_done", "notice_password_compromised"].contains(&kind) {
                // Nobody asked for these in a browser.
                assert!(!part.contains("203.0.113.7") && part.contains("If "), "{kind}: {part}");
                continue;
            }
            if kind == "invitation" {
                // Who invites is an app's server: where it stands is nobody's business.
                assert!(!part.contains("203.0.113.7") && part.contains("If you do not know"), "{kind}: {part}");
                continue;
            }
            assert!(part.contains("Firefox on Linux"), "{kind}: {part}");
            assert!(part.contains("203.0.113.7") && part.contains("Lisbon, Portugal"), "{kind}: {part}");
            assert!(part.contains("23 November 2026, 16:46 UTC"), "{kind}: {part}");
            assert!(kind == "test" || part.contains("If it was not you") || part.contains("If you did not"), "{kind}");
            assert_eq!(part.contains("10 minutes"), code, "{kind}: {part}");
        }
        assert!(!mail.subject.as_str().contains("492817"), "{kind}: locked screens show subjects");
    }
}

#[test]
fn the_code_is_in_the_first_line_and_in_the_preheader() {
    for sample in Letter::samples().into_iter().filter(|letter| letter.code().is_some()) {
        let mail = written(sample);
        assert!(mail.text.starts_with("492817 is your code to "), "{}", mail.text);
        assert!(visible(&mail.html).starts_with("492817 is your code to "), "{}", mail.html);
        assert_eq!(mail.text.lines().filter(|line| *line == "492817").count(), 1, "alone on a line, to copy");
    }
}

#[test]
fn sec_33_sec_37_no_link_but_the_needed_one_and_nothing_from_a_network() {
    let leads = [
        "notice_recovery_asked",
        "notice_recovery_soon",
        "notice_recovery_done",
        "notice_password_compromised",
        "notice_password_closed",
    ];
    for sample in Letter::samples() {
        let kind = sample.kind();
        let owner = sample.not_me().is_some();
        let follows = sample.proof().is_some_and(|(proof, _)| proof.link.is_some());
        let mail = written(sample);
        let links = usize::from(
            owner || matches!(kind, "notice_primary_changed" | "invitation") || follows || leads.contains(&kind),
        );
        assert_eq!(mail.html.matches("http").count(), links, "{kind}: {}", mail.html);
        assert_eq!(mail.html.matches("href=").count(), links, "{kind}");
        assert_eq!(mail.text.matches("http").count(), links, "{kind}: {}", mail.text);
        for fetched in ["<img", "src=", "url(", "@import", "<link", "<script", "@font-face"] {
            assert!(!mail.html.contains(fetched), "{kind}: {fetched}");
        }
    }
    let undo = written(letter("notice_primary_changed"));
    let link = "https://acme.example/auth/undo?token=lnk_sample.c2FtcGxl";
    assert!(undo.text.contains(&format!("\n{link}\n")), "{}", undo.text);
    assert!(undo.html.contains(&format!("href=\"{link}\"")) || undo.html.contains("undo?token=lnk_sample.c2FtcGxl"));
    assert!(undo.text.contains("26 November 2026, 16:46 UTC"), "{}", undo.text);
    let told = written(letter("notice_new_device"));
    assert!(told.text.contains("\nhttps://acme.example/auth/not-me?token=lnk_sample.c2FtcGxl\n"), "{}", told.text);
}

#[test]
fn a_letter_in_full() {
    let expected = "\
492817 is your code to sign in to Acme.

Type this code on the page that asks for it:

492817

The code works once, within 10 minutes of being asked for, in the browser that asked for it.
Give it to nobody. Acme never asks you for it by phone, by mail or in a chat.

If you did not ask for it, do nothing. Without the code nobody gets in.

Asked for
When: 23 November 2026, 16:46 UTC
Browser: Firefox on Linux
Address: 203.0.113.7
Place: Lisbon, Portugal

-- 
Sent by Acme, acme.example.
";
    let mail = written(letter("sign_in_code"));
    assert_eq!(mail.text, expected);
    assert_eq!(mail.subject.as_str(), "Your code to sign in to Acme");
    assert_eq!(mail.from.to_string(), "Acme <no-reply@acme.example>");
}

#[test]
fn sec_24_user_text_is_escaped_and_letters_to_strangers_have_none() {
    let letters = Letters::new(head("<b>Ben & Jerry's</b>"), None).unwrap();
    let mut asked = Facts::of(Time::from_millis(0), "<script>alert(1)</script>", IpAddr::from([192, 0, 2, 1]));
    asked.place = Some("<i>Rio</i>".to_owned());
    let code = Some(MailedSecret::new("000123".to_owned()));
    let letter = Letter::SignUpCode { code, link: None, expires: Time::from_millis(600_000), asked };
    let mail = letters.write(id(), &Posted::new(email("stranger@example.com"), letter)).unwrap();
    assert!(
        !mail.html.contains("<b>") && !mail.html.contains("<i>") && !mail.html.contains("<script"),
        "{}",
        mail.html
    );
    assert!(mail.html.contains("&lt;b&gt;Ben &amp; Jerry"), "{}", mail.html);
    assert!(mail.text.contains("<b>Ben & Jerry's</b>"), "text stays text");
    assert!(mail.text.starts_with("000123 "), "zeros in front stay");
    assert!(!mail.text.contains("alert") && mail.text.contains("Browser: Unknown"), "{}", mail.text);
}

#[test]
fn layout_is_one_column_of_560_with_a_dark_side() {
    for sample in Letter::samples() {
        let html = written(sample).html;
        assert!(html.contains("max-width:560px") && html.contains("prefers-color-scheme: dark"));
        assert!(html.starts_with("<!doctype html>"), "{html}");
        assert!(html.contains("<html lang=\"en\" dir=\"ltr\">"));
        assert!(html.len() < 20_000, "{}", html.len());
    }
}

#[test]
fn an_operator_replaces_one_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("mail")).unwrap();
    std::fs::write(folder.path().join("mail/test.txt"), "Ahoy from {{ app }}\n").unwrap();
    std::fs::write(folder.path().join("mail/mail.ftl"), "mail-test-subject = Ahoy\n").unwrap();
    let letters = Letters::new(head("Acme"), Some(folder.path())).unwrap();
    let mail = letters.write(id(), &Posted::new(email("a@example.com"), letter("test"))).unwrap();
    assert_eq!((mail.text.as_str(), mail.subject.as_str()), ("Ahoy from Acme\n", "Ahoy"));
    assert!(mail.html.contains("This is a test"), "the other part stays");
}

#[test]
fn broken_overrides_are_refused_with_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("mail")).unwrap();
    let fault = |name: &str, text: &str| {
        std::fs::write(folder.path().join("mail").join(name), text).unwrap();
        let faults = Letters::new(head("Acme"), Some(folder.path())).unwrap_err().0;
        std::fs::remove_file(folder.path().join("mail").join(name)).unwrap();
        (faults[0].file.clone(), faults[0].line, faults[0].why.clone())
    };
    let (file, line, why) = fault("reset_code.html", "one\n{% if %}\n");
    assert_eq!((file.as_str(), line), ("reset_code.html", 2), "{why}");
    let (file, line, why) = fault("reset_code.txt", "one\n\n{{ nmae }}\n");
    assert_eq!((file.as_str(), line), ("reset_code.txt", 3), "{why}");
    let (file, line, why) = fault("_notice.html", "one\n{{ t(\"mail-nothing\") }}\n");
    assert_eq!((file.as_str(), line), ("_notice.html", 2), "{why}");
    assert!(why.contains("mail-nothing"), "{why}");
    let (file, _, why) = fault("sing_in_code.html", "x");
    assert!(file == "sing_in_code.html" && why.contains("sign_in_code.html"), "{why}");
    let missing = Letters::new(head("Acme"), Some(&folder.path().join("nowhere")));
    assert!(missing.is_err());
}

#[test]
fn sec_102_the_queue_shows_nothing_and_a_row_cannot_be_moved() {
    let entropy = entropy();
    let keys = Keyring::new(MasterKey::generate(&entropy), Vec::new());
    let (one, other) = (id(), MailId::new(Time::from_millis(1_795_452_400_000), &entropy));
    let sealed = Posted::new(email("ada@example.com"), letter("reset_code")).seal(&one, &keys, &entropy).unwrap();
    for secret in ["492817", "ada@", "reset"] {
        assert!(!sealed.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "{secret}");
    }
    assert_eq!(Posted::open(&one, &sealed, &keys).unwrap().letter.kind(), "reset_code");
    assert_eq!(Posted::open(&other, &sealed, &keys).err(), Some(PostFault::Unsealable));
}
