//! What a running server answers on its control socket.

use crate::{
    commands::send_test,
    config::{Config, Shown},
    control::{Answer, Ask, Desk},
};

/// Holds what the server started with: files may have changed since.
pub struct FrontDesk {
    config: Config,
}

impl FrontDesk {
    /// Answers from this configuration.
    pub fn new(config: Config) -> Self {
        Self { config }
    }
}

impl Desk for FrontDesk {
    async fn answer(&self, question: Ask) -> Answer {
        match question {
            Ask::ConfigShow => match serde_json::to_value(Shown::of(&self.config)) {
                Ok(shown) => Answer::Ok(shown),
                Err(why) => Answer::Error(why.to_string()),
            },
            Ask::MailTest { to } => match send_test(&self.config.settings.settings, &to).await {
                Ok(()) => Answer::Ok(true.into()),
                Err(why) => Answer::Error(format!("{why:#}")),
            },
        }
    }
}
