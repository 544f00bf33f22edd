//! What webhooks tell: read in the transaction that changes it, behind the change, and queued with it. The audit trail
//! is the one place that every change passes through, so it is told from there, whichever door it came by.

use crate::{
    StoreError, emails,
    emails::EmailRow,
    invitations,
    invitations::InvitationRow,
    mail::Channel,
    passkeys::{self, PasskeyRow},
    phones::{self, PhoneRow},
    sessions,
    sessions::SessionRow,
    sql::Tx,
    users,
    users::UserRow,
    webhook_queue::{self, NewMessage},
    webhooks::{self, Ear},
};
use housekey_core::{
    event::{ClientFacts, Event, EventKind},
    ids::{InvitationId, MailId, MessageId, UserId},
    session::Status,
    time::Time,
    webhook::WebhookKind,
};

/// Writes messages: the form is a contract's, and the key is the house's.
pub trait Teller: Send + Sync {
    /// A name for a new message.
    ///
    /// # Errors
    /// When nobody is there to write it.
    fn name(&self, at: Time) -> Result<MessageId, StoreError>;

    /// The message's body, sealed for its row.
    ///
    /// # Errors
    /// When it cannot be written; the change that it tells of is then undone.
    fn write(&self, id: &MessageId, told: Told<'_>) -> Result<Vec<u8>, StoreError>;
}

/// One thing to tell.
pub struct Told<'a> {
    /// What.
    pub kind: WebhookKind,
    /// When.
    pub at: Time,
    /// Who caused it, from where.
    pub from: &'a ClientFacts,
    /// About what.
    pub about: Subject<'a>,
}

/// What is told about, as it is after the change; what is gone, as it was before.
pub enum Subject<'a> {
    /// A user.
    User(Box<Person>),
    /// A user who is gone.
    Gone(&'a UserId),
    /// A session with its user.
    Session(Box<SessionRow>, End, Box<Person>),
    /// An invitation.
    Invitation(Box<InvitationRow>),
    /// A mail.
    Mail(&'a TellMail, Option<&'a UserId>),
}

/// A user with all addresses, numbers and passkeys.
pub struct Person {
    /// The user.
    pub user: UserRow,
    /// The addresses, in the order they were added.
    pub emails: Vec<EmailRow>,
    /// The numbers, in the order they were added.
    pub phones: Vec<PhoneRow>,
    /// The passkeys, in the order they were added.
    pub passkeys: Vec<PasskeyRow>,
}

/// How a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It goes on.
    Open,
    /// Its owner ended it.
    Ended,
    /// It left its browser.
    Removed,
    /// Another one took its place.
    Replaced,
    /// It was ended from elsewhere.
    Revoked,
}

impl End {
    fn kind(self) -> WebhookKind {
        match self {
            Self::Open => WebhookKind::SessionCreated,
            Self::Ended => WebhookKind::SessionEnded,
            Self::Removed | Self::Replaced => WebhookKind::SessionRemoved,
            Self::Revoked => WebhookKind::SessionRevoked,
        }
    }
}

/// What is told of a mail. Neither its text nor what is secret in it.
#[derive(Clone, Debug)]
pub struct TellMail {
    /// Which.
    pub id: MailId,
    /// How it leaves.
    pub channel: Channel,
    /// Its kind.
    pub letter: &'static str,
    /// Who gets it.
    pub to: String,
    /// Queued for equal work only; nobody gets it, and nobody is told.
    pub never_send: bool,
}

/// What an operation did beside its events, until they are written.
#[derive(Default)]
pub(crate) struct Aside {
    pub mails: Vec<TellMail>,
    pub sessions: Vec<(SessionRow, End)>,
    pub invitations: Vec<(InvitationId, WebhookKind)>,
}

impl Aside {
    fn is_empty(&self) -> bool {
        self.mails.is_empty() && self.sessions.is_empty() && self.invitations.is_empty()
    }
}

