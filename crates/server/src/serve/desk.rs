//! What a running server answers on its control socket.

use housekey::Housekey;

use crate::{
    commands::send_test,
    control::{Answer, Ask, Desk},
    errands, store,
};

/// Holds what the server started with: files may have changed since.
pub struct FrontDesk {
    shown: serde_json::Value,
    housekey: Housekey,
}

impl FrontDesk {
    /// Answers from this configuration.
    pub fn new(shown: serde_json::Value, housekey: Housekey) -> Self {
        Self { shown, housekey }
    }
}

impl Desk for FrontDesk {
    async fn answer(&self, question: Ask) -> Answer {
        match question {
            Ask::ConfigShow => Answer::Ok(self.shown.clone()),
            Ask::MigrateStatus => match store::steps(self.housekey.store()).await.map(serde_json::to_value) {
                Ok(Ok(steps)) => Answer::Ok(steps),
                Ok(Err(why)) => Answer::Error(why.to_string()),
                Err(why) => Answer::Error(format!("{why:#}")),
            },
            Ask::Errand { errand } => match errands::run(&self.housekey, errand).await {
                Ok(done) => Answer::Ok(done),
                Err(why) => Answer::Error(format!("{why:#}")),
            },
            #[cfg(feature = "testkit")]
            Ask::ClockAdvance { millis } => Answer::Ok(crate::testkit::clock().advance(millis).into()),
            Ask::MailTest { to } => match send_test(self.housekey.settings(), &to).await {
                Ok(()) => Answer::Ok(true.into()),
                Err(why) => Answer::Error(format!("{why:#}")),
            },
        }
    }
}
