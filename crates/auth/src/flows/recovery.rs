//! Coming back without a second factor. Whoever has the first one may ask; every verified address of the account is told at
//! once and again before the end, each with a link that says no; and only when nobody did are the second factors removed.
//! Then the mailbox has to be proved and a new password set: a stolen password alone leads nowhere.

use crate::{
    caller::Caller,
    error::{Denial, Error, Result},
    flows::{client::Presented, codes, steward::Steward},
    housekey::Housekey,
    mail::{Facts, Letter, MailedSecret},
};
use housekey_core::{
    event::EventKind,
    identifier::email::Email,
    ids::{LinkId, RecoveryId},
    sign_in::{AnySignIn, NeedsSecondFactor, SignIn},
    time::Time,
    token::opaque::OpaqueToken,
};
use housekey_store::{
    StoreError,
    links::{LinkRow, NewLink},
    recoveries::RecoveryRow,
    sign_ins::Trail,
    users::UserRow,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

const CANCEL: &str = "cancel_recovery";
const DAY: Duration = Duration::from_secs(24 * 3600);
/// How many requests one turn of the job looks after.
const BATCH: i64 = 100;

/// What the page of somebody without a second factor tells.
#[derive(Clone, Debug)]
pub struct RecoveryView {
    /// The address, as typed.
    pub identifier: Option<String>,
    /// How long the owner has to say no.
    pub wait: Duration,
    /// When the live request comes to its end, if there is one.
    pub ends: Option<Time>,
}

/// A request as an operator sees it.
#[derive(Clone, Debug)]
pub struct RecoveryKept {
    /// The request.
    pub id: RecoveryId,
    /// Whose account.
    pub user: String,
    /// Its primary address.
    pub address: Option<String>,
    /// When it was asked for.
    pub asked: Time,
    /// When it comes to its end.
    pub ends: Time,
}

/// What a link that says no acts on.
#[derive(Serialize, Deserialize)]
struct Cancels {
    recovery: RecoveryId,
}

impl Housekey {
    /// What somebody may ask for who has the first factor and none of the second ones.
    ///
    /// # Errors
    /// [`Denial::AttemptExpired`] for anybody else, [`Error::NotFound`] where the instance does not allow it, or the
    /// account has no mailbox.
    pub async fn recovery_shown(&self, caller: &Caller) -> Result<RecoveryView> {
        let (attempt, user) = self.without_second(caller).await?;
        let live = self.store().reader().recovery_of(&user.account.user).await?;
        Ok(RecoveryView {
            identifier: attempt.state.identifier.as_ref().map(|email| email.typed().to_owned()),
            wait: self.settings().recovery.wait,
            ends: live.map(|row| row.ends),
        })
    }

    /// Asks to have the second factors removed. Where a request is live already it stays as it is.
    ///
    /// # Errors
    /// As [`Self::recovery_shown`]; [`Error::Limited`] beyond the limits of the account.
    pub async fn recovery_ask(&self, caller: &Caller) -> Result<Time> {
        let (_, user) = self.without_second(caller).await?;
        let id = user.account.user.clone();
        if let Some(live) = self.store().reader().recovery_of(&id).await? {
            return Ok(live.ends);
        }
        self.spend(self.recovery_spends(caller, &id)).await?;
        let (now, wait) = (self.now(), self.settings().recovery.wait);
        let row = RecoveryRow {
            id: RecoveryId::new(now, self.entropy()),
            user: id.clone(),
            asked: now,
            ends: now.plus(wait),
        };
        let detail = json!({"recovery": row.id.as_str(), "wait_hours": wait.as_secs() / 3600});
        let event = self.event_of(caller, EventKind::RecoveryAsked, Some(&user), None, None, detail).await?;
        let mut trail = Trail { events: vec![event], ..Trail::default() };
        let (until, asked) = (row.ends, self.facts(caller));
        self.tell_all(&user, &row, &mut trail, |cancel| Letter::NoticeRecoveryAsked {
            cancel,
            until,
            asked: asked.clone(),
        })
        .await?;
        let remind = row.ends.minus(DAY.min(wait / 2));
        let ends = row.ends;
        match self.store().recovery_ask(user.account, row, remind, trail).await? {
            true => {
                self.mail_waits();
                Ok(ends)
            }
            // Somebody asked in the same moment.
            false => self.store().reader().recovery_of(&id).await?.map(|live| live.ends).ok_or(Error::Conflict),
        }
    }

    /// Whose recovery a mailed link would put an end to, masked: a page shows it, and only its POST does it (SEC-33).
    ///
    /// # Errors
    /// [`Denial::LinkExpired`] for a link that is used or too old, or a request that is over.
    pub async fn recovery_cancel_shown(&self, token: &str) -> Result<String> {
        let (_, _, user) = self.cancel_link(token).await?;
        Ok(codes::mailbox_of(&user).map(|to| to.masked()).unwrap_or_default())
    }

    /// Says no.
    ///
    /// # Errors
    /// As [`Self::recovery_cancel_shown`]; [`Error::Limited`] beyond the limits of the address.
    pub async fn recovery_cancel(&self, caller: &Caller, token: &str) -> Result<()> {
        self.spend(self.link_spends(caller)).await?;
        let (link, row, user) = self.cancel_link(token).await?;
        let detail = json!({"by": "owner", "recovery": row.id.as_str()});
        let event = self.event_of(caller, EventKind::RecoveryCancelled, Some(&user), None, None, detail).await?;
        let trail = Trail { events: vec![event], ..Trail::default() };
        match self.store().recovery_end(&row.id, Some(link.id), trail, self.now()).await {
            Err(StoreError::Conflict) => Err(Error::Denied(Denial::LinkExpired)),
            other => Ok(other?),
        }
    }

    /// Reminds owners, and completes what nobody said no to. Each is one node's.
    pub(crate) async fn recoveries_go_on(&self) {
        if let Err(error) = self.try_recoveries().await {
            tracing::warn!(%error, "requests to come back could not be looked after; it is tried again");
        }
    }

    async fn try_recoveries(&self) -> Result<()> {
        let now = self.now();
        for row in self.store().reader().recoveries_due(now, BATCH).await? {
            self.complete(&row).await?;
        }
        for row in self.store().reader().recoveries_soon(now, BATCH).await? {
            let Some(user) = self.store().reader().user(&row.user).await? else { continue };
            let mut trail = Trail::default();
            let (until, asked) = (row.ends, Facts::bare(now));
            self.tell_all(&user, &row, &mut trail, |cancel| Letter::NoticeRecoverySoon {
                cancel,
                until,
                asked: asked.clone(),
            })
            .await?;
            lost(self.store().recovery_reminded(&row.id, trail, now).await)?;
        }
        self.mail_waits();
        Ok(())
    }

    async fn complete(&self, row: &RecoveryRow) -> Result<()> {
        let Some(user) = self.store().reader().user(&row.user).await? else { return Ok(()) };
        let caller = Caller::console(self.now(), self.entropy());
        let detail = json!({"recovery": row.id.as_str()});
        let event = self.event_of(&caller, EventKind::RecoveryCompleted, Some(&user), None, None, detail).await?;
        let mut trail = Trail { events: vec![event], ..Trail::default() };
        let asked = Facts::bare(self.now());
        for to in self.verified_of(&user).await? {
            trail.mail.push(self.notice(&to, Letter::NoticeRecoveryDone { asked: asked.clone() })?);
        }
        lost(self.store().recovery_complete(user.account, &row.id, trail, self.now()).await)
    }

    /// The live requests, for whoever keeps the instance.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub async fn recoveries(&self, _: &Steward) -> Result<Vec<RecoveryKept>> {
        let mut all = Vec::new();
        for row in self.store().reader().recoveries(1000).await? {
            let user = self.store().reader().user(&row.user).await?;
            let address = user.and_then(|user| user.address);
            all.push(RecoveryKept {
                id: row.id,
                user: row.user.to_string(),
                address,
                asked: row.asked,
                ends: row.ends,
            });
        }
        Ok(all)
    }

    /// Lets a request come to its end sooner: so long from now. Its owner is told, and may still say no.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Conflict`] when it ends before that anyway.
    pub async fn recovery_shorten(&self, by: &Steward, id: &RecoveryId, wait: Duration) -> Result<Time> {
        let row = self.store().reader().recovery(id).await?.ok_or(Error::NotFound)?;
        let user = self.store().reader().user(&row.user).await?.ok_or(Error::NotFound)?;
        let now = self.now();
        let ends = now.plus(wait);
        let detail = json!({"recovery": id.as_str(), "wait_minutes": wait.as_secs() / 60});
        let mut trail = self.recovery_trail(by, EventKind::RecoveryShortened, &user, detail).await?;
        let (shortened, asked) = (RecoveryRow { ends, ..row }, Facts::bare(now));
        self.tell_all(&user, &shortened, &mut trail, |cancel| Letter::NoticeRecoverySoon {
            cancel,
            until: ends,
            asked: asked.clone(),
        })
        .await?;
        self.store().recovery_shorten(id, ends, trail, now).await?;
        self.mail_waits();
        Ok(ends)
    }

    /// Puts an end to a request. Its owner is told.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn recovery_deny(&self, by: &Steward, id: &RecoveryId) -> Result<()> {
        let row = self.store().reader().recovery(id).await?.ok_or(Error::NotFound)?;
        let user = self.store().reader().user(&row.user).await?.ok_or(Error::NotFound)?;
        let detail = json!({"by": "operator", "recovery": id.as_str()});
        let mut trail = self.recovery_trail(by, EventKind::RecoveryCancelled, &user, detail).await?;
        self.recovery_ended_told(&user, Facts::bare(self.now()), &mut trail).await?;
        match self.store().recovery_end(id, None, trail, self.now()).await {
            Err(StoreError::Conflict) => Err(Error::NotFound),
            other => {
                other?;
                self.mail_waits();
                Ok(())
            }
        }
    }

    /// Tells every verified address that the request is over.
    pub(crate) async fn recovery_ended_told(&self, user: &UserRow, asked: Facts, trail: &mut Trail) -> Result<()> {
        for to in self.verified_of(user).await? {
            trail.mail.push(self.notice(&to, Letter::NoticeRecoveryEnded { asked: asked.clone() })?);
        }
        Ok(())
    }

    async fn recovery_trail(&self, by: &Steward, kind: EventKind, user: &UserRow, detail: Value) -> Result<Trail> {
        let event = self.event_of(&by.caller, kind, Some(user), None, None, detail).await?;
        Ok(Trail { events: vec![event], ..Trail::default() })
    }

    /// The live sign-in whose first factor holds, with the account as it was proved against.
    async fn without_second(&self, caller: &Caller) -> Result<(SignIn<NeedsSecondFactor>, UserRow)> {
        let expired = || Error::Denied(Denial::AttemptExpired);
        let Presented::Client(checked) = self.present::<serde::de::IgnoredAny>(caller).await? else {
            return Err(expired());
        };
        let row = self.live_sign_in(&checked.client).await?;
        let AnySignIn::NeedsSecondFactor(attempt) = row.attempt else { return Err(expired()) };
        if !self.settings().recovery.allowed {
            return Err(Error::NotFound);
        }
        let user = self.store().reader().user(&attempt.state.account.user).await?;
        let user = user.filter(|u| u.account == attempt.state.account).ok_or_else(expired)?;
        self.may_sign_in(&user)?;
        // Without a mailbox nobody could say no, nor come back without the password.
        if self.verified_of(&user).await?.is_empty() {
            return Err(Error::NotFound);
        }
        Ok((attempt, user))
    }

    /// A letter to every verified address, each with a link of its own that says no.
    async fn tell_all(
        &self,
        user: &UserRow,
        row: &RecoveryRow,
        trail: &mut Trail,
        letter: impl Fn(MailedSecret) -> Letter,
    ) -> Result<()> {
        let subject = serde_json::to_string(&Cancels { recovery: row.id.clone() })
            .map_err(|_| Error::Bug("a link's subject cannot be written"))?;
        for to in self.verified_of(user).await? {
            let token = OpaqueToken::new(LinkId::new(self.now(), self.entropy()), self.entropy());
            trail.links.push(NewLink {
                id: token.id.as_str().to_owned(),
                purpose: CANCEL,
                user: user.account.user.clone(),
                subject: subject.clone(),
                secret_hash: token.hash(),
                expires: row.ends.plus(DAY),
            });
            trail.mail.push(self.notice(&to, letter(MailedSecret::new(token.reveal())))?);
        }
        Ok(())
    }

    async fn verified_of(&self, user: &UserRow) -> Result<Vec<Email>> {
        let rows = self.store().reader().emails_of_user(&user.account.user).await?;
        let verified = rows.into_iter().filter(|row| row.verified.is_some());
        Ok(verified.filter_map(|row| Email::parse(&row.address).ok()).collect())
    }

    async fn cancel_link(&self, token: &str) -> Result<(LinkRow, RecoveryRow, UserRow)> {
        let expired = || Error::Denied(Denial::LinkExpired);
        let token = OpaqueToken::<LinkId>::parse(token).map_err(|_| expired())?;
        let reader = self.store().reader();
        let link = reader.link(token.id.as_str(), CANCEL, self.now()).await?.ok_or_else(expired)?;
        if !link.secret_hash.matches(token.secret().expose()) {
            return Err(expired());
        }
        let cancels: Cancels =
            serde_json::from_str(&link.subject).map_err(|_| Error::Bug("a link's subject cannot be read"))?;
        let row = reader.recovery(&cancels.recovery).await?.ok_or_else(expired)?;
        let user = reader.user(&link.user).await?.ok_or_else(expired)?;
        Ok((link, row, user))
    }
}

/// What another node did, or its owner in the same moment, is done.
fn lost(done: Result<(), StoreError>) -> Result<()> {
    match done {
        Err(StoreError::Conflict) => Ok(()),
        other => Ok(other?),
    }
}
