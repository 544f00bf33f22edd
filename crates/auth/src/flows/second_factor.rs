//! The check of a second factor, wherever one is asked for: in a sign-in, and before a risky change.

use crate::{
    caller::{Caller, Outcome},
    error::{Denial, Error, Result},
    flows::client::Presented,
    housekey::Housekey,
    mail::{Facts, Letter},
    passkeys::SignedAnswer,
};
use housekey_core::{
    event::EventKind,
    factor::{backup_code::BackupCode, one_time_code::OneTimeCode, totp::TotpSecret},
    ids::{ClientId, TotpId},
    keyring::Place,
    sign_in::{SecondProof, SecondStrategy},
};
use housekey_store::{
    passkey_challenges::Ceremony,
    reverified::Reproved,
    second_factors::{TotpRow, UsedFactor},
    sign_ins::Trail,
    users::UserRow,
    verifications::Purpose,
};

/// What was typed as second factor, well-formed.
pub(crate) enum Typed {
    Totp(OneTimeCode),
    BackupCode(BackupCode),
    /// What a passkey answered to a challenge of this client, for this purpose.
    Passkey(Box<SignedAnswer>, ClientId, Ceremony),
    /// The code that this client had sent to a phone, for this purpose.
    PhoneCode(OneTimeCode, ClientId, Purpose),
}

/// Where a second factor is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Asked {
    SignIn,
    StepUp,
}

impl Asked {
    fn ceremony(self) -> Ceremony {
        match self {
            Self::SignIn => Ceremony::SecondFactor,
            Self::StepUp => Ceremony::StepUp,
        }
    }

    fn purpose(self) -> Purpose {
        match self {
            Self::SignIn => Purpose::SecondPhone,
            Self::StepUp => Purpose::StepUpSecondPhone,
        }
    }
}

impl Typed {
    /// Reads it, before anything is counted: a slip of the keyboard costs no try.
    pub(crate) fn read(strategy: SecondStrategy, typed: &str) -> Result<Self> {
        let malformed = |code| Error::field("code", code);
        match strategy {
            SecondStrategy::Totp => OneTimeCode::parse(typed).map(Self::Totp).map_err(|_| malformed("totp_malformed")),
            SecondStrategy::BackupCode => {
                BackupCode::parse(typed).map(Self::BackupCode).map_err(|_| malformed("backup_code_malformed"))
            }
            _ => Err(Error::field("strategy", "strategy_not_offered")),
        }
    }

    /// The same where a client was asked, so that it may have been asked for a passkey or sent a code.
    pub(crate) fn given(strategy: SecondStrategy, typed: &str, client: &ClientId, asked: Asked) -> Result<Self> {
        match strategy {
            SecondStrategy::Passkey => {
                let answer = SignedAnswer::read(typed).ok_or_else(|| Error::field("passkey", "passkey_malformed"))?;
                Ok(Self::Passkey(Box::new(answer), client.clone(), asked.ceremony()))
            }
            SecondStrategy::PhoneCode => {
                Ok(Self::PhoneCode(Housekey::read_code(typed)?, client.clone(), asked.purpose()))
            }
            written => Self::read(written, typed),
        }
    }
}

/// What is told of a second factor that is none.
pub(crate) fn denied(strategy: SecondStrategy) -> Error {
    Error::Denied(match strategy {
        SecondStrategy::Passkey => Denial::PasskeyIncorrect,
        SecondStrategy::PhoneCode => Denial::CodeIncorrect,
        _ => Denial::SecondFactorIncorrect,
    })
}

impl Housekey {
    /// Makes the session fresh by a second factor.
    ///
    /// # Errors
    /// [`Denial::SecondFactorIncorrect`] for a wrong code or one that was used, [`Denial::CodeIncorrect`] and
    /// [`Denial::CodeExpired`] for one that was sent to a phone, or [`Error::Limited`] beyond a limit.
    pub async fn step_up_second_factor(
        &self,
        caller: &Caller,
        strategy: SecondStrategy,
        typed: &str,
    ) -> Result<Outcome<()>> {
        let done = self.step_up_by_second_factor(caller, strategy, typed).await;
        self.or_repeat(caller, done).await
    }

