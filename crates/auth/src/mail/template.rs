//! Letters written out: text and HTML from templates that an operator can replace one file at a time.

use super::{
    facts::Facts,
    letter::Letter,
    letterhead::Letterhead,
    mailed::MailedSecret,
    message::{HeaderText, Mailbox, OutgoingMail},
    posted::Posted,
    words::{self, Words},
};
use crate::sms::Texted;
use fluent_templates::fluent_bundle::FluentArgs;
use housekey_core::{ids::MailId, time::Time};
use jiff::{Timestamp, tz::TimeZone};
use minijinja::{AutoEscape, Environment, State, UndefinedBehavior, Value, context, syntax::SyntaxConfig};
use std::{collections::BTreeMap, fmt, path::Path, sync::Arc};

/// The templates of all letters, parsed and tried.
pub struct Letters {
    templates: Environment<'static>,
    words: Arc<Words>,
    head: Letterhead,
    from: Mailbox,
}

/// Everything that is wrong with the templates, one fault a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFaults(pub Vec<TemplateFault>);

/// A template or message file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFault {
    /// The file's name in its folder.
    pub file: String,
    /// The line, counted from one; zero where the whole file is meant.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// Why a letter could not be written. It names the template and the line, never the content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("letter `{kind}` cannot be written: {why}")]
pub struct WriteFault {
    /// Which letter.
    pub kind: &'static str,
    /// What is wrong.
    pub why: String,
}

macro_rules! built_in {
    ($($name:literal)*) => { [$(($name, include_str!(concat!("../../templates/mail/", $name)))),*] };
}

const BUILT_IN: [(&str, &str); 80] = built_in! {
    "_letter.html" "_code.html" "_notice.html" "_code.txt" "_notice.txt" "_facts.txt"
    "sign_in_code.html" "sign_in_code.txt" "device_code.html" "device_code.txt" "notice_sign_in_refused.html" "notice_sign_in_refused.txt"
    "sign_up_code.html" "sign_up_code.txt"
    "sign_up_existing.html" "sign_up_existing.txt" "reset_code.html" "reset_code.txt"
    "verify_email_code.html" "verify_email_code.txt" "step_up_code.html" "step_up_code.txt"
    "notice_password_changed.html" "notice_password_changed.txt" "notice_email_added.html" "notice_email_added.txt"
    "notice_factor_added.html" "notice_factor_added.txt" "notice_factor_removed.html" "notice_factor_removed.txt"
    "notice_passkey_added.html" "notice_passkey_added.txt" "notice_passkey_removed.html" "notice_passkey_removed.txt"
    "notice_passkey_copied.html" "notice_passkey_copied.txt" "notice_two_step_on.html" "notice_two_step_on.txt"
    "notice_two_step_off.html" "notice_two_step_off.txt"
    "notice_backup_code_used.html" "notice_backup_code_used.txt" "invitation.html" "invitation.txt"
    "waitlist_joined.html" "waitlist_joined.txt"
    "notice_email_removed.html" "notice_email_removed.txt"
    "notice_phone_added.html" "notice_phone_added.txt" "notice_phone_removed.html" "notice_phone_removed.txt"
    "notice_second_phone_on.html" "notice_second_phone_on.txt" "notice_second_phone_off.html" "notice_second_phone_off.txt"
    "notice_username_changed.html" "notice_username_changed.txt"
    "notice_primary_replaced.html" "notice_primary_replaced.txt"
    "notice_primary_changed.html" "notice_primary_changed.txt" "notice_new_device.html" "notice_new_device.txt"
    "notice_recovery_asked.html" "notice_recovery_asked.txt" "notice_recovery_soon.html" "notice_recovery_soon.txt"
    "notice_recovery_done.html" "notice_recovery_done.txt" "notice_recovery_ended.html" "notice_recovery_ended.txt"
    "notice_password_compromised.html" "notice_password_compromised.txt"
    "notice_password_closed.html" "notice_password_closed.txt"
    "notice_webhook_disabled.html" "notice_webhook_disabled.txt" "test.html" "test.txt"
};

