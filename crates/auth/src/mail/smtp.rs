//! Sending through an SMTP server.

use super::message::{MailFault, Mailbox, Mailer, OutgoingMail};
use futures_util::future::BoxFuture;
use housekey_core::identifier::email::Email;
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    address::Envelope,
    message::{
        Mailbox as Header, MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        Error, PoolConfig,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use percent_encoding::percent_decode_str;
use std::{net::IpAddr, time::Duration};
use url::Url;

/// A mailer that hands mail to one SMTP server.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    limit: Duration,
}

/// What is wrong with the address of an SMTP server. It does not repeat the address, which holds a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SmtpUrlFault {
    /// It is no URL, has another scheme, or no host.
    #[error("not an smtp:// or smtps:// address with a host")]
    Form,
    /// It has a parameter that is not known.
    #[error("unknown parameter `{0}`; known are `tls` (`required` or `none`) and `ca` (a PEM file)")]
    Parameter(String),
    /// The file of certificates cannot be read, or holds none.
    #[error("`ca`: {0}")]
    Authority(String),
    /// It would send a password that anyone on the way can read.
    #[error("`tls=none` with a password would send it in the clear")]
    ClearPassword,
    /// User or password are not percent-encoded UTF-8.
    #[error("user or password are not percent-encoded UTF-8")]
    Credentials,
    /// The host cannot stand in a certificate.
    #[error("TLS cannot be set up for this host")]
    Tls,
}

/// How a connection is protected.
#[derive(Clone, Copy)]
enum Protection {
    FromTheStart,
    StartTls,
    None,
}

/// What stands behind the `?`.
#[derive(Default)]
struct Parameters {
    tls: Option<bool>,
    authority: Option<Certificate>,
}

impl Smtp {
    /// Reads the server's address: `smtps://user:password@host` is TLS from the start (port 465); `smtp://…` (port
    /// 587, on this machine 25) asks for STARTTLS and sends nothing without it, but to this machine, unless
    /// `?tls=required` or `?tls=none` says otherwise. `?ca=FILE` trusts the certificates of a PEM file besides the
    /// public ones, for a server inside a network of its own.
    ///
    /// # Errors
    /// When the address has another form, or would send its password in the clear.
    pub fn new(url: &str) -> Result<Self, SmtpUrlFault> {
        let url = Url::parse(url).map_err(|_| SmtpUrlFault::Form)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(SmtpUrlFault::Form)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let here = is_loopback(host);
        let parameters = parameters(&url)?;
        let protection = protection(&url, parameters.tls, here)?;
        let tls = || tls(host, parameters.authority);
        let (tls, port) = match protection {
            Protection::FromTheStart => (Tls::Wrapper(tls()?), 465),
            Protection::StartTls => (Tls::Required(tls()?), 587),
            Protection::None if !here && url.password().is_some() => {
                return Err(SmtpUrlFault::ClearPassword);
            }
            Protection::None => (Tls::None, 25),
        };
        // A connection serves one mail: one that was given up in the middle of an answer must never be used again, and
        // lettre's pool would keep it.
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(url.port().unwrap_or(port))
            .tls(tls)
            .timeout(Some(Duration::from_secs(15)))
            .pool_config(PoolConfig::new().max_size(0));
        if let Some(password) = url.password() {
            let plain = |text| percent_decode_str(text).decode_utf8().map_err(|_| SmtpUrlFault::Credentials);
            let (user, password) = (plain(url.username())?, plain(password)?);
            transport = transport.credentials(Credentials::new(user.into_owned(), password.into_owned()));
        }
        Ok(Self { transport: transport.build(), limit: Duration::from_secs(60) })
    }

    /// Gives up on a mail after this time; 60 s unless said otherwise.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Connects, greets and signs in, but sends nothing.
    ///
    /// # Errors
    /// What the server, or the way there, answered.
    pub async fn verify(&self) -> Result<(), MailFault> {
        match tokio::time::timeout(self.limit, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(MailFault::passing("the server closed the connection")),
            Ok(Err(error)) => Err(fault(&error)),
            Err(_) => Err(self.silent()),
        }
    }

    fn silent(&self) -> MailFault {
        MailFault::passing(format!("the server did not answer within {} s", self.limit.as_secs_f32()))
    }
}

