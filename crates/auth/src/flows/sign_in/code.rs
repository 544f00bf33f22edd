//! A code that is mailed, or sent to a phone, as first factor: of a sign-in, or of a reset.

use super::{
    Finish, SignInView,
    prepared::{just_sent, prepared},
    view,
};
use crate::{
    caller::{Caller, Outcome},
    error::{Denial, Error, Result},
    flows::{
        client::Presented,
        codes::{Asked, Made, SmsAsked, Whose},
        trusted_devices::Due,
    },
    housekey::Housekey,
    mail::Letter,
    sms::TextKind,
};
use housekey_core::{
    challenge::Action,
    event::EventKind,
    identifier::Identifier,
    ids::{ClientId, SignInId},
    redirect::ReturnTo,
    sign_in::{After, AnySignIn, FirstProof, Refused, Strategy},
};
use housekey_store::{sign_ins::Proved, users::UserRow, verifications::Purpose};

/// What a code is sent for, in a sign-in.
pub(super) struct SignInAsked<'a> {
    pub client: &'a ClientId,
    pub named: &'a Identifier,
    pub strategy: Strategy,
    pub attempt: &'a SignInId,
    pub return_to: Option<&'a ReturnTo>,
    /// What a challenge would be solved for.
    pub action: Action,
}

/// A code that is about to be sent, and to whom.
pub(super) struct Sending {
    pub made: Made,
    pub user: Option<UserRow>,
}

impl Housekey {
    /// Sends a code or a link to the address of the live sign-in, or a code to its number, or says that one is on its
    /// way.
    ///
    /// # Errors
    /// [`Denial::AttemptExpired`] without a live sign-in, [`Error::Limited`] beyond a limit.
    pub async fn sign_in_send_code(&self, caller: &Caller, strategy: Strategy) -> Result<Outcome<SignInView>> {
        self.sign_in_send(caller, strategy, None).await
    }

