//! The sum that a package was published with, in the form of Subresource Integrity.

use std::{fmt, str::FromStr};

use anyhow::bail;
use aws_lc_rs::{constant_time, digest};
use base64::{Engine, engine::general_purpose::STANDARD};

/// A SHA-512 sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Integrity(Vec<u8>);

const LENGTH: usize = 64;

impl Integrity {
    /// The sum of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(digest::digest(&digest::SHA512, bytes).as_ref().to_vec())
    }

    /// Says whether these are the bytes that were published, or what they are instead.
    pub fn check(&self, bytes: &[u8]) -> anyhow::Result<()> {
        let found = Self::of(bytes);
        if constant_time::verify_slices_are_equal(&self.0, &found.0).is_err() {
            bail!("the sum is {found}, and {self} was published: this is another file, or it was changed on its way");
        }
        Ok(())
    }
}

impl FromStr for Integrity {
    type Err = anyhow::Error;

    /// Of several sums the SHA-512 counts; weaker ones prove nothing.
    fn from_str(text: &str) -> anyhow::Result<Self> {
        let strong = text.split_ascii_whitespace().find_map(|one| one.strip_prefix("sha512-"));
        let sum = strong.and_then(|sum| STANDARD.decode(sum).ok()).filter(|sum| sum.len() == LENGTH);
        match sum {
            Some(sum) => Ok(Self(sum)),
            None => bail!(
                "{text:?} is not a sum to check by. Write sha512-… as `npm view PACKAGE@VERSION dist.integrity` prints it."
            ),
        }
    }
}

impl fmt::Display for Integrity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha512-{}", STANDARD.encode(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sha_512_counts() {
        let sum = Integrity::of(b"abc");
        assert_eq!(sum, sum.to_string().parse().unwrap());
        assert_eq!(sum, format!("sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0= {sum}").parse().unwrap());
        sum.check(b"abc").unwrap();
        let told = sum.check(b"abd").unwrap_err().to_string();
        assert!(told.contains(&sum.to_string()) && told.contains("was published"), "{told}");
        for text in ["", "sha512-", "sha512-YWJj", "sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", "sha256-abc", "md5"] {
            assert!(text.parse::<Integrity>().is_err(), "{text}");
        }
    }
}
