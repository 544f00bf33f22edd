//! An operator's own gateway: an address that takes a POST.

use super::{OutgoingSms, SmsGateway, admitted, refused, template::Body, unanswered};
use crate::{
    mail::MailFault,
    outbound::Outbound,
    settings::{BodyForm, SmsSettings},
};
use futures_util::future::BoxFuture;
use housekey_core::secret::Secret;
use url::Url;

/// Posts each message to one address.
pub struct HttpGateway {
    url: Url,
    headers: Vec<(String, Secret<String>)>,
    kind: &'static str,
    body: Body,
    outbound: Outbound,
}

impl HttpGateway {
    /// A gateway as the settings describe it.
    ///
    /// # Errors
    /// What is missing or out of bounds, and the key that it belongs to.
    pub(crate) fn new(settings: &SmsSettings, outbound: Outbound) -> Result<Self, (&'static str, String)> {
        let url = settings.url.clone().ok_or(("sms.url", "missing, and the gateway is asked there".to_owned()))?;
        admitted(&outbound, &url)?;
        let body = Body::new(settings.body(), settings.form).map_err(|why| ("sms.body", why.to_string()))?;
        let kind = match settings.form {
            BodyForm::Json => "application/json",
            BodyForm::Form => "application/x-www-form-urlencoded",
        };
        let header = |line: &Secret<String>| {
            let (name, value) = line.expose().split_once(':')?;
            Some((name.trim().to_owned(), Secret::new(value.trim().to_owned())))
        };
        let headers = settings.headers.iter().map(header).collect::<Option<Vec<_>>>();
        let headers = headers.ok_or(("sms.headers", "holds a line without a colon".to_owned()))?;
        Ok(Self { url, headers, kind, body, outbound })
    }
}

impl SmsGateway for HttpGateway {
    fn send<'a>(&'a self, sms: &'a OutgoingSms) -> BoxFuture<'a, Result<(), MailFault>> {
        Box::pin(async move {
            let body = self.body.write(sms.to.as_str(), &sms.text, sms.id.as_str());
            let body = body.map_err(|why| MailFault::passing(format!("the body cannot be written: {why}")))?;
            let mut headers = vec![("content-type", self.kind), ("idempotency-key", sms.id.as_str())];
            headers.extend(self.headers.iter().map(|(name, value)| (name.as_str(), value.expose().as_str())));
            let answer = self.outbound.post(&self.url, &headers, body.into_bytes()).await.map_err(unanswered)?;
            match answer.status {
                200..=299 => Ok(()),
                status => Err(refused(status)),
            }
        })
    }
}
