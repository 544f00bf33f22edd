//! The package registry: which version is meant, with which sum it was published, and its bytes.

use std::{collections::BTreeMap, str::FromStr, time::Duration};

use anyhow::{Context, anyhow, bail};
use housekey::Version;
use housekey_core::bundle::{Fit, Package, Wanted};
use serde::{Deserialize, de::DeserializeOwned};
use url::{Host, Url};

use super::{Integrity, LARGEST, TRIED};

const PUBLIC: &str = "https://registry.npmjs.org";
const CONNECT: Duration = Duration::from_secs(10);
const TOTAL: Duration = Duration::from_secs(120);

/// A package as an operator names it, as `@clerk/ui@1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    pub package: Package,
    pub wanted: Wanted,
}

impl Spec {
    /// What this release was tried with.
    pub fn tried() -> anyhow::Result<Vec<Self>> {
        TRIED.iter().map(|text| text.parse()).collect()
    }
}

impl FromStr for Spec {
    type Err = anyhow::Error;

    /// A name alone is the version that this release was tried with.
    fn from_str(text: &str) -> anyhow::Result<Self> {
        let unknown =
            || anyhow!("{text:?} is no package with scripts for pages. Write @clerk/clerk-js@6 or @clerk/ui@1.34.0");
        let (name, version) = text.rsplit_once('@').filter(|(name, _)| !name.is_empty()).unwrap_or((text, ""));
        let package = Package::from_name(name).ok_or_else(unknown)?;
        if version.is_empty() {
            let tried = TRIED.iter().find(|tried| tried.starts_with(&format!("{name}@"))).ok_or_else(unknown)?;
            return if text.ends_with('@') { Err(unknown()) } else { tried.parse() };
        }
        Ok(Self { package, wanted: Wanted::parse(version).ok_or_else(unknown)? })
    }
}

/// A registry of npm's kind.
pub struct Registry {
    base: Url,
    client: reqwest::Client,
}

/// A package as it was found.
pub struct Found {
    pub version: Version,
    pub integrity: Integrity,
    pub packed: Vec<u8>,
}

#[derive(Deserialize)]
struct Document {
    versions: BTreeMap<String, Release>,
}

#[derive(Deserialize)]
struct Release {
    version: String,
    dist: Dist,
}

#[derive(Deserialize)]
struct Dist {
    integrity: Option<String>,
    tarball: String,
}

