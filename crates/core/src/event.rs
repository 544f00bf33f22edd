//! What happened, for the audit trail: written in the same transaction as what it tells.

use crate::ids::{ClientId, EventId, RequestId, SessionId, UserId};
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// The kinds of events. The names are stable: operators filter by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum EventKind {
    /// An account was made.
    UserCreated,
    /// A guest became somebody with a way in; the account is the same.
    UserUpgraded,
    /// A guest signed in to an account that was there already: the detail says which guest.
    GuestJoined,
    /// A name was changed.
    UserUpdated,
    /// A sign-in ended in a session.
    SessionCreated,
    /// What a session waited for was done: it counts from now on.
    SessionActivated,
    /// A session was ended by its owner on that client.
    SessionEnded,
    /// A session was ended from elsewhere.
    SessionRevoked,
    /// A factor was proved again in a running session.
    SessionReverified,
    /// A first factor was refused.
    SignInFailed,
    /// A first factor was right, and the sign-in is so unusual that more is asked for.
    SignInUnusual,
    /// A code was asked for.
    CodeSent,
    /// A form was filled in by a program: it got the usual answer, and nothing was made.
    BotTrapped,
    /// The provider of challenges gave no answer that says anything.
    CaptchaUnavailable,
    /// A password was set or changed.
    PasswordChanged,
    /// A password was reset through the mailbox.
    PasswordReset,
    /// The service that knows breached passwords gave no answer, so a new password was taken without it.
    BreachCheckFailed,
    /// An address was added, unverified.
    EmailAdded,
    /// An address was proved.
    EmailVerified,
    /// Another address became the primary one.
    EmailPrimaryChanged,
    /// An address was removed.
    EmailRemoved,
    /// A change of the primary address was undone by its former owner.
    EmailChangeUndone,
    /// A phone number was added, unverified.
    PhoneAdded,
    /// A phone number was proved.
    PhoneVerified,
    /// Another phone number became the primary one.
    PhonePrimaryChanged,
    /// A phone number was removed.
    PhoneRemoved,
    /// The username was chosen, changed or removed.
    UsernameChanged,
    /// A second factor was refused.
    SecondFactorFailed,
    /// An authenticator app was added.
    TotpAdded,
    /// An authenticator app was removed.
    TotpRemoved,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was given another name.
    PasskeyRenamed,
    /// A passkey was removed.
    PasskeyRemoved,
    /// A passkey's counter went back: there may be a copy of it (WebAuthn Level 3, 7.2).
    PasskeyCloneSuspected,
    /// Its owner wants a passkey to be asked for after other first factors, or no longer.
    PasskeyAfterChanged,
    /// Its owner wants a code to a phone to be asked for after other first factors, or no longer, or to another one first.
    PhoneSecondChanged,
    /// A new set of backup codes was made; the old one is dead.
    BackupCodesMade,
    /// The backup codes were removed.
    BackupCodesRemoved,
    /// A backup code was used.
    BackupCodeUsed,
    /// Its owner said of something that they did not do it: sessions, devices and the password are gone.
    AccountSecured,
    /// A password became known to others, and opens nothing until a new one is set.
    PasswordCompromised,
    /// A password that was taken for compromised is good again.
    PasswordCleared,
    /// Too many wrong passwords in a row came from unknown devices: the password is closed there.
    PasswordClosed,
    /// A device is trusted: no second factor is asked for there.
    TrustedDeviceAdded,
    /// A device is trusted no more.
    TrustedDeviceRevoked,
    /// Somebody with the first factor asked to come back without the second.
    RecoveryAsked,
    /// The owner, a second factor or an operator put an end to that.
    RecoveryCancelled,
    /// An operator let it come to its end sooner.
    RecoveryShortened,
    /// Nobody said no: the second factors are removed.
    RecoveryCompleted,
    /// An account was deleted.
    UserDeleted,
    /// An account was banned.
    UserBanned,
    /// A ban was lifted.
    UserUnbanned,
    /// An account was locked.
    UserLocked,
    /// A lock was lifted.
    UserUnlocked,
    /// An account's password was removed.
    PasswordRemoved,
    /// A key that signs tokens was made and published.
    SigningKeyMade,
    /// The published key signs from now on.
    SigningKeyActivated,
    /// A secret key of an app's backend was made.
    SecretKeyMade,
    /// A secret key was revoked.
    SecretKeyRevoked,
    /// A secret key came from a browser, where everybody can read it.
    SecretKeyExposed,
    /// Somebody was invited.
    InvitationMade,
    /// An invitation was revoked.
    InvitationRevoked,
    /// An invitation led to an account.
    InvitationAccepted,
    /// A ticket that signs a user in was made.
    SignInTokenMade,
    /// A ticket was revoked.
    SignInTokenRevoked,
    /// Somebody was put on the waitlist.
    WaitlistJoined,
    /// Somebody on the waitlist was rejected.
    WaitlistRejected,
    /// Somebody was taken off the waitlist.
    WaitlistRemoved,
    /// What the instance offers to apps was changed: templates, lists, addresses.
    InstanceChanged,
    /// An endpoint of webhooks was made.
    WebhookMade,
    /// An endpoint was changed: switched on, or given another secret.
    WebhookChanged,
    /// An endpoint was removed.
    WebhookRemoved,
    /// An endpoint was switched off, since it answered no more.
    WebhookDisabled,
}

