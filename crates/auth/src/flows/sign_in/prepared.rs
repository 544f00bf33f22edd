//! A code of a sign-in on its way, whatever it is for.

use super::{SignInView, view};
use crate::{
    caller::{Caller, Outcome},
    error::{Error, Result},
    flows::codes::{Made, RESEND_AFTER},
    housekey::Housekey,
};
use housekey_core::{
    event::EventKind,
    sign_in::{AnySignIn, Prepared, Strategy},
    time::Time,
};
use housekey_store::{clients::ClientRow, sign_ins::Trail, users::UserRow};

/// Whether a code of this kind was sent a moment ago.
pub(super) fn just_sent(prepared: Option<&Prepared>, strategy: Strategy, now: Time) -> bool {
    prepared.is_some_and(|p| p.strategy == strategy && now < p.sent.plus(RESEND_AFTER))
}

/// A code as its attempt knows it; `to` where it did not go to what was typed.
pub(super) fn prepared(made: &Made, strategy: Strategy, to: Option<String>) -> Prepared {
    Prepared {
        strategy,
        verification: made.verification.id.clone(),
        sent: made.sent.sent,
        expires: made.sent.expires,
        to,
    }
}

impl Housekey {
    /// Sends a code and moves its attempt on, in one transaction.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without database.
    pub(super) async fn sends_code(
        &self,
        caller: &Caller,
        client: &ClientRow,
        (version, attempt): (i64, AnySignIn),
        (made, user): (Made, Option<&UserRow>),
    ) -> Result<Outcome<SignInView>> {
        let detail = serde_json::json!({"purpose": made.verification.purpose.as_str()});
        let event = self.event_of(caller, EventKind::CodeSent, user, Some(&client.id), None, detail).await?;
        let trail = Trail {
            verification: Some(made.verification),
            mail: vec![made.mail],
            events: vec![event],
            ..Trail::default()
        };
        let shown = view(&attempt);
        match self.store().sign_in_advance(version, attempt, trail, self.now()).await.map_err(Error::from) {
            Ok(()) => {
                self.mail_waits();
                Ok(Outcome::plain(shown))
            }
            // The same button, clicked twice: one code is on its way, and both clicks are told of it.
            Err(Error::Conflict) => {
                let row = self.live_sign_in(client).await?;
                Ok(Outcome::plain(view(&row.attempt)))
            }
            Err(other) => Err(other),
        }
    }
}
