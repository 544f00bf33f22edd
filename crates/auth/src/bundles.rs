//! Where the browser scripts of Clerk's come from: whoever runs the house keeps them and gives them by this.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use housekey_core::bundle::{FilePath, Package};
use std::{
    collections::HashSet,
    io,
    sync::{Arc, Mutex, PoisonError},
};

pub use semver::Version;

/// Keeps builds of Clerk's packages.
pub trait BundleSource: Send + Sync {
    /// The versions that are kept whole, in any order.
    fn versions(&self, package: Package) -> BoxFuture<'_, io::Result<Vec<Version>>>;

    /// A file of one of them, or that there is none; packed by gzip where that is wanted and kept.
    fn file<'a>(
        &'a self,
        package: Package,
        version: &'a Version,
        path: &'a FilePath,
        gzip: bool,
    ) -> BoxFuture<'a, io::Result<Option<BundleFile>>>;
}

/// A file as it is kept.
#[derive(Clone, Debug)]
pub struct BundleFile {
    /// What is in it.
    pub bytes: Bytes,
    /// Whether it is packed.
    pub gzip: bool,
}

/// The source, and what was said of it in the log.
#[derive(Clone)]
pub(crate) struct Bundles {
    pub source: Arc<dyn BundleSource>,
    told: Arc<Mutex<HashSet<String>>>,
}

/// So many different versions are told of; whoever makes up more of them fills no log.
const MOST_TOLD: usize = 64;

impl Bundles {
    pub(crate) fn new(source: Arc<dyn BundleSource>) -> Self {
        Self { source, told: Arc::default() }
    }

    /// Whether this is said for the first time.
    pub(crate) fn is_news(&self, what: String) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.len() < MOST_TOLD && told.insert(what)
    }
}
