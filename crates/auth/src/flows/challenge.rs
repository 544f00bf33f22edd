//! Challenges in flows: when one is due, what the browser shows for it, and how the gate takes that.

use crate::{
    caller::{Caller, Door},
    doors::Contract,
    error::{Error, Result},
    flows::risk,
    housekey::Housekey,
};
use housekey_core::{
    captcha::Provider,
    challenge::{Action, Level, Posed, Solved, Unsolved},
    trap::{self, Trapped},
};
use housekey_store::gate::{Gate, Passage, Verdict};
use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

/// A challenge that has to be solved before an operation goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChallengeDue {
    /// What it stands in front of.
    pub action: Action,
    /// How much work it is.
    pub level: Level,
    /// Who poses it.
    pub by: Poser,
    /// When it is not asked for any more; at once where it is asked for each time.
    pub retry_after: Duration,
    /// Something was shown, and counted for nothing: too old, used before, or not solved.
    pub shown_in_vain: bool,
}

/// Who poses a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poser {
    /// This instance: a calculation for the browser. [`Housekey::pose_challenge`] makes it.
    House,
    /// A provider, by its own widget.
    Provider(Provider),
}

/// How many proofs failed lately on this node: the more, the more work a challenge is. It loses one a second.
#[derive(Default)]
pub(crate) struct Unrest(AtomicI64);

const EACH: i64 = 1_000;
/// Nobody sends a form sooner, whatever fills it in for them.
const LEAST_TIME: Duration = Duration::from_secs(1);

impl Unrest {
    fn failed(&self, now: i64) {
        let next = |tat: i64| Some(tat.max(now).saturating_add(EACH));
        // The closure never gives up.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    }

    fn lately(&self, now: i64) -> i64 {
        self.0.load(Ordering::Relaxed).saturating_sub(now).max(0) / EACH
    }
}

impl Housekey {
    /// A new challenge for the built-in widget, as JSON.
    ///
    /// # Errors
    /// [`Error::Bug`] when it cannot be made.
    pub fn pose_challenge(&self, due: ChallengeDue) -> Result<String> {
        let posed =
            Posed { action: due.action, host: self.challenge_host(), level: due.level, work: self.0.world.work };
        let made = self.0.challenges.pose(posed, self.now(), self.entropy());
        made.ok_or(Error::Bug("a challenge cannot be made"))
    }

    /// The challenge that a form shows from the beginning, where one is asked for each time.
    pub fn challenge_at_once(&self, action: Action) -> Option<ChallengeDue> {
        let always = action == Action::SignUp && self.settings().bots.challenges_every_sign_up();
        let (level, by) = (self.least_level(), self.poser(action));
        let due = ChallengeDue { action, level, by, retry_after: Duration::ZERO, shown_in_vain: false };
        always.then_some(due)
    }

    /// When a form is shown, for the form to say so when it comes back.
    pub fn form_shown(&self) -> String {
        trap::shown(self.keyring(), self.now())
    }

    /// Whether a form was filled in by a program. In development nobody is timed: there it is somebody's own tests.
    pub(crate) fn trapped(&self, hidden: &str, shown: &str) -> Option<Trapped> {
        let production = self.settings().mode().is_production();
        let least = if production { LEAST_TIME } else { Duration::ZERO };
        trap::spring(self.keyring(), hidden, shown, least, self.now())
    }

    /// Goes through a gate.
    ///
    /// # Errors
    /// [`Error::Limited`] where it refuses, [`Error::Challenge`] where a challenge is due.
    pub(crate) async fn pass(&self, caller: &Caller, action: Action, gate: Gate) -> Result<()> {
        self.ask_gate(caller, action, gate).await?.1
    }