impl Letters {
    /// Reads all templates and writes one sample of every letter. Files in `mail/` of the operator's folder stand in
    /// place of the built-in ones of the same name.
    ///
    /// # Errors
    /// All faults at once: a file that no letter uses, a line that does not parse, a variable that does not exist.
    pub fn new(head: Letterhead, folder: Option<&Path>) -> Result<Self, TemplateFaults> {
        Self::load(head, folder).map_err(TemplateFaults)
    }

    fn load(head: Letterhead, folder: Option<&Path>) -> Result<Self, Vec<TemplateFault>> {
        let no_sender = || vec![TemplateFault::new("mail", 0, "there is no address to send from".to_owned())];
        let from = head.from().cloned().ok_or_else(no_sender)?;
        let mut over = folder.map(overrides).transpose()?.unwrap_or_default();
        let words = Arc::new(Words::load(over.remove(words::FILE))?);
        let mut templates = environment(Arc::clone(&words))?;
        let mut faults = Vec::new();
        for (name, built_in) in BUILT_IN {
            let source = over.remove(name).unwrap_or_else(|| built_in.to_owned());
            if let Err(error) = templates.add_template_owned(name, source) {
                faults.push(TemplateFault::of(name, &error));
            }
        }
        let stray = || format!("no letter uses a file of this name; known are {}", known());
        faults.extend(over.keys().map(|name| TemplateFault::new(name, 0, stray())));
        let letters = Self { templates, words, head, from };
        if faults.is_empty() {
            faults = letters.try_all();
        }
        if faults.is_empty() { Ok(letters) } else { Err(faults) }
    }

    /// Writes a letter out for its reader.
    ///
    /// # Errors
    /// When an operator's template fails with this letter's content.
    pub fn write(&self, id: MailId, posted: &Posted) -> Result<OutgoingMail, WriteFault> {
        let letter = &posted.letter;
        let fault = |why: String| WriteFault { kind: letter.kind(), why };
        let (subject, text, html) = self.parts(letter).map_err(|f| fault(f.to_string()))?;
        Ok(OutgoingMail {
            id,
            at: letter.asked().at,
            to: posted.to.clone(),
            from: self.from.clone(),
            subject,
            text,
            html,
        })
    }

    /// Writes a message to a phone. Its last line ties the code to our host, for browsers that fill it in by themselves
    /// and only there.
    ///
    /// # Errors
    /// When an operator's words fail.
    pub fn message(&self, texted: &Texted) -> Result<String, WriteFault> {
        let kind = texted.kind.as_str();
        let mut args = FluentArgs::new();
        args.set("app", self.head.app());
        args.set("code", texted.code.text());
        let text = self.words.write(&format!("sms-{kind}"), &args).map_err(|why| WriteFault { kind, why })?;
        let host = self.head.host();
        let host = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
        Ok(format!("{}\n\n@{host} #{}", text.trim_end(), texted.code.text()))
    }

    fn try_all(&self) -> Vec<TemplateFault> {
        let mut faults: Vec<TemplateFault> =
            Letter::samples().iter().filter_map(|letter| self.parts(letter).err()).collect();
        let messages = Texted::samples();
        let unwritten = messages.iter().filter_map(|texted| self.message(texted).err());
        faults.extend(unwritten.map(|fault| TemplateFault::new(words::FILE, 0, fault.why)));
        faults.dedup();
        faults
    }