impl Registry {
    /// The configured one, or the public one.
    pub fn new(configured: Option<&Url>) -> anyhow::Result<Self> {
        let mut base = configured.cloned().map_or_else(|| Url::parse(PUBLIC), Ok)?;
        let loopback = match base.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        if base.scheme() != "https" && !loopback {
            bail!(
                "`clerk.registry` is {base}: sums that come without encryption prove nothing. Write an https address"
            );
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let client = reqwest::Client::builder()
            .user_agent(concat!("housekey/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT)
            .timeout(TOTAL)
            .build()?;
        Ok(Self { base, client })
    }

    /// Finds a package and takes it, unchecked: the sum comes with it.
    pub async fn take(&self, spec: &Spec) -> anyhow::Result<Found> {
        let Spec { package, wanted } = spec;
        let release = self.release(*package, wanted).await?;
        let version = Version::parse(&release.version).context("the registry names a version that is none")?;
        let integrity =
            release.dist.integrity.with_context(|| format!("the registry has no sum of {package} {version}"))?;
        let packed = self.get(self.own(&release.dist.tarball)?, "*/*").await?;
        Ok(Found { version, integrity: integrity.parse()?, packed })
    }

    async fn release(&self, package: Package, wanted: &Wanted) -> anyhow::Result<Release> {
        let name = format!("@clerk%2f{}", package.short());
        if let Wanted::Exact(_) | Wanted::Tag(_) = wanted {
            return self.json(&format!("{name}/{wanted}"), "application/json").await;
        }
        let mut document: Document = self.json(&name, "application/vnd.npm.install-v1+json").await?;
        let versions: Vec<Version> = document.versions.keys().filter_map(|text| text.parse().ok()).collect();
        let choice = wanted.choose(&versions).filter(|choice| choice.fit != Fit::Nearest);
        let chosen = choice.with_context(|| format!("{} has no {package} {wanted}", self.base))?;
        document.versions.remove(&chosen.version.to_string()).context("the registry's answer changed")
    }

    /// The address of a package on this registry. Mirrors hand on the public one's addresses.
    fn own(&self, address: &str) -> anyhow::Result<Url> {
        let mut url = Url::parse(address).context("the registry names an address that is none")?;
        if url.origin() == self.base.origin() {
            return Ok(url);
        }
        if url.host_str() != Some("registry.npmjs.org") {
            bail!(
                "{} leads to another host, {url}. Take the package from there yourself and give it with `--integrity`",
                self.base
            );
        }
        let path = url.path().trim_start_matches('/').to_owned();
        url = self.base.join(&path)?;
        Ok(url)
    }

    async fn json<T: DeserializeOwned>(&self, path: &str, accept: &str) -> anyhow::Result<T> {
        let body = self.get(self.base.join(path)?, accept).await?;
        serde_json::from_slice(&body)
            .with_context(|| format!("{} answered in another form than a registry's", self.base))
    }

    async fn get(&self, url: Url, accept: &str) -> anyhow::Result<Vec<u8>> {
        let ask = || self.client.get(url.clone()).header("accept", accept).send();
        let mut answer = ask().await.with_context(|| format!("can't reach {url}"))?;
        if !answer.status().is_success() {
            bail!("{url} answers {}", answer.status());
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.with_context(|| format!("{url} broke off"))? {
            if (body.len() + chunk.len()) as u64 > LARGEST {
                bail!("{url} gives more than {LARGEST} bytes");
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_named_as_npm_names_them() {
        let spec = |text: &str| text.parse::<Spec>().map(|spec| format!("{} {}", spec.package, spec.wanted));
        assert_eq!(spec("@clerk/ui@1").unwrap(), "@clerk/ui 1");
        assert_eq!(spec("@clerk/clerk-js@6.40.0").unwrap(), "@clerk/clerk-js 6.40.0");
        assert_eq!(spec("@clerk/ui@latest").unwrap(), "@clerk/ui latest");
        assert_eq!(spec("@clerk/ui").unwrap(), "@clerk/ui 1.34.0");
        for text in
            ["", "ui", "@clerk/backend@3", "left-pad", "@clerk/ui@", "@clerk/ui@^1", "@clerk/ui@../..", "@evil/ui@1"]
        {
            assert!(spec(text).is_err(), "{text}");
        }
        assert_eq!(Spec::tried().unwrap().len(), Package::ALL.len());
    }

    #[test]
    fn only_the_registry_s_own_host_is_asked() {
        let registry = |url: &str| Registry::new(Some(&Url::parse(url).unwrap()));
        let mirror = registry("https://npm.example.com/all").unwrap();
        let own = |address: &str| mirror.own(address).map(|url| url.to_string());
        let public = "https://registry.npmjs.org/@clerk/ui/-/ui-1.34.0.tgz";
        assert_eq!(own(public).unwrap(), "https://npm.example.com/all/@clerk/ui/-/ui-1.34.0.tgz");
        assert!(own("https://npm.example.com/elsewhere/ui.tgz").is_ok());
        for address in ["https://evil.example/ui.tgz", "http://npm.example.com/ui.tgz", "file:///etc/passwd", "ui.tgz"]
        {
            assert!(own(address).is_err(), "{address}");
        }
        assert!(registry("http://npm.example.com").is_err());
        assert!(registry("http://127.0.0.1:4873").is_ok() && Registry::new(None).is_ok());
    }
}
