//! Domains of mailboxes that are made to be thrown away.

use crate::{builder::BuildFault, settings::SignUpPolicy};
use std::path::Path;

/// With its source and its licence in its first lines.
const BUILT_IN: &str = include_str!("../data/disposable-domains.txt");

/// The list, sorted; empty where nobody is refused by it.
pub(crate) struct Disposable(Vec<Box<str>>);

impl Disposable {
    /// Reads the list, where it is wanted.
    ///
    /// # Errors
    /// When the operator's file is missing or holds a line that is no domain.
    pub fn open(policy: &SignUpPolicy) -> Result<Self, BuildFault> {
        let read = match (&policy.disposable_domains, policy.block_disposable) {
            (_, false) => return Ok(Self(Vec::new())),
            (None, true) => read(BUILT_IN),
            (Some(path), true) => from_file(path),
        };
        read.map(Self).map_err(|what| BuildFault::Setting {
            key: "sign_up.disposable_domains".to_owned(),
            what,
            instead: "a text file with a domain a line, or take the key out".to_owned(),
        })
    }

    /// Whether a domain, or one that it is below, is on the list.
    pub fn has(&self, domain: &str) -> bool {
        let listed = |name: &str| self.0.binary_search_by(|known| known.as_ref().cmp(name)).is_ok();
        let mut rest = Some(domain);
        while let Some(name) = rest {
            if listed(name) {
                return true;
            }
            rest = name.split_once('.').map(|(_, above)| above);
        }
        false
    }
}

fn from_file(path: &Path) -> Result<Vec<Box<str>>, String> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|why| format!("{shown}: {why}"))?;
    read(&text).map_err(|why| format!("{shown}, {why}"))
}

fn read(text: &str) -> Result<Vec<Box<str>>, String> {
    let mut domains = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let domain = line.trim();
        if domain.is_empty() || domain.starts_with('#') {
            continue;
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if !domain.contains('.') || !domain.chars().all(plain) {
            return Err(format!("line {}: no domain", at + 1));
        }
        domains.push(domain.to_ascii_lowercase().into_boxed_str());
    }
    domains.sort_unstable();
    Ok(domains)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_list_knows_the_well_known_and_what_is_below_them() {
        let list = Disposable(read(BUILT_IN).unwrap());
        assert!(list.0.len() > 10_000, "{}", list.0.len());
        for domain in ["mailinator.com", "x.y.mailinator.com", "yopmail.com"] {
            assert!(list.has(domain), "{domain}");
        }
        for domain in ["gmail.com", "example.com", "mailinator.com.example.org", "com", ""] {
            assert!(!list.has(domain), "{domain}");
        }
    }

    #[test]
    fn an_operators_list_is_read_strictly() {
        assert_eq!(read("# why\n\n Throw.Example \n").unwrap(), ["throw.example".into()]);
        assert_eq!(read("a.example\nnot a domain\n").unwrap_err(), "line 2: no domain");
        let gone = SignUpPolicy {
            block_disposable: true,
            disposable_domains: Some("/nowhere/list.txt".into()),
            ..SignUpPolicy::default()
        };
        assert!(Disposable::open(&gone).is_err());
        assert!(Disposable::open(&SignUpPolicy { block_disposable: false, ..gone }).is_ok());
    }
}