impl Mailer for Smtp {
    fn send<'a>(&'a self, mail: &'a OutgoingMail) -> BoxFuture<'a, Result<(), MailFault>> {
        Box::pin(async move {
            let message = message(mail)?;
            match tokio::time::timeout(self.limit, self.transport.send(message)).await {
                Ok(Ok(_)) => Ok(()),
                // A server that lacks SMTPUTF8 will not learn it before the code inside ends.
                Ok(Err(error)) if error.is_client() && !mail.to.local().is_ascii() => {
                    Err(MailFault::permanent("the server takes no addresses beyond ASCII"))
                }
                Ok(Err(error)) => Err(fault(&error)),
                Err(_) => Err(self.silent()),
            }
        })
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn parameters(url: &Url) -> Result<Parameters, SmtpUrlFault> {
    let mut found = Parameters::default();
    for (name, value) in url.query_pairs() {
        match (name.as_ref(), value.as_ref()) {
            ("tls", "required") => found.tls = Some(true),
            ("tls", "none") => found.tls = Some(false),
            ("ca", path) => found.authority = Some(authority(path)?),
            _ => return Err(SmtpUrlFault::Parameter(name.into_owned())),
        }
    }
    Ok(found)
}

fn authority(path: &str) -> Result<Certificate, SmtpUrlFault> {
    let wrong = |why: &dyn std::fmt::Display| SmtpUrlFault::Authority(format!("{path}: {why}"));
    let pem = std::fs::read(path).map_err(|error| wrong(&error))?;
    let mark = b"-----BEGIN CERTIFICATE-----";
    if !pem.windows(mark.len()).any(|bytes| bytes == mark) {
        return Err(wrong(&"no certificate in it"));
    }
    Certificate::from_pem(&pem).map_err(|error| wrong(&error))
}

fn tls(host: &str, authority: Option<Certificate>) -> Result<TlsParameters, SmtpUrlFault> {
    let mut tls = TlsParameters::builder(host.to_owned());
    if let Some(authority) = authority {
        tls = tls.add_root_certificate(authority);
    }
    tls.build_rustls().map_err(|_| SmtpUrlFault::Tls)
}

fn protection(url: &Url, tls: Option<bool>, here: bool) -> Result<Protection, SmtpUrlFault> {
    match (url.scheme(), tls) {
        ("smtps", None | Some(true)) => Ok(Protection::FromTheStart),
        ("smtps", Some(false)) => Err(SmtpUrlFault::Parameter("tls".to_owned())),
        ("smtp", Some(true)) => Ok(Protection::StartTls),
        ("smtp", None) if !here => Ok(Protection::StartTls),
        ("smtp", _) => Ok(Protection::None),
        _ => Err(SmtpUrlFault::Form),
    }
}

fn message(mail: &OutgoingMail) -> Result<Message, MailFault> {
    let unfit = || MailFault::permanent("an address cannot stand in an envelope");
    let to = address(&mail.to).map_err(|_| unfit())?;
    let from = sender(&mail.from).map_err(|_| unfit())?;
    let envelope = Envelope::new(Some(from.email.clone()), vec![to.clone()]).map_err(|_| unfit())?;
    // RFC 3834: out-of-office answers must not come back for mail that a machine wrote.
    let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
    Message::builder()
        .message_id(Some(format!("<{}@{}>", mail.id.as_str(), from.email.domain())))
        .from(from)
        .to(Header::new(None, to))
        .subject(mail.subject.as_str())
        .raw_header(automatic)
        .envelope(envelope)
        .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
        .map_err(|_| MailFault::permanent("the mail cannot be put into its wire form"))
}

fn address(email: &Email) -> Result<Address, lettre::address::AddressError> {
    Address::new(email.local(), email.domain())
}

fn sender(from: &Mailbox) -> Result<Header, lettre::address::AddressError> {
    Ok(Header::new(from.name().map(ToString::to_string), address(from.email())?))
}

/// What an error of the transport means for the queue.
fn fault(error: &Error) -> MailFault {
    // 53x and 454 are about us, not about this mail: an operator who mends the password must not find the queue dead.
    let about_us = error.status().is_some_and(|code| matches!(u16::from(code), 530 | 534 | 535 | 538));
    MailFault { permanent: error.is_permanent() && !about_us, why: clean(&error.to_string()) }
}

/// A server's words, fit for a log: one line, no address, nothing that looks like a code, not too long.
fn clean(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words = line.split_whitespace().map(|word| match word {
        address if address.contains('@') => "(address)",
        code if longest_number(code) >= 6 => "(number)",
        word => word,
    });
    let short: String = words.collect::<Vec<_>>().join(" ");
    short.chars().take(200).collect()
}

fn longest_number(word: &str) -> usize {
    word.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0)
}