    async fn step_up_by_second_factor(
        &self,
        caller: &Caller,
        strategy: SecondStrategy,
        typed: &str,
    ) -> Result<Outcome<()>> {
        if let Presented::Repeat(outcome) = self.present::<()>(caller).await? {
            return Ok(outcome);
        }
        let here = self.here(caller).await?;
        let typed = Typed::given(strategy, typed, &here.client.id, Asked::StepUp)?;
        let user = self.row_of(&here).await?;
        let device = self.known_device(caller, &user.account.user, user.device_epoch);
        let counted = self.second_spends(caller, &user.account.user, device.as_ref());
        self.spend(counted.clone()).await?;
        let Some((_, used)) = self.check_second_factor(caller, &user, typed).await? else {
            let detail = serde_json::json!({"strategy": strategy, "step_up": true});
            let event = self.event_here(caller, EventKind::SecondFactorFailed, &here, &user, detail).await?;
            self.store().record(vec![event]).await?;
            return Err(denied(strategy));
        };
        self.store().refund(counted).await?;
        let trail = self.second_factor_told(caller, &user, Some(&here.client.id), strategy).await?;
        let done = self.made_fresh(caller, &here, &user, Reproved::Second(used), strategy.as_str(), trail).await?;
        self.mail_waits();
        Ok(done)
    }

    /// Compares what was typed with what the account has. A wrong one and one that was used look alike.
    pub(crate) async fn check_second_factor(
        &self,
        caller: &Caller,
        user: &UserRow,
        typed: Typed,
    ) -> Result<Option<(SecondProof, UsedFactor)>> {
        let (reader, account) = (self.store().reader(), user.account.clone());
        match typed {
            Typed::Totp(code) => {
                let now = self.now();
                for row in reader.totps(&account.user).await?.into_iter().filter(|row| row.verified.is_some()) {
                    if let Some(matched) = self.totp_secret(&row)?.check(&code, row.last_step, now) {
                        let used = UsedFactor::Totp { id: row.id, step: matched.step() };
                        return Ok(Some((SecondProof::totp(account, &matched), used)));
                    }
                }
                Ok(None)
            }
            Typed::BackupCode(code) => {
                let stored = reader.backup_code(&account.user, code.selector()).await?;
                let password = code.as_password().ok_or(Error::Bug("a backup code cannot be compared"))?;
                let (_, verdict) = self.hasher().verify(stored, password).await?;
                let used = UsedFactor::BackupCode { selector: code.selector().to_owned() };
                Ok(SecondProof::backup_code(account, &verdict).map(|proof| (proof, used)))
            }
            Typed::Passkey(answer, client, ceremony) => {
                self.check_passkey(caller, user, (&client, ceremony), &answer).await
            }
            Typed::PhoneCode(code, client, purpose) => self.check_second_phone(user, (&client, purpose), &code).await,
        }
    }

    /// What the use of a second factor leaves in the trail, and tells its owner: that a backup code is gone.
    pub(crate) async fn second_factor_told(
        &self,
        caller: &Caller,
        user: &UserRow,
        client: Option<&ClientId>,
        strategy: SecondStrategy,
    ) -> Result<Trail> {
        let mut trail = Trail::default();
        if self.store().reader().recovery_of(&user.account.user).await?.is_some() {
            let detail = serde_json::json!({"by": "second_factor"});
            trail
                .events
                .push(self.event_of(caller, EventKind::RecoveryCancelled, Some(user), client, None, detail).await?);
            self.recovery_ended_told(user, Facts::of(self.now(), &caller.agent, caller.address), &mut trail).await?;
        }
        if strategy == SecondStrategy::BackupCode {
            let left = (user.backup_codes - 1).max(0);
            let detail = serde_json::json!({"left": left});
            let event = self.event_of(caller, EventKind::BackupCodeUsed, Some(user), client, None, detail).await?;
            trail.events.push(event);
            let asked = self.facts(caller);
            self.tell_owner(user, &mut trail, |not_me| Letter::NoticeBackupCodeUsed { not_me, left, asked })?;
        }
        Ok(trail)
    }

    pub(crate) fn totp_secret(&self, row: &TotpRow) -> Result<TotpSecret> {
        let broken = || Error::Bug("the secret of an authenticator app cannot be opened");
        let plain = self.keyring().open(place_of(&row.id), &row.secret).map_err(|_| broken())?;
        TotpSecret::from_bytes(plain.expose().clone()).map_err(|_| broken())
    }

    pub(crate) fn seal_totp(&self, id: &TotpId, secret: &TotpSecret) -> Vec<u8> {
        self.keyring().seal(place_of(id), secret.bytes(), self.entropy())
    }
}

fn place_of(id: &TotpId) -> Place<'_> {
    Place { table: "housekey_totp", column: "secret", row: id.as_str() }
}