    /// The same for an app, which says where the browser goes once the link was followed.
    ///
    /// # Errors
    /// As [`Self::sign_in_send_code`].
    pub async fn sign_in_send(
        &self,
        caller: &Caller,
        strategy: Strategy,
        return_to: Option<&ReturnTo>,
    ) -> Result<Outcome<SignInView>> {
        let checked = match self.present::<SignInView>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => checked,
            Presented::Nobody => return Err(Error::Denied(Denial::AttemptExpired)),
        };
        let row = self.live_sign_in(&checked.client).await?;
        let AnySignIn::NeedsFirstFactor(attempt) = row.attempt else {
            return Ok(Outcome::plain(view(&row.attempt)));
        };
        let now = self.now();
        attempt.may(strategy, now).map_err(refused)?;
        if just_sent(attempt.prepared.as_ref(), strategy, now) {
            return Ok(Outcome::plain(view(&AnySignIn::NeedsFirstFactor(attempt))));
        }
        let asked = SignInAsked {
            client: &checked.client.id,
            named: &attempt.state.identifier,
            strategy,
            attempt: &attempt.id,
            return_to,
            action: Action::Mail,
        };
        let Sending { made, user } = self.sign_in_sending(caller, &asked).await?;
        let prepared = prepared(&made, strategy, None);
        let any = AnySignIn::NeedsFirstFactor(attempt.prepare(prepared, now).map_err(refused)?);
        self.sends_code(caller, &checked.client, (row.version, any), (made, user.as_ref())).await
    }

    /// The code for whoever is named, and what carries it there.
    pub(super) async fn sign_in_sending(&self, caller: &Caller, wanted: &SignInAsked<'_>) -> Result<Sending> {
        let SignInAsked { client, named, strategy, attempt, return_to, action } = *wanted;
        let purpose = purpose_of(strategy)?;
        let user = self.store().reader().user_by(named).await?;
        let id = user.as_ref().map(|u| &u.account.user);
        let known = user.as_ref().and_then(|u| self.known_device(caller, &u.account.user, u.device_epoch)).is_some();
        let made = match (named, strategy) {
            (Identifier::Email(to), Strategy::EmailCode | Strategy::EmailLink | Strategy::ResetPasswordEmailCode) => {
                self.pass(caller, action, self.mail_gate(caller, to, known)).await?;
                let asked = Asked {
                    client,
                    purpose,
                    to,
                    email: user.as_ref().and_then(|u| u.email.as_ref()),
                    user: id,
                    never_send: user.is_none(),
                    attempt: Some(attempt.as_str()),
                    return_to,
                };
                self.make_code(
                    caller,
                    &asked,
                    match strategy.is_reset() {
                        true => |proof, expires, asked| Letter::ResetCode {
                            code: proof.code,
                            link: proof.link,
                            expires,
                            asked,
                        },
                        false => |proof, expires, asked| Letter::SignInCode {
                            code: proof.code,
                            link: proof.link,
                            expires,
                            asked,
                        },
                    },
                )?
            }
            (Identifier::Phone(to), Strategy::PhoneCode | Strategy::ResetPasswordPhoneCode) => {
                self.sends_to(to, "identifier")?;
                self.pass(caller, action, self.sms_gate(caller, to, None, known)).await?;
                let kind = if strategy.is_reset() { TextKind::Reset } else { TextKind::Code };
                self.make_sms_code(&SmsAsked { client, purpose, to, user: id, kind, never_send: user.is_none() })?
            }
            _ => return Err(not_offered()),
        };
        Ok(Sending { made, user })
    }

    /// Proves the mailbox or the phone of the live sign-in by its code.
    ///
    /// # Errors
    /// [`Denial::CodeIncorrect`], [`Denial::CodeExpired`] after five tries or ten minutes, [`Error::Limited`] beyond a
    /// limit.
    pub async fn sign_in_code(&self, caller: &Caller, typed: &str) -> Result<Outcome<SignInView>> {
        let done = self.check_code(caller, typed).await;
        self.or_repeat(caller, done).await
    }

    async fn check_code(&self, caller: &Caller, typed: &str) -> Result<Outcome<SignInView>> {
        let checked = match self.present::<SignInView>(caller).await? {
            Presented::Repeat(outcome) => return Ok(outcome),
            Presented::Client(checked) => checked,
            Presented::Nobody => return Err(Error::Denied(Denial::AttemptExpired)),
        };
        let code = Self::read_code(typed)?;
        let row = self.live_sign_in(&checked.client).await?;
        let AnySignIn::NeedsFirstFactor(attempt) = row.attempt else {
            return Ok(Outcome::plain(view(&row.attempt)));
        };
        let now = self.now();
        let prepared = attempt.prepared.clone().ok_or(Error::Denied(Denial::CodeExpired))?;
        attempt.may(prepared.strategy, now).map_err(refused)?;
        let purpose = purpose_of(prepared.strategy)?;
        let client = &checked.client.id;
        let who = attempt.state.identifier.canonical().to_owned();
        let user = self.store().reader().user_by(&attempt.state.identifier).await?;
        let id = user.as_ref().map(|u| &u.account.user);
        let device = user.as_ref().and_then(|u| self.known_device(caller, &u.account.user, u.device_epoch));
        let whose = Whose { who: &who, user: id, known: device.is_some() };
        let tried = self.try_code(caller, client, &prepared.verification, purpose, whose).await?;
        let typed = code.hash(self.keyring(), &prepared.verification);
        // The code belongs to whom it was sent; an address that changed hands meanwhile proves nothing.
        let owner = user.as_ref().filter(|u| Some(&u.account.user) == tried.user.as_ref());
        let proof =
            owner.and_then(|u| FirstProof::mailbox(u.account.clone(), prepared.strategy, &typed, &tried.code_hash));
        let (Some(user), Some(proof)) = (owner, proof) else {
            let detail = serde_json::json!({"strategy": purpose.as_str()});
            let event =
                self.event_of(caller, EventKind::SignInFailed, user.as_ref(), Some(client), None, detail).await?;
            self.store().record(vec![event]).await?;
            self.proof_failed();
            return Err(Error::Denied(Denial::CodeIncorrect));
        };
        let forgive = match prepared.strategy {
            // The password that failed so often is about to be replaced, and its counter goes with it.
            reset if reset.is_reset() => None,
            _ => Some(self.failures_name(&who, Some(&user.account.user))),
        };
        let renews = prepared.strategy.is_reset() || user.password_compromised.is_some();
        let Due { second, trusted } = match renews {
            // A trusted device stands in for the second factor of a sign-in, and not for that of a new password.
            true => Due { second: self.due(user), trusted: None },
            false => self.due_here(caller, user).await?,
        };
        let proof = proof.and_renew(user.password_compromised.is_some());
        let after = attempt.prove(proof, &second, now).map_err(refused)?;
        let trusted = trusted.filter(|_| matches!(after, After::Done(_)));
        let mut finish = Finish::new(user);
        finish.attempt_version = Some(row.version);
        finish.proved = Proved { spent: Some(prepared.verification), trusted, forgive, ..Proved::default() };
        self.go_on(caller, &checked.client, after, finish).await
    }
}

/// A transition that the attempt does not allow.
pub(crate) fn refused(why: Refused) -> Error {
    match why {
        Refused::Expired => Error::Denied(Denial::AttemptExpired),
        Refused::NotOffered => not_offered(),
        Refused::IsSecondFactor => Error::Denied(Denial::PhoneIsSecondFactor),
    }
}

fn not_offered() -> Error {
    Error::field("strategy", "strategy_not_offered")
}

fn purpose_of(strategy: Strategy) -> Result<Purpose> {
    match strategy {
        Strategy::EmailCode | Strategy::EmailLink => Ok(Purpose::SignIn),
        Strategy::ResetPasswordEmailCode => Ok(Purpose::Reset),
        Strategy::PhoneCode => Ok(Purpose::SignInPhone),
        Strategy::ResetPasswordPhoneCode => Ok(Purpose::ResetPhone),
        _ => Err(not_offered()),
    }
}
