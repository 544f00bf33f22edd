//! Twilio's Messages API, or another that is compatible with it.

use super::{OutgoingSms, SmsGateway, admitted, refused, unanswered};
use crate::{mail::MailFault, outbound::Outbound, settings::SmsSettings};
use base64::{Engine, prelude::BASE64_STANDARD};
use futures_util::future::BoxFuture;
use housekey_core::secret::Secret;
use serde::Deserialize;
use url::{Url, form_urlencoded::Serializer};

const BASE: &str = "https://api.twilio.com/";
/// Faults of a number or of who has it: no later try helps (invalid, unreachable by its form, opted out, no mobile).
const NEVER: [u32; 6] = [21211, 21214, 21217, 21610, 21612, 21614];

/// Sends by an account at Twilio.
pub struct TwilioGateway {
    url: Url,
    authorization: Secret<String>,
    from: String,
    outbound: Outbound,
}

#[derive(Deserialize)]
struct Answer {
    sid: Option<String>,
    code: Option<u32>,
}

impl TwilioGateway {
    /// A gateway as the settings describe it.
    ///
    /// # Errors
    /// What is missing or out of bounds, and the key that it belongs to.
    pub(crate) fn new(settings: &SmsSettings, outbound: Outbound) -> Result<Self, (&'static str, String)> {
        let missing = |key| (key, "missing, and the gateway asks for it".to_owned());
        let account = settings.account.as_deref().ok_or(missing("sms.account"))?;
        let token = settings.token.as_ref().ok_or(missing("sms.token"))?;
        let from = settings.from.clone().ok_or(missing("sms.from"))?;
        if !account.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(("sms.account", "not of letters and digits alone".to_owned()));
        }
        let mut base = match &settings.url {
            Some(url) => url.clone(),
            None => Url::parse(BASE).map_err(|why| ("sms.url", why.to_string()))?,
        };
        if !base.path().ends_with('/') {
            let path = format!("{}/", base.path());
            base.set_path(&path);
        }
        let url = base.join(&format!("2010-04-01/Accounts/{account}/Messages.json"));
        let url = url.map_err(|why| ("sms.url", why.to_string()))?;
        admitted(&outbound, &url)?;
        let both = Secret::new(format!("{account}:{}", token.expose()));
        let authorization = Secret::new(format!("Basic {}", BASE64_STANDARD.encode(both.expose())));
        Ok(Self { url, authorization, from, outbound })
    }
}

impl SmsGateway for TwilioGateway {
    fn send<'a>(&'a self, sms: &'a OutgoingSms) -> BoxFuture<'a, Result<(), MailFault>> {
        Box::pin(async move {
            // A messaging service chooses the number by itself.
            let from = if self.from.starts_with("MG") { "MessagingServiceSid" } else { "From" };
            let body = Serializer::new(String::new())
                .append_pair("To", sms.to.as_str())
                .append_pair(from, &self.from)
                .append_pair("Body", &sms.text)
                .finish();
            let headers = [
                ("content-type", "application/x-www-form-urlencoded"),
                ("authorization", self.authorization.expose().as_str()),
            ];
            let answer = self.outbound.post(&self.url, &headers, body.into_bytes()).await.map_err(unanswered)?;
            let read = serde_json::from_slice::<Answer>(&answer.body).ok().filter(|_| answer.whole);
            match (answer.status, read) {
                (200..=299, Some(Answer { sid: Some(_), .. })) => Ok(()),
                (200..=299, _) => Err(MailFault::passing("the gateway answered with something else than a message")),
                (400, Some(Answer { code: Some(code), .. })) if NEVER.contains(&code) => {
                    Err(MailFault::permanent(format!("the gateway refused the number ({code})")))
                }
                (status @ (400..=499), Some(Answer { code: Some(code), .. })) => {
                    Err(MailFault::passing(format!("the gateway answered {status} ({code})")))
                }
                (status, _) => Err(refused(status)),
            }
        })
    }
}
