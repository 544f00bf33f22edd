//! The letters that are written, each with what it needs and nothing more.

use super::{
    facts::Facts,
    mailed::{MailedCode, MailedSecret},
};
use housekey_core::{identifier::email::Email, time::Time};
use serde::{Deserialize, Serialize};

/// One letter. The ones that go to addresses nobody has proved (all that carry a code) hold no text that a person
/// typed: whoever signs up with a stranger's address must not be able to write to them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[non_exhaustive]
pub enum Letter {
    /// A code to sign in with.
    SignInCode {
        /// Six digits; none where only a link is a way in.
        code: Option<MailedSecret>,
        /// The token of the page that a link leads to, where one is in the letter.
        #[serde(default)]
        link: Option<MailedSecret>,
        /// When the code ends.
        expires: Time,
        /// Who asked.
        asked: Facts,
    },
    /// A code that ends a sign-up.
    SignUpCode {
        /// Six digits; none where only a link is a way in.
        code: Option<MailedSecret>,
        /// The token of the page that a link leads to, where one is in the letter.
        #[serde(default)]
        link: Option<MailedSecret>,
        /// When the code ends.
        expires: Time,
        /// Who asked.
        asked: Facts,
    },
    /// A code that vouches for a new device, after a right password.
    DeviceCode {
        /// Six digits.
        code: Option<MailedSecret>,
        /// When the code ends.
        expires: Time,
        /// Who asked.
        asked: Facts,
    },
    /// Somebody signs up with an address that has an account already; the code signs in to that.
    SignUpExisting {
        /// Six digits; none where only a link is a way in.
        code: Option<MailedSecret>,
        /// The token of the page that a link leads to, where one is in the letter.
        #[serde(default)]
        link: Option<MailedSecret>,
        /// When the code ends.
        expires: Time,
        /// Who asked.
        asked: Facts,
    },
    /// A code to set a new password with.
    ResetCode {
        /// Six digits; none where only a link is a way in.
        code: Option<MailedSecret>,
        /// The token of the page that a link leads to, where one is in the letter.
        #[serde(default)]
        link: Option<MailedSecret>,
        /// When the code ends.
        expires: Time,
        /// Who asked.
        asked: Facts,
    },
    /// A code that proves an added address.
    VerifyEmailCode {
        /// Six digits; none where only a link is a way in.
        code: Option<MailedSecret>,
        /// The token of the page that a link leads to, where one is in the letter.
        #[serde(default)]
        link: Option<MailedSecret>,
        /// When the code ends.
        expires: Time,
        /// Who asked.
        asked: Facts,
    },
    /// A code that confirms it is still you before a risky change.
    StepUpCode {
        /// Six digits.
        code: Option<MailedSecret>,
        /// None: who confirms a change has a page open that asks for a code.
        #[serde(default)]
        link: Option<MailedSecret>,
        /// When the code ends.
        expires: Time,
        /// Who asked.
        asked: Facts,
    },
    /// The password was changed.
    NoticePasswordChanged {
        /// The token of the page for whoever did not do it.
        #[serde(default)]
        not_me: Option<MailedSecret>,
        /// By whom.
        asked: Facts,
    },
    /// A second factor was added to the account.
    NoticeFactorAdded {
        /// The token of the page for whoever did not do it.
        #[serde(default)]
        not_me: Option<MailedSecret>,
        /// By whom.
        asked: Facts,
    },
    /// A second factor was removed from the account.
    NoticeFactorRemoved {
        /// The token of the page for whoever did not do it.
        #[serde(default)]
        not_me: Option<MailedSecret>,
        /// By whom.
        asked: Facts,
    },
    /// A passkey was added to the account.
    NoticePasskeyAdded {
        /// The token of the page for whoever did not do it.
        not_me: Option<MailedSecret>,
        /// By whom.
        asked: Facts,
    },
    /// A passkey was removed from the account.
    NoticePasskeyRemoved {
        /// The token of the page for whoever did not do it.
        not_me: Option<MailedSecret>,
        /// By whom.
        asked: Facts,
    },
    /// A passkey was refused, since there may be a copy of it.
    NoticePasskeyCopied {
        /// The token of the page for whoever did not do it.
        not_me: Option<MailedSecret>,
        /// By whom.
        asked: Facts,
    },
    /// A passkey is asked for after every other first factor from now on.
    NoticeTwoStepOn {
        /// The token of the page for whoever did not do it.
        not_me: Option<MailedSecret>,
        /// By whom.
        asked: Facts,
    },
    /// It is no longer asked for.
    NoticeTwoStepOff {
        /// The token of the page for whoever did not do it.
        not_me: Option<MailedSecret>,
        /// By whom.
        asked: Facts,
    },
    /// A backup code was used.
    NoticeBackupCodeUsed {
        /// The token of the page for whoever did not do it.
        #[serde(default)]
        not_me: Option<MailedSecret>,
        /// How many are left.
        left: i64,
        /// By whom.
        asked: Facts,
    },
    /// A phone number was added to the account.
    NoticePhoneAdded {
        /// The token of the page for whoever did not do it.
        #[serde(default)]
        not_me: Option<MailedSecret>,
        /// The new number, masked.
        added: String,
        /// By whom.
        asked: Facts,
    },
    /// A phone number was removed from the account.
    NoticePhoneRemoved {
        /// The token of the page for whoever did not do it.
        #[serde(default)]
        not_me: Option<MailedSecret>,
        /// The number, masked.
        removed: String,
        /// By whom.
        asked: Facts,
    },
    /// A code to a phone is asked for as a second factor from now on.
    NoticeSecondPhoneOn {
        /// Says that it was not its owner.
        not_me: Option<MailedSecret>,
        /// The number, masked.
        phone: String,
        /// From where.
        asked: Facts,
    },
    /// A code to a phone is asked for no longer.
    NoticeSecondPhoneOff {
        /// Says that it was not its owner.
        not_me: Option<MailedSecret>,
        /// The number, masked.
        phone: String,
        /// From where.
        asked: Facts,
    },
    /// The username was chosen, changed or removed.
    NoticeUsernameChanged {
        /// The token of the page for whoever did not do it.
        #[serde(default)]
        not_me: Option<MailedSecret>,
        /// By whom.
        asked: Facts,
    },
    /// An address was added to the account.
    NoticeEmailAdded {
        /// The token of the page for whoever did not do it.
        #[serde(default)]
        not_me: Option<MailedSecret>,
        /// The new address.
        added: Email,
        /// By whom.
        asked: Facts,
    },
    /// The address that this goes to was removed from its account.
    NoticeEmailRemoved {
        /// By whom.
        asked: Facts,
    },
    /// Another address became the primary one; goes to the old one, which may undo it.
    NoticePrimaryChanged {
        /// The new primary address.
        primary: Email,
        /// The token of the page that undoes the change.
        undo: MailedSecret,
        /// Until when it can be undone.
        undo_until: Time,
        /// By whom.
        asked: Facts,
    },
    /// Whoever keeps the instance made another address the primary one; goes to the old one.
    NoticePrimaryReplaced {
        /// By whom.
        asked: Facts,
    },
    /// Somebody asked to come back without a second factor; goes to every verified address.
    NoticeRecoveryAsked {
        /// The token of the page that says no.
        cancel: MailedSecret,
        /// When nobody can say no any more.
        until: Time,
        /// By whom.
        asked: Facts,
    },
    /// That comes to its end soon.
    NoticeRecoverySoon {
        /// The token of the page that says no.
        cancel: MailedSecret,
        /// When nobody can say no any more.
        until: Time,
        /// When it was written.
        asked: Facts,
    },
    /// The second factors were removed, since nobody said no.
    NoticeRecoveryDone {
        /// When.
        asked: Facts,
    },
    /// The request is over, and nothing was removed.
    NoticeRecoveryEnded {
        /// By whom.
        asked: Facts,
    },
    /// The password became known to others, and opens nothing until another one is set.
    NoticePasswordCompromised {
        /// When that was found.
        asked: Facts,
    },
    /// Too many wrong passwords came from unknown devices; how it opens again.
    NoticePasswordClosed {
        /// Who tried last.
        asked: Facts,
    },
    /// Somebody is invited to make an account.
    Invitation {
        /// The ticket.
        ticket: MailedSecret,
        /// When the ticket ends.
        until: Time,
        /// By whom.
        asked: Facts,
    },
    /// The address is on the waitlist.
    WaitlistJoined {
        /// By whom.
        asked: Facts,
    },
    /// Somebody signed in on a device that the account had not seen.
    NoticeNewDevice {
        /// The token of the page for whoever did not do it.
        #[serde(default)]
        not_me: Option<MailedSecret>,
        /// Where.
        asked: Facts,
    },
    /// A sign-in with the right password was so unusual that it was refused.
    NoticeSignInRefused {
        /// The token of the page for whoever did not do it.
        #[serde(default)]
        not_me: Option<MailedSecret>,
        /// Where.
        asked: Facts,
    },
    /// An endpoint of webhooks was switched off; goes to whoever keeps the instance.
    NoticeWebhookDisabled {
        /// Its id and its host.
        endpoint: String,
        /// When.
        asked: Facts,
    },
    /// The operator tries whether mail works.
    Test {
        /// When it was asked for.
        asked: Facts,
    },
}

