//! Messages to phones: what is written, and how it leaves.
//!
//! A flow queues a [`Texted`] sealed in the transaction that made its code; the worker (`jobs/mail.rs`) opens it later
//! and gives it to an [`SmsGateway`]: an operator's own, by [`HttpGateway`] or [`TwilioGateway`], or [`CaughtSms`] in
//! development and in tests.

mod caught;
mod http;
mod template;
mod texted;
mod twilio;

pub use caught::CaughtSms;
pub use http::HttpGateway;
pub use template::BodyFault;
pub use texted::{TextKind, Texted};
pub use twilio::TwilioGateway;

use crate::{
    mail::MailFault,
    outbound::{Outbound, OutboundFault},
    settings::{Gateway, SmsSettings},
};
use futures_util::future::BoxFuture;
use housekey_core::{identifier::phone::Phone, ids::MailId, time::Time};
use std::{fmt, sync::Arc};

/// A message that is ready to leave.
#[derive(Clone)]
pub struct OutgoingSms {
    /// Its row in the queue: a gateway that is told it twice may know it again.
    pub id: MailId,
    /// When it leaves.
    pub at: Time,
    /// The only recipient.
    pub to: Phone,
    /// The content.
    pub text: String,
}

/// Takes a message to its reader's network.
pub trait SmsGateway: Send + Sync {
    /// Delivers one message, or says whether trying again can help. Must end in well under two minutes.
    fn send<'a>(&'a self, sms: &'a OutgoingSms) -> BoxFuture<'a, Result<(), MailFault>>;

    /// The messages that were kept instead of sent, where that is what this gateway does.
    fn caught(&self) -> Option<&CaughtSms> {
        None
    }
}

// The content holds codes: a log line must not show them.
impl fmt::Debug for OutgoingSms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingSms").field("id", &self.id).field("to", &self.to).finish_non_exhaustive()
    }
}

/// The gateway that the settings describe; none where it is off.
///
/// # Errors
/// What is missing or out of bounds, and the key that it belongs to.
pub(crate) fn gateway(
    settings: &SmsSettings,
    outbound: &Outbound,
) -> Result<Option<Arc<dyn SmsGateway>>, (&'static str, String)> {
    Ok(match settings.gateway {
        Gateway::Off => None,
        Gateway::Development => Some(Arc::new(CaughtSms::default())),
        Gateway::Http => Some(Arc::new(HttpGateway::new(settings, outbound.clone())?)),
        Gateway::Twilio => Some(Arc::new(TwilioGateway::new(settings, outbound.clone())?)),
    })
}

/// Whether somebody may be asked there at all.
fn admitted(outbound: &Outbound, url: &url::Url) -> Result<(), (&'static str, String)> {
    outbound.admits(url).map_err(|why| ("sms.url", why.to_string()))
}

fn unanswered(fault: OutboundFault) -> MailFault {
    MailFault::passing(format!("the gateway: {fault}"))
}

/// What a status means, where it is not success: a gateway that refuses this very message will refuse it again; all
/// else (credentials, limits, its own faults) may be mended.
fn refused(status: u16) -> MailFault {
    let why = format!("the gateway answered {status}");
    match status {
        400 | 406 | 410 | 413 | 422 => MailFault::permanent(why),
        _ => MailFault::passing(why),
    }
}
