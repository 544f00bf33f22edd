//! The one client for requests whose target somebody else chose: an operator, an administrator, another service
//! (SEC-121). A name is resolved once, what it resolves to is checked, and only a checked address is connected to; so a
//! name that changes its mind reaches nothing. Redirects are answers like any other.

mod names;
#[cfg(test)]
mod tests;

pub use names::{Names, SystemNames};

use ipnet::IpNet;
use names::{Checked, Refused};
use std::{
    error::Error as _,
    net::IpAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};
use url::{Host, Url};

/// How long connecting may take, TLS included, and how long all of it.
const CONNECT: Duration = Duration::from_secs(5);
const TOTAL: Duration = Duration::from_secs(10);
/// How much of an answer is read.
const MOST: usize = 64 * 1024;
/// Ports beside which only a listed network is reached.
const PORTS: [u16; 2] = [443, 8443];
/// Connections to one host that are kept for the next request, and how long.
const KEPT: usize = 16;
const KEPT_FOR: Duration = Duration::from_secs(30);

/// Names and values.
pub type Headers<'h> = [(&'h str, &'h str)];

/// The client. Clones share connections.
#[derive(Clone)]
pub struct Outbound {
    names: Arc<dyn Names>,
    exceptions: Arc<[IpNet]>,
    /// Reaches the public internet and the listed networks, by https on the usual ports.
    usual: Arc<OnceLock<Option<reqwest::Client>>>,
    /// Reaches the listed networks alone, by any scheme and port.
    listed: Arc<OnceLock<Option<reqwest::Client>>>,
    total: Duration,
}

/// What came back.
#[derive(Debug)]
pub struct OutboundAnswer {
    /// The status; a redirect is one.
    pub status: u16,
    /// The body, as far as it was read.
    pub body: Vec<u8>,
    /// Whether that is all of it.
    pub whole: bool,
}

/// Why nothing came back. The names are stable and say nothing secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundFault {
    /// Neither http nor https, or with a user's name in it.
    #[error("not an address for requests: write https://host/path")]
    Malformed,
    /// Plain http, or another port than 443 and 8443, outside the listed networks.
    #[error("https on port 443 or 8443 is asked for, except in networks that are listed")]
    Scheme,
    /// The address is not of the public internet, and its network is not listed.
    #[error("the address is not of the public internet, and its network is not listed")]
    Refused,
    /// The name means nothing, nobody answers there, or not in TLS that can be trusted.
    #[error("it could not be reached")]
    Unreachable,
    /// It took too long.
    #[error("it did not answer in time")]
    Timeout,
}

impl OutboundFault {
    /// The stable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "address_malformed",
            Self::Scheme => "address_scheme",
            Self::Refused => "address_refused",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
        }
    }
}

impl Outbound {
    /// A client that reaches these networks beside the public internet. Who asks nobody never reads the system's
    /// certificates.
    pub fn new(names: Arc<dyn Names>, exceptions: Vec<IpNet>) -> Self {
        Self { names, exceptions: exceptions.into(), usual: Arc::default(), listed: Arc::default(), total: TOTAL }
    }

    /// Whether an address may be asked at all, as far as that can be told without resolving it.
    ///
    /// # Errors
    /// Why not.
    pub fn admits(&self, url: &Url) -> Result<(), OutboundFault> {
        self.reach(url).map(drop)
    }

    /// Sends a body and reads the answer.
    ///
    /// # Errors
    /// When there is none.
    pub async fn post(&self, url: &Url, headers: &Headers<'_>, body: Vec<u8>) -> Result<OutboundAnswer, OutboundFault> {
        read(with(self.client(url)?.post(url.clone()), headers).body(body), MOST).await
    }

