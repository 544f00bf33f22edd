//! A session: one user signed in on one client.
//!
//! [`Session::open`] takes a completed sign-in and [`Session::first`] a proved sign-up: none can be minted early and taken
//! back. [`Session::guest`] alone takes nothing, and is never fresh, so that whatever wants a proof refuses it.

use crate::{
    ids::{ClientId, SessionId, UserId},
    policy::SessionPolicy,
    sign_in::{Complete, SignIn},
    sign_up::{Ready, SignUp},
    time::Time,
};
use serde::{Deserialize, Serialize};

/// When a factor was proved that never was.
const NEVER: Time = Time::from_millis(0);

/// One user signed in on one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id; safe to show and log.
    pub id: SessionId,
    /// Who is signed in.
    pub user: UserId,
    /// Where.
    pub client: ClientId,
    /// Whether it counts as signed in.
    pub status: Status,
    /// What has to be done before it counts as signed in.
    pub tasks: Vec<Task>,
    /// Whether "remember me" was asked for: the longer lifetimes hold.
    pub remembered: bool,
    /// When a first factor was last proved; [`Time`] 0 in a guest's session.
    pub first_proved: Time,
    /// When a second factor was last proved.
    pub second_proved: Option<Time>,
    /// When it began.
    pub created: Time,
    /// When it was last used, as far as the row knows.
    pub last_seen: Time,
    /// When it ends whatever happens (ASVS 7.3.2).
    pub expires: Time,
}

/// Whether a session counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// A task is open: signed out everywhere but for that task.
    Pending,
    /// Signed in.
    Active,
}

/// What has to be done before a session counts as signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// A second factor has to be set up, since the account must have one.
    #[serde(rename = "setup-mfa")]
    SetUpTwoStep,
}

/// Why a session counts no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// It was not used for too long (ASVS 7.3.1).
    #[error("the session was idle for too long")]
    Idle,
    /// It reached its absolute lifetime (ASVS 7.3.2).
    #[error("the session has reached its lifetime")]
    Absolute,
}

impl Session {
    /// The session that a completed sign-in earns.
    pub fn open(done: &SignIn<Complete>, task: Option<Task>, id: SessionId, policy: &SessionPolicy, now: Time) -> Self {
        let lifetime = if done.remember { policy.remembered_absolute } else { policy.absolute };
        Self {
            id,
            user: done.state.account.user.clone(),
            client: done.client.clone(),
            status: Status::with(task),
            tasks: task.into_iter().collect(),
            remembered: done.remember,
            first_proved: done.state.first_proved,
            second_proved: done.state.second.map(|_| now),
            created: now,
            last_seen: now,
            expires: now.plus(lifetime),
        }
    }

    /// The first session of a new account, whose mailbox was proved in the sign-up.
    pub fn first(
        ready: &SignUp<Ready>,
        task: Option<Task>,
        (user, id): (UserId, SessionId),
        policy: &SessionPolicy,
        now: Time,
    ) -> Self {
        let lifetime = if ready.remember { policy.remembered_absolute } else { policy.absolute };
        Self {
            id,
            user,
            client: ready.client.clone(),
            status: Status::with(task),
            tasks: task.into_iter().collect(),
            remembered: ready.remember,
            first_proved: now,
            second_proved: None,
            created: now,
            last_seen: now,
            expires: now.plus(lifetime),
        }
    }

    /// A guest's session. It lives as remembered ones do, since nothing else leads back to its account.
    pub fn guest((user, id): (UserId, SessionId), client: ClientId, policy: &SessionPolicy, now: Time) -> Self {
        Self {
            id,
            user,
            client,
            status: Status::Active,
            tasks: Vec::new(),
            remembered: true,
            first_proved: NEVER,
            second_proved: None,
            created: now,
            last_seen: now,
            expires: now.plus(policy.remembered_absolute),
        }
    }

    /// Whether it is a guest's: nobody ever proved anything in it.
    pub fn is_guest(&self) -> bool {
        self.first_proved == NEVER
    }

    /// Whether it still counts, when it was last seen at `seen` (the later of memory and row).
    ///
    /// # Errors
    /// Which lifetime has passed.
    pub fn alive(&self, seen: Time, policy: &SessionPolicy, now: Time) -> Result<(), Ended> {
        let idle = if self.remembered { policy.remembered_idle } else { policy.idle };
        if now >= self.expires {
            return Err(Ended::Absolute);
        }
        if now >= seen.max(self.last_seen).plus(idle) {
            return Err(Ended::Idle);
        }
        Ok(())
    }

    /// Whether a second factor was proved recently enough for a change of second factors (SEC-63).
    pub fn is_strongly_fresh(&self, policy: &SessionPolicy, now: Time) -> bool {
        self.second_proved.is_some_and(|proved| now < proved.plus(policy.fresh))
    }

    /// Whether a factor was proved recently enough for a risky change (RFC 9470).
    pub fn is_fresh(&self, policy: &SessionPolicy, now: Time) -> bool {
        let proved = self.second_proved.map_or(self.first_proved, |second| second.max(self.first_proved));
        now < proved.plus(policy.fresh)
    }
}

impl Task {
    /// The name in the database, and in the contracts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SetUpTwoStep => "setup-mfa",
        }
    }
}

impl Status {
    /// Whether a session with this task counts.
    fn with(task: Option<Task>) -> Self {
        if task.is_some() { Self::Pending } else { Self::Active }
    }

    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
        }
    }

    /// Reads the name in the database. Anything unknown is `None`, which callers take as signed out.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "pending" => Some(Self::Pending),
            "active" => Some(Self::Active),
            _ => None,
        }
    }
}
