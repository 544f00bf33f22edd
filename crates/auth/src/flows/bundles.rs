//! A file of a browser script: the version asked for, or the nearest that is kept.

use crate::{
    bundles::{BundleFile, Bundles, Version},
    housekey::Housekey,
};
use housekey_core::bundle::{FilePath, Fit, Package, Wanted};

/// What a page gets.
pub(crate) enum Bundle {
    /// A file.
    File {
        /// What is in it.
        file: BundleFile,
        /// Of which version it is.
        version: Version,
        /// Whether this address will always mean this file.
        forever: bool,
    },
    /// The version has no such file.
    NoFile(Version),
    /// No version of this major is kept.
    NoBuild,
    /// What is kept cannot be read.
    Unreadable,
}

impl Housekey {
    /// Finds a file. A version that is not kept is answered by the nearest of its major, which the log tells once.
    pub(crate) async fn bundle(&self, package: Package, wanted: &Wanted, path: &FilePath, gzip: bool) -> Bundle {
        let Some(bundles) = &self.0.bundles else { return Bundle::NoBuild };
        find(bundles, package, wanted, path, gzip).await.unwrap_or_else(|why| {
            tracing::error!(%package, %wanted, error = %why, "a browser script that is kept cannot be read");
            Bundle::Unreadable
        })
    }
}

async fn find(
    bundles: &Bundles,
    package: Package,
    wanted: &Wanted,
    path: &FilePath,
    gzip: bool,
) -> std::io::Result<Bundle> {
    let kept = bundles.source.versions(package).await?;
    let Some(choice) = wanted.choose(&kept) else {
        if bundles.is_news(format!("none {package}@{wanted}")) {
            tracing::warn!(
                "no build of {package} {wanted} is kept: housekey clerk bundles add --from-registry {package}@{wanted}"
            );
        }
        return Ok(Bundle::NoBuild);
    };
    let version = choice.version.clone();
    if choice.fit == Fit::Nearest && bundles.is_news(format!("near {package}@{wanted} {version}")) {
        tracing::warn!("{package} {wanted} is not kept: {version} is served instead");
    }
    Ok(match bundles.source.file(package, &version, path, gzip).await? {
        Some(file) => Bundle::File { file, version, forever: choice.fit == Fit::Same },
        None => Bundle::NoFile(version),
    })
}