    /// Sends a body with limits of its own: how long all of it may take, and how much of the answer is read.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn post_within(
        &self,
        url: &Url,
        headers: &Headers<'_>,
        body: Vec<u8>,
        total: Duration,
        most: usize,
    ) -> Result<OutboundAnswer, OutboundFault> {
        read(with(self.client(url)?.post(url.clone()), headers).body(body).timeout(total), most).await
    }

    /// Asks and reads the answer.
    ///
    /// # Errors
    /// When there is none.
    pub async fn get(&self, url: &Url, headers: &Headers<'_>) -> Result<OutboundAnswer, OutboundFault> {
        read(with(self.client(url)?.get(url.clone()), headers), MOST).await
    }

    /// Asks with limits of its own: how long all of it may take, and how much of the answer is read.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get_within(
        &self,
        url: &Url,
        headers: &Headers<'_>,
        total: Duration,
        most: usize,
    ) -> Result<OutboundAnswer, OutboundFault> {
        read(with(self.client(url)?.get(url.clone()), headers).timeout(total), most).await
    }

    /// The client that may go there.
    fn client(&self, url: &Url) -> Result<&reqwest::Client, OutboundFault> {
        let (kept, public) = match self.reach(url)? {
            Reach::Public => (&self.usual, true),
            Reach::Listed => (&self.listed, false),
        };
        kept.get_or_init(|| self.make(public)).as_ref().ok_or(OutboundFault::Unreachable)
    }

    /// Where a request may go. An address that is written as a number is checked here, since nobody resolves it: the
    /// parser has made one of octal, decimal and hexadecimal forms.
    fn reach(&self, url: &Url) -> Result<Reach, OutboundFault> {
        let plain = url.username().is_empty() && url.password().is_none();
        if !matches!(url.scheme(), "https" | "http") || !plain {
            return Err(OutboundFault::Malformed);
        }
        let port = url.port_or_known_default().unwrap_or_default();
        let reach = if url.scheme() == "https" && PORTS.contains(&port) { Reach::Public } else { Reach::Listed };
        let address = match url.host() {
            Some(Host::Domain(_)) => None,
            Some(Host::Ipv4(v4)) => Some(IpAddr::V4(v4)),
            Some(Host::Ipv6(v6)) => Some(IpAddr::V6(v6)),
            None => return Err(OutboundFault::Malformed),
        };
        match (address, reach) {
            (Some(address), _) if is_listed(&self.exceptions, address) => Ok(reach),
            (Some(address), _) if !housekey_core::outbound::is_public(address) => Err(OutboundFault::Refused),
            (Some(_), Reach::Listed) => Err(OutboundFault::Scheme),
            // Where no network is listed, no name leads to one.
            (None, Reach::Listed) if self.exceptions.is_empty() => Err(OutboundFault::Scheme),
            _ => Ok(reach),
        }
    }

    fn make(&self, public: bool) -> Option<reqwest::Client> {
        reqwest::Client::builder()
            .user_agent(concat!("Housekey/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT)
            .timeout(self.total)
            .pool_max_idle_per_host(KEPT)
            .pool_idle_timeout(KEPT_FOR)
            .dns_resolver(Checked { names: self.names.clone(), exceptions: self.exceptions.clone(), public })
            .build()
            .inspect_err(|error| tracing::error!(%error, "no requests to other services can be made"))
            .ok()
    }
}

/// Where a request may go.
#[derive(Clone, Copy)]
enum Reach {
    /// To the public internet and the listed networks.
    Public,
    /// To the listed networks alone.
    Listed,
}

/// Whether a network that is listed holds the address, however it is written.
fn is_listed(exceptions: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    exceptions.iter().any(|network| network.contains(&address))
}

fn with(request: reqwest::RequestBuilder, headers: &Headers<'_>) -> reqwest::RequestBuilder {
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

async fn read(request: reqwest::RequestBuilder, most: usize) -> Result<OutboundAnswer, OutboundFault> {
    let mut answer = request.send().await.map_err(|e| fault(&e))?;
    let status = answer.status().as_u16();
    let (mut body, mut whole) = (Vec::new(), true);
    while let Some(piece) = answer.chunk().await.map_err(|e| fault(&e))? {
        let room = most.saturating_sub(body.len());
        body.extend(piece.iter().take(room));
        if piece.len() > room {
            whole = false;
            break;
        }
    }
    Ok(OutboundAnswer { status, body, whole })
}

fn fault(error: &reqwest::Error) -> OutboundFault {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(Refused { scheme }) = inner.downcast_ref::<Refused>() {
            return if *scheme { OutboundFault::Scheme } else { OutboundFault::Refused };
        }
        cause = inner.source();
    }
    if error.is_timeout() { OutboundFault::Timeout } else { OutboundFault::Unreachable }
}