    fn parts(&self, letter: &Letter) -> Result<(HeaderText, String, String), TemplateFault> {
        let mut key = format!("mail-{}", letter.kind().replace('_', "-"));
        // A letter with a link alone has words of its own.
        if letter.proof().is_some_and(|(proof, _)| proof.code.is_none()) {
            key = format!("{}-link", key.trim_end_matches("-code"));
        }
        let mut args = FluentArgs::new();
        args.set("app", self.head.app());
        let subject = self
            .words
            .write(&format!("{key}-subject"), &args)
            .and_then(|text| HeaderText::parse(&text).map_err(|fault| format!("the subject of `{key}`: {fault}")))
            .map_err(|why| TemplateFault::new(words::FILE, 0, why))?;
        let values = self.values(letter, &key, &subject).map_err(|why| TemplateFault::new(words::FILE, 0, why))?;
        let part = |end: &str| {
            let name = format!("{}.{end}", letter.kind());
            let template = self.templates.get_template(&name);
            template.and_then(|t| t.render(&values)).map_err(|error| TemplateFault::of(&name, &error))
        };
        Ok((subject, tidy(&part("txt")?), part("html")?))
    }

    fn values(&self, letter: &Letter, key: &str, subject: &HeaderText) -> Result<Value, String> {
        let asked = letter.asked();
        let device = self.device(asked)?;
        let when = moment(asked.at);
        let say = |id: &str| self.words.write(id, &FluentArgs::new());
        let heading = say(if letter.proof().is_some() { "mail-facts-code" } else { "mail-facts-notice" })?;
        let mut facts =
            vec![fact(say("mail-fact-when")?, when.clone()), fact(say("mail-fact-device")?, device.clone())];
        if let Some(address) = asked.address {
            facts.push(fact(say("mail-fact-address")?, address.to_string()));
        }
        if let Some(place) = &asked.place {
            facts.push(fact(say("mail-fact-place")?, place.clone()));
        }
        let shared = context! {
            app => self.head.app(), host => self.head.host(), accent => self.head.accent(),
            on_accent => self.head.on_accent(), key, kind => letter.kind(), subject => subject.as_str(),
            device, when, facts, facts_heading => heading,
            not_me_url => letter.not_me().map(|token| self.head.not_me_url(token.text())),
        };
        Ok(context! { ..self.own(letter), ..shared })
    }

    /// What one kind has beyond the others.
    fn own(&self, letter: &Letter) -> Value {
        if let Some((proof, expires)) = letter.proof() {
            let left = expires.since(letter.asked().at).as_secs();
            return context! {
                code => proof.code.map(MailedSecret::text),
                link_url => proof.link.map(|token| self.head.link_url(token.text())),
                minutes => left.div_ceil(60),
            };
        }
        match letter {
            Letter::NoticeEmailAdded { added, .. } => context! { added => added.typed() },
            Letter::NoticePhoneAdded { added, .. } => context! { added },
            Letter::NoticePhoneRemoved { removed, .. } => context! { added => removed },
            Letter::NoticeSecondPhoneOn { phone, .. } | Letter::NoticeSecondPhoneOff { phone, .. } => {
                context! { added => phone }
            }
            Letter::NoticePrimaryChanged { primary, undo, undo_until, .. } => context! {
                primary => primary.typed(),
                undo_url => self.head.undo_url(undo.text()),
                undo_until => moment(*undo_until),
            },
            Letter::NoticeRecoveryAsked { cancel, until, .. } | Letter::NoticeRecoverySoon { cancel, until, .. } => {
                context! { cancel_url => self.head.cancel_url(cancel.text()), until => moment(*until) }
            }
            Letter::NoticePasswordCompromised { .. } | Letter::NoticeRecoveryDone { .. } => {
                context! { reset_url => self.head.reset_url() }
            }
            Letter::NoticePasswordClosed { .. } => context! { sign_in_url => self.head.sign_in_url() },
            Letter::NoticeBackupCodeUsed { left, .. } => context! { left => *left },
            Letter::NoticeWebhookDisabled { endpoint, .. } => context! { endpoint },
            Letter::Invitation { ticket, until, .. } => context! {
                ticket_url => self.head.ticket_url(ticket.text()),
                until => moment(*until),
            },
            _ => context! {},
        }
    }