/// Tells what these events and the operation around them did.
pub(crate) async fn events(tx: &mut Tx, events: &[Event]) -> Result<(), StoreError> {
    let aside = std::mem::take(&mut tx.aside);
    let (Some(first), Some(teller)) = (events.first(), tx.teller()) else { return Ok(()) };
    if aside.is_empty() && events.iter().all(|e| meant(e.kind).is_none()) {
        return Ok(());
    }
    let ears = webhooks::ears(tx).await?;
    let mut voice = Voice { teller: teller.as_ref(), ears: &ears, at: first.at, from: &first.from };
    for mail in &aside.mails {
        let whom = events.iter().find_map(|e| e.user.as_ref());
        let kind = match mail.channel {
            Channel::Mail => WebhookKind::EmailCreated,
            Channel::Sms => WebhookKind::SmsCreated,
        };
        voice.say(tx, kind, Subject::Mail(mail, whom), whom, mail.never_send).await?;
    }
    for (session, end) in aside.sessions {
        voice.session(tx, session, end).await?;
    }
    for (id, kind) in &aside.invitations {
        if voice.heard(*kind)
            && let Some(row) = invitations::one(tx, id).await?
        {
            voice.say(tx, *kind, Subject::Invitation(Box::new(row)), None, false).await?;
        }
    }
    let mut said: Vec<(&UserId, WebhookKind)> = Vec::new();
    for event in events {
        (voice.at, voice.from) = (event.at, &event.from);
        let (Some(kind), Some(user)) = (meant(event.kind), &event.user) else { continue };
        match kind {
            WebhookKind::UserDeleted => voice.say(tx, kind, Subject::Gone(user), Some(user), false).await?,
            WebhookKind::SessionCreated => {
                let Some(id) = &event.session else { continue };
                if let Some(session) = sessions::one(tx, id).await? {
                    voice.session(tx, session, End::Open).await?;
                }
            }
            // One change may be several events, and is told once; what was made is told as made.
            _ if said
                .iter()
                .any(|(who, what)| *who == user && (*what == WebhookKind::UserCreated || *what == kind)) => {}
            _ => {
                said.push((user, kind));
                if voice.heard(kind)
                    && let Some(person) = person(tx, user).await?
                {
                    voice.say(tx, kind, Subject::User(person), Some(user), false).await?;
                }
            }
        }
    }
    Ok(())
}

struct Voice<'a> {
    teller: &'a dyn Teller,
    ears: &'a [Ear],
    at: Time,
    from: &'a ClientFacts,
}

impl Voice<'_> {
    fn heard(&self, kind: WebhookKind) -> bool {
        self.ears.iter().any(|ear| ear.hears(kind))
    }

    async fn session(&self, tx: &mut Tx, row: SessionRow, end: End) -> Result<(), StoreError> {
        let kind = end.kind();
        // While a task is open nobody is signed in by it (SEC-60).
        if row.session.status == Status::Pending || !self.heard(kind) {
            return Ok(());
        }
        let user = row.session.user.clone();
        match person(tx, &user).await? {
            Some(person) => self.say(tx, kind, Subject::Session(Box::new(row), end, person), Some(&user), false).await,
            None => Ok(()),
        }
    }

    async fn say(
        &self,
        tx: &mut Tx,
        kind: WebhookKind,
        about: Subject<'_>,
        user: Option<&UserId>,
        never_send: bool,
    ) -> Result<(), StoreError> {
        if !self.heard(kind) {
            return Ok(());
        }
        let id = self.teller.name(self.at)?;
        let sealed = self.teller.write(&id, Told { kind, at: self.at, from: self.from, about })?;
        let new = NewMessage { id: &id, kind, user, sealed, never_send, now: self.at };
        webhook_queue::insert(tx, self.ears, new).await
    }
}

async fn person(tx: &mut Tx, id: &UserId) -> Result<Option<Box<Person>>, StoreError> {
    let Some(user) = users::one(tx, id).await? else { return Ok(None) };
    let passkeys = if user.passkeys > 0 { passkeys::of(tx, id).await? } else { Vec::new() };
    let (emails, phones) = (emails::of(tx, id).await?, phones::of(tx, id).await?);
    Ok(Some(Box::new(Person { user, emails, phones, passkeys })))
}

/// What an event is to those who are told.
fn meant(kind: EventKind) -> Option<WebhookKind> {
    use EventKind as E;
    match kind {
        E::UserCreated => Some(WebhookKind::UserCreated),
        E::UserUpdated
        | E::UserUpgraded
        | E::PasswordChanged
        | E::PasswordReset
        | E::PasswordRemoved
        | E::EmailAdded
        | E::EmailVerified
        | E::EmailPrimaryChanged
        | E::EmailRemoved
        | E::EmailChangeUndone
        | E::TotpAdded
        | E::TotpRemoved
        | E::BackupCodesMade
        | E::BackupCodesRemoved
        | E::PasskeyAdded
        | E::PasskeyRenamed
        | E::PasskeyRemoved
        | E::PasskeyAfterChanged
        | E::PhoneSecondChanged
        | E::UsernameChanged
        | E::PhoneAdded
        | E::PhoneVerified
        | E::PhonePrimaryChanged
        | E::PhoneRemoved
        | E::UserBanned
        | E::UserUnbanned
        | E::UserLocked
        | E::UserUnlocked => Some(WebhookKind::UserUpdated),
        E::UserDeleted => Some(WebhookKind::UserDeleted),
        E::SessionCreated => Some(WebhookKind::SessionCreated),
        _ => None,
    }
}
