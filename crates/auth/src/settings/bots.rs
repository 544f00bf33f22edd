//! How people are told from programs.

/// What an operator decides about challenges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BotSettings {
    /// Which sign-ups are asked for a challenge.
    pub sign_up: ChallengedSignUps,
}

/// Which sign-ups are asked for a challenge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChallengedSignUps {
    /// Those beyond the figure of their address.
    #[default]
    OnRisk,
    /// All.
    Always,
}

impl BotSettings {
    pub(crate) fn challenges_every_sign_up(&self) -> bool {
        self.sign_up == ChallengedSignUps::Always
    }
}