impl EventKind {
    /// The name in the database and in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UserCreated => "user.created",
            Self::UserUpgraded => "user.upgraded",
            Self::GuestJoined => "guest.joined",
            Self::UserUpdated => "user.updated",
            Self::SessionCreated => "session.created",
            Self::SessionActivated => "session.activated",
            Self::SessionEnded => "session.ended",
            Self::SessionRevoked => "session.revoked",
            Self::SessionReverified => "session.reverified",
            Self::SignInFailed => "sign_in.failed",
            Self::SignInUnusual => "sign_in.unusual",
            Self::CodeSent => "code.sent",
            Self::BotTrapped => "bot.trapped",
            Self::CaptchaUnavailable => "captcha.unavailable",
            Self::PasswordChanged => "password.changed",
            Self::PasswordReset => "password.reset",
            Self::BreachCheckFailed => "breach_check.failed",
            Self::EmailAdded => "email.added",
            Self::EmailVerified => "email.verified",
            Self::EmailPrimaryChanged => "email.primary_changed",
            Self::EmailRemoved => "email.removed",
            Self::EmailChangeUndone => "email.change_undone",
            Self::PhoneAdded => "phone.added",
            Self::PhoneVerified => "phone.verified",
            Self::PhonePrimaryChanged => "phone.primary_changed",
            Self::PhoneRemoved => "phone.removed",
            Self::UsernameChanged => "username.changed",
            Self::SecondFactorFailed => "second_factor.failed",
            Self::TotpAdded => "totp.added",
            Self::TotpRemoved => "totp.removed",
            Self::PasskeyAdded => "passkey.added",
            Self::PasskeyRenamed => "passkey.renamed",
            Self::PasskeyRemoved => "passkey.removed",
            Self::PasskeyCloneSuspected => "passkey.clone_suspected",
            Self::PasskeyAfterChanged => "passkey.after_changed",
            Self::PhoneSecondChanged => "phone.second_factor_changed",
            Self::BackupCodesMade => "backup_codes.made",
            Self::BackupCodesRemoved => "backup_codes.removed",
            Self::BackupCodeUsed => "backup_code.used",
            Self::AccountSecured => "account.secured",
            Self::PasswordCompromised => "password.compromised",
            Self::PasswordCleared => "password.cleared",
            Self::PasswordClosed => "password.closed",
            Self::TrustedDeviceAdded => "trusted_device.added",
            Self::TrustedDeviceRevoked => "trusted_device.revoked",
            Self::RecoveryAsked => "recovery.asked",
            Self::RecoveryCancelled => "recovery.cancelled",
            Self::RecoveryShortened => "recovery.shortened",
            Self::RecoveryCompleted => "recovery.completed",
            Self::UserDeleted => "user.deleted",
            Self::UserBanned => "user.banned",
            Self::UserUnbanned => "user.unbanned",
            Self::UserLocked => "user.locked",
            Self::UserUnlocked => "user.unlocked",
            Self::PasswordRemoved => "password.removed",
            Self::SigningKeyMade => "signing_key.made",
            Self::SigningKeyActivated => "signing_key.activated",
            Self::SecretKeyMade => "secret_key.made",
            Self::SecretKeyRevoked => "secret_key.revoked",
            Self::SecretKeyExposed => "secret_key.exposed",
            Self::InvitationMade => "invitation.made",
            Self::InvitationRevoked => "invitation.revoked",
            Self::InvitationAccepted => "invitation.accepted",
            Self::SignInTokenMade => "sign_in_token.made",
            Self::SignInTokenRevoked => "sign_in_token.revoked",
            Self::WaitlistJoined => "waitlist.joined",
            Self::WaitlistRejected => "waitlist.rejected",
            Self::WaitlistRemoved => "waitlist.removed",
            Self::InstanceChanged => "instance.changed",
            Self::WebhookMade => "webhook.made",
            Self::WebhookChanged => "webhook.changed",
            Self::WebhookRemoved => "webhook.removed",
            Self::WebhookDisabled => "webhook.disabled",
        }
    }
}

/// One event, ready to be written. The person's facts are sealed already.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// When.
    pub at: Time,
    /// What.
    pub kind: EventKind,
    /// About whom, where that is known.
    pub user: Option<UserId>,
    /// On which client.
    pub client: Option<ClientId>,
    /// In which session.
    pub session: Option<SessionId>,
    /// By which door.
    pub door: &'static str,
    /// In which request.
    pub request: RequestId,
    /// What else, without anything personal: a JSON object.
    pub detail: String,
    /// Address and agent, sealed under the user's key or the day's.
    pub facts: Vec<u8>,
    /// Which key sealed them: `user` or the day, as `2026-11-23`.
    pub facts_key: String,
    /// The same facts in the open, for who is told of it. They are written nowhere as they are.
    pub from: ClientFacts,
}

/// The facts about a person that an event or a session keeps sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientFacts {
    /// The network address.
    pub address: String,
    /// The User-Agent header.
    pub agent: String,
}
