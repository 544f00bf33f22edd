//! Chance, as a parameter.

/// A source of random bytes that nobody can guess.
pub trait Entropy: Send + Sync {
    /// Fills all of `out`.
    fn fill(&self, out: &mut [u8]);
}

/// So many random bytes.
pub fn bytes<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut out = [0; N];
    entropy.fill(&mut out);
    out
}

/// Known bytes from a seed, for tests: the same seed gives the same run.
#[cfg(any(test, feature = "testkit"))]
pub struct Seeded {
    seed: u64,
    next: std::sync::atomic::AtomicU64,
}

#[cfg(any(test, feature = "testkit"))]
impl Seeded {
    /// Begins the sequence of this seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, next: std::sync::atomic::AtomicU64::new(0) }
    }
}

#[cfg(any(test, feature = "testkit"))]
impl Entropy for Seeded {
    fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(32) {
            let n = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let mut input = self.seed.to_be_bytes().to_vec();
            input.extend_from_slice(&n.to_be_bytes());
            let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &input);
            for (to, from) in chunk.iter_mut().zip(digest.as_ref()) {
                *to = *from;
            }
        }
    }
}
