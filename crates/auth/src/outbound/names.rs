//! What names mean, and which of it may be connected to.

use futures_util::future::BoxFuture;
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

/// Resolves names. The world's own; tests have theirs.
pub trait Names: Send + Sync {
    /// All addresses of a name.
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's resolver.
pub struct SystemNames;

impl Names for SystemNames {
    fn addresses(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|at| at.ip()).collect()) })
    }
}

/// Resolves a name for one connection and lets through what may be connected to.
pub(super) struct Checked {
    pub names: Arc<dyn Names>,
    pub exceptions: Arc<[IpNet]>,
    /// Whether the public internet is reached, beside the listed networks.
    pub public: bool,
}

/// All that a name means is out of bounds.
#[derive(Debug, thiserror::Error)]
#[error("no address of this name may be connected to")]
pub(super) struct Refused {
    /// It would be in bounds by https on a usual port.
    pub scheme: bool,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (found, exceptions, public) =
            (self.names.addresses(name.as_str().to_owned()), self.exceptions.clone(), self.public);
        Box::pin(async move {
            let found = found.await?;
            let is_public = |address: &IpAddr| housekey_core::outbound::is_public(*address);
            let may: Vec<SocketAddr> = found
                .iter()
                .filter(|address| super::is_listed(&exceptions, **address) || (public && is_public(address)))
                .map(|address| SocketAddr::new(*address, 0))
                .collect();
            if may.is_empty() {
                return Err(Refused { scheme: !public && found.iter().any(is_public) }.into());
            }
            Ok(Box::new(may.into_iter()) as Addrs)
        })
    }
}