    /// Asks a gate with what the caller shows. Answers what it saw as well.
    pub(crate) async fn ask_gate(
        &self,
        caller: &Caller,
        action: Action,
        gate: Gate,
    ) -> Result<(risk::Tried, Result<()>)> {
        let (mut shown, mut in_vain) = match self.solved(caller, action) {
            Some(Ok(solved)) => (Some(solved), true),
            Some(Err(_)) => (None, true),
            None => (None, false),
        };
        if self.poser(action) != Poser::House && action == Action::SignUp {
            shown = None;
        }
        let gate = Gate { least: self.least_level(), shown, pass: self.holder(caller, action), ..gate };
        let passage = self.store().pass(gate.clone(), self.now()).await?;
        let tried = risk::Tried { failures: passage.failures, challenged: passage.is_challenged() };
        let Passage { mut verdict, mut solved, .. } = passage;
        if let Verdict::Challenge { level, .. } = verdict
            && caller.solved.covers(level)
        {
            verdict = self.store().pass(gate.opened_before(), self.now()).await?.verdict;
            return Ok((tried, self.judged(verdict, action, in_vain)));
        }
        // A provider is asked for those alone who are due a challenge, and have room.
        if matches!(verdict, Verdict::Challenge { .. })
            && let Some(looked_up) = self.look_up_captcha(caller, action).await?
        {
            in_vain = true;
            if let Ok(token) = looked_up {
                let rest = self.store().pass(gate.once_asked(token), self.now()).await?;
                solved = rest.solved.and(Some(Level::Heavy));
                verdict = if matches!(rest.verdict, Verdict::Challenge { .. }) { verdict } else { rest.verdict };
            }
        }
        if let Some(level) = solved {
            caller.solved.note(level);
        }
        Ok((tried, self.judged(verdict, action, in_vain)))
    }

    /// Turns a gate's verdict into the refusal that doors know.
    fn judged(&self, verdict: Verdict, action: Action, shown_in_vain: bool) -> Result<()> {
        match verdict {
            Verdict::Open => Ok(()),
            Verdict::Refused { retry_after } => Err(Error::Limited { retry_after }),
            Verdict::Challenge { level, retry_after } => match self.sign_up_closed(action) {
                Some(retry_after) => Err(Error::CaptchaUnavailable { retry_after }),
                None => {
                    let by = self.poser(action);
                    Err(Error::Challenge(ChallengeDue { action, level, by, retry_after, shown_in_vain }))
                }
            },
        }
    }

    /// A proof failed: the instance asks more of everybody for a while.
    pub(crate) fn proof_failed(&self) {
        self.0.unrest.failed(self.now().as_millis());
    }

    fn least_level(&self) -> Level {
        Level::of_failures(self.unrest())
    }

    /// Whether whoever comes by that door has a way to solve a challenge: our pages, and Clerk's components where they load
    /// a provider's widget or, by https alone, our own script.
    pub(crate) fn can_solve(&self, caller: &Caller) -> bool {
        let widget = self.captcha_widget().is_some_and(|(provider, _)| provider.is_in_components());
        let script = self.public_url().scheme() == "https" && self.0.contracts.contains(&Contract::Pages);
        match caller.door {
            Door::Pages => true,
            Door::ClerkFrontend => !caller.native && (widget || script),
            _ => false,
        }
    }

    /// How many proofs failed lately, of everybody.
    pub(crate) fn unrest(&self) -> i64 {
        self.0.unrest.lately(self.now().as_millis())
    }

    fn solved(&self, caller: &Caller, action: Action) -> Option<Result<Solved, Unsolved>> {
        let shown = caller.challenge.as_ref()?;
        Some(self.0.challenges.check(shown, action, self.challenge_host(), self.now()))
    }

    pub(crate) fn challenge_host(&self) -> &str {
        self.public_url().host_str().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unrest_grows_with_failures_and_goes_by_itself() {
        let unrest = Unrest::default();
        (0..400).for_each(|_| unrest.failed(1_000_000));
        assert_eq!(unrest.lately(1_000_000), 400);
        assert_eq!(unrest.lately(1_150_000), 250);
        assert_eq!(unrest.lately(9_000_000), 0);
    }
}
