//! What happened to an account, as its owner reads it; and what there is to do next.

use crate::{caller::Caller, error::Result, housekey::Housekey};
use housekey_core::{
    event::{ClientFacts, EventKind},
    ids::EventId,
    time::Time,
};
use housekey_store::events::EventRow;
use std::time::Duration;

/// What is told: the rest says nothing to a person.
const TOLD: [EventKind; 48] = [
    EventKind::UserCreated,
    EventKind::UserUpgraded,
    EventKind::GuestJoined,
    EventKind::SessionCreated,
    EventKind::SessionEnded,
    EventKind::SessionRevoked,
    EventKind::SessionReverified,
    EventKind::SignInFailed,
    EventKind::SignInUnusual,
    EventKind::SecondFactorFailed,
    EventKind::CodeSent,
    EventKind::PasswordChanged,
    EventKind::PasswordReset,
    EventKind::PasswordRemoved,
    EventKind::PasswordCompromised,
    EventKind::PasswordCleared,
    EventKind::PasswordClosed,
    EventKind::EmailAdded,
    EventKind::EmailVerified,
    EventKind::EmailPrimaryChanged,
    EventKind::EmailRemoved,
    EventKind::EmailChangeUndone,
    EventKind::UsernameChanged,
    EventKind::PhoneAdded,
    EventKind::PhoneVerified,
    EventKind::PhonePrimaryChanged,
    EventKind::PhoneRemoved,
    EventKind::TotpAdded,
    EventKind::TotpRemoved,
    EventKind::PasskeyAdded,
    EventKind::PasskeyRemoved,
    EventKind::PasskeyCloneSuspected,
    EventKind::PasskeyAfterChanged,
    EventKind::PhoneSecondChanged,
    EventKind::BackupCodesMade,
    EventKind::BackupCodesRemoved,
    EventKind::BackupCodeUsed,
    EventKind::TrustedDeviceAdded,
    EventKind::TrustedDeviceRevoked,
    EventKind::RecoveryAsked,
    EventKind::RecoveryCancelled,
    EventKind::RecoveryShortened,
    EventKind::RecoveryCompleted,
    EventKind::AccountSecured,
    EventKind::UserBanned,
    EventKind::UserUnbanned,
    EventKind::UserLocked,
    EventKind::UserUnlocked,
];
/// How many rows are read at once, and how often, for one page.
const BATCH: i64 = 100;
const BATCHES: usize = 10;
/// A session that nobody used for so long is worth a look.
const OLD: Duration = Duration::from_secs(7 * 24 * 3600);
/// So few backup codes are soon none.
const FEW_CODES: i64 = 3;

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Happening {
    /// The event's id, by which support finds it.
    pub id: String,
    /// When.
    pub at: Time,
    /// What: the event's kind.
    pub kind: &'static str,
    /// Whether a person did it, and not whoever keeps the instance.
    pub by_person: bool,
    /// From where, and with what.
    pub facts: ClientFacts,
}

/// A page of what happened, newest first.
#[derive(Clone, Debug, Default)]
pub struct HistoryPage {
    /// What happened.
    pub items: Vec<Happening>,
    /// After which event the next page goes on, if there is more.
    pub next: Option<String>,
}

/// Something to do for the account's safety.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Somebody asked to come back without the second factor: say no, or wait.
    RecoveryAsked(Time),
    /// Set a new password: this one is known to others.
    PasswordCompromised,
    /// There is no second factor.
    NoSecondFactor,
    /// So many backup codes are left.
    FewBackupCodes(i64),
    /// An address is not verified.
    UnverifiedAddress(String),
    /// So many sessions were not used for a week.
    OldSessions(usize),
}

impl Housekey {
    /// What happened to the account of who is signed in, before an event of it.
    ///
    /// # Errors
    /// [`crate::Error::SignedOut`] for anybody else.
    pub async fn history(&self, caller: &Caller, before: Option<&EventId>, most: usize) -> Result<HistoryPage> {
        let here = self.here(caller).await?;
        let user = self.row_of(&here).await?;
        let (reader, id) = (self.store().reader(), &user.account.user);
        let start = match before {
            Some(before) => reader.event(before).await?.filter(|row| row.user_id.as_deref() == Some(id.as_str())),
            None => None,
        };
        let mut last: Option<(Time, String)> = start.map(|row| (row.at, row.id));
        let mut page = HistoryPage::default();
        for _ in 0..BATCHES {
            let from = last.as_ref().map(|(at, id)| (*at, id.as_str()));
            let rows = reader.events_of_user(id, from, BATCH).await?;
            let whole = rows.len() < usize::try_from(BATCH).unwrap_or(usize::MAX);
            for row in rows {
                let Some(kind) = told(&row) else {
                    last = Some((row.at, row.id));
                    continue;
                };
                if page.items.len() == most {
                    page.next = page.items.last().map(|item| item.id.clone());
                    return Ok(page);
                }
                let facts = self.open_event_facts(Some(&user), &row).await?.unwrap_or_default();
                let by_person = !matches!(row.door.as_str(), "console" | "clerk_backend");
                last = Some((row.at, row.id.clone()));
                page.items.push(Happening { id: row.id, at: row.at, kind, by_person, facts });
            }
            if whole {
                return Ok(page);
            }
        }
        page.next = last.map(|(_, id)| id);
        Ok(page)
    }

    /// What there is to do for the account of who is signed in, the most urgent first.
    ///
    /// # Errors
    /// [`crate::Error::SignedOut`] for anybody else.
    pub async fn checkup(&self, caller: &Caller) -> Result<Vec<Advice>> {
        let here = self.here(caller).await?;
        let user = self.row_of(&here).await?;
        let (reader, now) = (self.store().reader(), self.now());
        let mut advice = Vec::new();
        if let Some(row) = reader.recovery_of(&user.account.user).await? {
            advice.push(Advice::RecoveryAsked(row.ends));
        }
        if user.password_compromised.is_some() {
            advice.push(Advice::PasswordCompromised);
        }
        match self.held(&user).two_step_since() {
            None => advice.push(Advice::NoSecondFactor),
            Some(_) if user.backup_codes < FEW_CODES => advice.push(Advice::FewBackupCodes(user.backup_codes)),
            Some(_) => {}
        }
        let emails = reader.emails_of_user(&user.account.user).await?;
        let unverified = emails.into_iter().filter(|email| email.verified.is_none());
        advice.extend(unverified.map(|email| Advice::UnverifiedAddress(email.address)));
        let sessions = self.session_list(caller).await?;
        let old = sessions.iter().filter(|s| !s.current && s.last_seen.plus(OLD) <= now).count();
        if old > 0 {
            advice.push(Advice::OldSessions(old));
        }
        Ok(advice)
    }
}

fn told(row: &EventRow) -> Option<&'static str> {
    TOLD.into_iter().map(EventKind::as_str).find(|kind| *kind == row.kind)
}