    fn device(&self, asked: &Facts) -> Result<String, String> {
        let mut args = FluentArgs::new();
        match (asked.browser(), asked.system()) {
            (Some(browser), Some(system)) => {
                args.set("browser", browser);
                args.set("system", system);
                self.words.write("mail-device", &args)
            }
            (Some(one), None) | (None, Some(one)) => Ok(one.to_owned()),
            (None, None) => self.words.write("mail-device-unknown", &args),
        }
    }
}

impl TemplateFault {
    pub(super) fn new(file: &str, line: usize, why: String) -> Self {
        Self { file: file.to_owned(), line, why }
    }

    // The innermost cause names the file and line to look at; what includes or extends it does not.
    fn of(name: &str, error: &minijinja::Error) -> Self {
        let mut inner = error;
        while let Some(cause) = std::error::Error::source(inner).and_then(|e| e.downcast_ref::<minijinja::Error>()) {
            inner = cause;
        }
        let why = inner.detail().map_or_else(|| inner.kind().to_string(), |d| format!("{}: {d}", inner.kind()));
        Self::new(inner.name().unwrap_or(name), inner.line().unwrap_or(0), why)
    }
}

impl fmt::Display for TemplateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.why)
    }
}

impl fmt::Display for TemplateFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.0.iter().map(TemplateFault::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for TemplateFaults {}

impl fmt::Debug for Letters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letters").field("head", &self.head).finish_non_exhaustive()
    }
}

fn environment(words: Arc<Words>) -> Result<Environment<'static>, Vec<TemplateFault>> {
    let mut env = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    env.set_syntax(syntax.map_err(|error| vec![TemplateFault::of("", &error)])?);
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|name| if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None });
    // A template that includes itself must end before the stack does.
    env.set_recursion_limit(50);
    env.add_function("t", move |state: &State<'_, '_>, id: &str| words.in_template(state, id));
    Ok(env)
}

/// The operator's files. Hidden ones, and those that editors leave behind, are passed over.
fn overrides(folder: &Path) -> Result<BTreeMap<String, String>, Vec<TemplateFault>> {
    let shown = folder.display().to_string();
    let fault = |file: &str, error: std::io::Error| vec![TemplateFault::new(file, 0, error.to_string())];
    let mut found = BTreeMap::new();
    // An operator may replace pages alone; a folder that is not there at all is a mistake.
    std::fs::read_dir(folder).map_err(|e| fault(&shown, e))?;
    let folder = &folder.join("mail");
    if !folder.exists() {
        return Ok(found);
    }
    for entry in std::fs::read_dir(folder).map_err(|e| fault(&shown, e))? {
        let entry = entry.map_err(|e| fault(&shown, e))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || name.ends_with('~') || !entry.path().is_file() {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).map_err(|e| fault(&name, e))?;
        found.insert(name, text);
    }
    Ok(found)
}

fn known() -> String {
    BUILT_IN.iter().map(|(name, _)| *name).chain([words::FILE]).collect::<Vec<_>>().join(", ")
}

fn fact(label: String, value: String) -> Value {
    context! { label, value }
}

/// A moment as people read it, in the one zone that needs no knowledge of the reader.
fn moment(at: Time) -> String {
    Timestamp::from_millisecond(at.as_millis())
        .map(|at| at.to_zoned(TimeZone::UTC).strftime("%-d %B %Y, %H:%M UTC").to_string())
        .unwrap_or_default()
}

/// Text as mail wants it: no more than one empty line in a row, none at the ends.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut empty = 1;
    for line in text.lines() {
        // The signature mark is the one line that ends in a space.
        let line = if line == "-- " { line } else { line.trim_end() };
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            tidy.push_str(line);
            tidy.push('\n');
        }
    }
    tidy.truncate(tidy.trim_end().len());
    tidy.push('\n');
    tidy
}
