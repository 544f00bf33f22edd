//! What a running server answers on its control socket.

use housekey_store::Store;

use crate::{
    commands::send_test,
    config::{Config, Shown},
    control::{Answer, Ask, Desk},
    store,
};

/// Holds what the server started with: files may have changed since.
pub struct FrontDesk {
    config: Config,
    store: Store,
}

impl FrontDesk {
    /// Answers from this configuration.
    pub fn new(config: Config, store: Store) -> Self {
        Self { config, store }
    }
}

impl Desk for FrontDesk {
    async fn answer(&self, question: Ask) -> Answer {
        match question {
            Ask::ConfigShow => match serde_json::to_value(Shown::of(&self.config)) {
                Ok(shown) => Answer::Ok(shown),
                Err(why) => Answer::Error(why.to_string()),
            },
            Ask::MigrateStatus => match store::steps(&self.store).await.map(serde_json::to_value) {
                Ok(Ok(steps)) => Answer::Ok(steps),
                Ok(Err(why)) => Answer::Error(why.to_string()),
                Err(why) => Answer::Error(format!("{why:#}")),
            },
            Ask::MailTest { to } => match send_test(&self.config.settings.settings, &to).await {
                Ok(()) => Answer::Ok(true.into()),
                Err(why) => Answer::Error(format!("{why:#}")),
            },
        }
    }
}