impl Letter {
    /// The name of the letter: of its templates' files, and in logs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SignInCode { .. } => "sign_in_code",
            Self::DeviceCode { .. } => "device_code",
            Self::NoticeSignInRefused { .. } => "notice_sign_in_refused",
            Self::SignUpCode { .. } => "sign_up_code",
            Self::SignUpExisting { .. } => "sign_up_existing",
            Self::ResetCode { .. } => "reset_code",
            Self::VerifyEmailCode { .. } => "verify_email_code",
            Self::StepUpCode { .. } => "step_up_code",
            Self::NoticePasswordChanged { .. } => "notice_password_changed",
            Self::NoticeFactorAdded { .. } => "notice_factor_added",
            Self::NoticeFactorRemoved { .. } => "notice_factor_removed",
            Self::NoticePasskeyAdded { .. } => "notice_passkey_added",
            Self::NoticePasskeyRemoved { .. } => "notice_passkey_removed",
            Self::NoticePasskeyCopied { .. } => "notice_passkey_copied",
            Self::NoticeTwoStepOn { .. } => "notice_two_step_on",
            Self::NoticeTwoStepOff { .. } => "notice_two_step_off",
            Self::NoticeBackupCodeUsed { .. } => "notice_backup_code_used",
            Self::NoticePhoneAdded { .. } => "notice_phone_added",
            Self::NoticePhoneRemoved { .. } => "notice_phone_removed",
            Self::NoticeSecondPhoneOn { .. } => "notice_second_phone_on",
            Self::NoticeSecondPhoneOff { .. } => "notice_second_phone_off",
            Self::NoticeUsernameChanged { .. } => "notice_username_changed",
            Self::NoticeEmailAdded { .. } => "notice_email_added",
            Self::NoticeEmailRemoved { .. } => "notice_email_removed",
            Self::NoticePrimaryChanged { .. } => "notice_primary_changed",
            Self::NoticePrimaryReplaced { .. } => "notice_primary_replaced",
            Self::NoticeRecoveryAsked { .. } => "notice_recovery_asked",
            Self::NoticeRecoverySoon { .. } => "notice_recovery_soon",
            Self::NoticeRecoveryDone { .. } => "notice_recovery_done",
            Self::NoticeRecoveryEnded { .. } => "notice_recovery_ended",
            Self::NoticePasswordCompromised { .. } => "notice_password_compromised",
            Self::NoticePasswordClosed { .. } => "notice_password_closed",
            Self::Invitation { .. } => "invitation",
            Self::WaitlistJoined { .. } => "waitlist_joined",
            Self::NoticeNewDevice { .. } => "notice_new_device",
            Self::NoticeWebhookDisabled { .. } => "notice_webhook_disabled",
            Self::Test { .. } => "test",
        }
    }

    /// From where it was asked for.
    pub fn asked(&self) -> &Facts {
        match self {
            Self::SignInCode { asked, .. }
            | Self::SignUpCode { asked, .. }
            | Self::SignUpExisting { asked, .. }
            | Self::ResetCode { asked, .. }
            | Self::VerifyEmailCode { asked, .. }
            | Self::StepUpCode { asked, .. }
            | Self::NoticePasswordChanged { asked, .. }
            | Self::NoticeFactorAdded { asked, .. }
            | Self::NoticeFactorRemoved { asked, .. }
            | Self::NoticePasskeyAdded { asked, .. }
            | Self::NoticePasskeyRemoved { asked, .. }
            | Self::NoticePasskeyCopied { asked, .. }
            | Self::NoticeTwoStepOn { asked, .. }
            | Self::NoticeTwoStepOff { asked, .. }
            | Self::NoticeBackupCodeUsed { asked, .. }
            | Self::NoticePhoneAdded { asked, .. }
            | Self::NoticePhoneRemoved { asked, .. }
            | Self::NoticeSecondPhoneOn { asked, .. }
            | Self::NoticeSecondPhoneOff { asked, .. }
            | Self::NoticeUsernameChanged { asked, .. }
            | Self::NoticeEmailAdded { asked, .. }
            | Self::NoticeEmailRemoved { asked }
            | Self::NoticePrimaryChanged { asked, .. }
            | Self::NoticePrimaryReplaced { asked }
            | Self::NoticeRecoveryAsked { asked, .. }
            | Self::NoticeRecoverySoon { asked, .. }
            | Self::NoticeRecoveryDone { asked }
            | Self::NoticeRecoveryEnded { asked }
            | Self::NoticePasswordCompromised { asked }
            | Self::NoticePasswordClosed { asked }
            | Self::Invitation { asked, .. }
            | Self::WaitlistJoined { asked }
            | Self::NoticeNewDevice { asked, .. }
            | Self::NoticeSignInRefused { asked, .. }
            | Self::DeviceCode { asked, .. }
            | Self::NoticeWebhookDisabled { asked, .. }
            | Self::Test { asked } => asked,
        }
    }

    /// What proves the mailbox and when it ends, if that is in it.
    pub fn proof(&self) -> Option<(MailedCode<'_>, Time)> {
        match self {
            Self::SignInCode { code, link, expires, .. }
            | Self::SignUpCode { code, link, expires, .. }
            | Self::SignUpExisting { code, link, expires, .. }
            | Self::ResetCode { code, link, expires, .. }
            | Self::VerifyEmailCode { code, link, expires, .. }
            | Self::StepUpCode { code, link, expires, .. } => {
                Some((MailedCode { code: code.as_ref(), link: link.as_ref() }, *expires))
            }
            Self::DeviceCode { code, expires, .. } => Some((MailedCode { code: code.as_ref(), link: None }, *expires)),
            _ => None,
        }
    }

    /// The code inside, if there is one.
    pub fn code(&self) -> Option<&MailedSecret> {
        self.proof().and_then(|(proof, _)| proof.code)
    }

    /// The token of the page for whoever did not do what it tells, if there is one.
    pub(super) fn not_me(&self) -> Option<&MailedSecret> {
        match self {
            Self::NoticePasswordChanged { not_me, .. }
            | Self::NoticeFactorAdded { not_me, .. }
            | Self::NoticeFactorRemoved { not_me, .. }
            | Self::NoticePasskeyAdded { not_me, .. }
            | Self::NoticePasskeyRemoved { not_me, .. }
            | Self::NoticePasskeyCopied { not_me, .. }
            | Self::NoticeTwoStepOn { not_me, .. }
            | Self::NoticeTwoStepOff { not_me, .. }
            | Self::NoticeBackupCodeUsed { not_me, .. }
            | Self::NoticePhoneAdded { not_me, .. }
            | Self::NoticePhoneRemoved { not_me, .. }
            | Self::NoticeSecondPhoneOn { not_me, .. }
            | Self::NoticeSecondPhoneOff { not_me, .. }
            | Self::NoticeUsernameChanged { not_me, .. }
            | Self::NoticeEmailAdded { not_me, .. }
            | Self::NoticeNewDevice { not_me, .. }
            | Self::NoticeSignInRefused { not_me, .. } => not_me.as_ref(),
            _ => None,
        }
    }
}
