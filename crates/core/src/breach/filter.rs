//! The filter: a binary fuse filter with twelve bits a position. It never misses a password of its list, and takes one
//! of 4,096 others for one of it. A position is read bit by bit, so the lower bits of a filter with sixteen are a filter
//! of their own: twelve need 1.7 bytes a hash where sixteen would need 2.3, and eight would refuse one good password of
//! 256.
//!
//! A file of form 1, all numbers with the lowest byte first:
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `hkbreach` |
//! | 4 | the form, 1 |
//! | 4 | how many bits of a key say its part: there are two to that power |
//! | 8 | how many hashes |
//! | 16 a part | its seed (8), the length of its segments (4) and of all but the last two of them (4) |
//! | 3 for two positions | the positions of all parts, the first of a pair in the lower twelve bits |
//! | 32 | the SHA-256 of all before |
//!
//! How a key leads to three positions is written down here rather than asked of the crate that builds, since files
//! outlive its releases.

use super::PasswordDigest;
use aws_lc_rs::digest::{SHA256, digest};
use xorf::BinaryFuse16;

const MAGIC: &[u8; 8] = b"hkbreach";
const FORM: u32 = 1;
const HEAD: usize = 24;
const ENTRY: usize = 16;
const SUM: usize = 32;
/// Keys of a part: building needs some 35 bytes for each key of one part, and smaller parts waste more.
const PART: usize = 1 << 22;
const MOST_BITS: u32 = 16;
/// What the crate that builds can count to, its own room included.
const LARGEST_PART: usize = 1 << 31;

/// A filter, ready to be asked. It is as large in memory as its file.
pub struct BreachFilter {
    bytes: Vec<u8>,
    parts: Vec<Part>,
    count: u64,
}

/// Where a part's positions are, and how keys lead to them.
#[derive(Clone, Copy, Default)]
struct Part {
    seed: u64,
    segment: u32,
    segments: u32,
    start: usize,
}

/// Why bytes are no filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterFault {
    /// They begin with something else.
    #[error("not a filter of breached passwords")]
    NotAFilter,
    /// Another release wrote them.
    #[error("a filter of form {0}, and this release reads form {FORM}")]
    OtherForm(u32),
    /// Some are missing.
    #[error("cut: some of it is missing")]
    Cut,
    /// They are not what was written.
    #[error("altered: its content does not match its sum")]
    Altered,
}

/// Why no filter was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unbuilt {
    /// There are no keys.
    #[error("the list has no hashes")]
    Empty,
    /// The construction did not succeed, which takes a list made to that end.
    #[error("no filter could be made of these hashes")]
    Failed,
}

impl BreachFilter {
    /// Builds a filter of keys in any order, repetitions included. It needs their own eight bytes a key, the filter's
    /// 1.7, and some 150 MB.
    ///
    /// # Errors
    /// Without keys, and when the construction fails.
    pub fn build(keys: Vec<u64>) -> Result<Self, Unbuilt> {
        Self::build_by(keys, PART)
    }

    /// The same with so many keys in a part, where they are spread evenly.
    fn build_by(mut keys: Vec<u64>, most: usize) -> Result<Self, Unbuilt> {
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() {
            return Err(Unbuilt::Empty);
        }
        let bits = (0..MOST_BITS).find(|bits| keys.len() >> bits <= most).unwrap_or(MOST_BITS);
        let head = HEAD + (ENTRY << bits);
        let mut bytes = Vec::with_capacity(head + SUM + keys.len() / 4 * 7);
        bytes.resize(head, 0);
        let mut parts = Vec::with_capacity(1 << bits);
        let mut rest = keys.as_slice();
        for number in 0..1_u64 << bits {
            let (own, others) = rest.split_at(rest.partition_point(|key| part_of(*key, bits) <= number));
            rest = others;
            parts.push(build_part(own, &mut bytes)?);
        }
        let written = bytes.iter_mut().zip(head_of(bits, keys.len() as u64, &parts));
        written.for_each(|(to, from)| *to = from);
        let sum = digest(&SHA256, &bytes);
        bytes.extend_from_slice(sum.as_ref());
        let filter = Self { bytes, parts, count: keys.len() as u64 };
        // A filter that missed one would never say so.
        keys.iter().all(|key| filter.has(*key)).then_some(filter).ok_or(Unbuilt::Failed)
    }

    /// Reads a filter from the bytes of its file.
    ///
    /// # Errors
    /// When they are not exactly what [`Self::bytes`] gave.
    pub fn read(bytes: Vec<u8>) -> Result<Self, FilterFault> {
        if !bytes.iter().zip(MAGIC).all(|(found, wanted)| found == wanted) {
            return Err(FilterFault::NotAFilter);
        }
        let form = number(&bytes, 8, 4)? as u32;
        if form != FORM {
            return Err(FilterFault::OtherForm(form));
        }
        let bits = number(&bytes, 12, 4)? as u32;
        if bits > MOST_BITS {
            return Err(FilterFault::Altered);
        }
        let count = number(&bytes, 16, 8)?;
        let mut start = HEAD + (ENTRY << bits);
        let mut parts = Vec::new();
        for at in (HEAD..start).step_by(ENTRY) {
            let part = Part {
                seed: number(&bytes, at, 8)?,
                segment: number(&bytes, at + 8, 4)? as u32,
                segments: number(&bytes, at + 12, 4)? as u32,
                start,
            };
            start = start.checked_add(part.length()).ok_or(FilterFault::Cut)?;
            parts.push(part);
        }
        let whole = start.checked_add(SUM).ok_or(FilterFault::Cut)?;
        if bytes.len() < whole {
            return Err(FilterFault::Cut);
        }
        let (content, sum) = bytes.split_at_checked(start).ok_or(FilterFault::Cut)?;
        if digest(&SHA256, content).as_ref() != sum || parts.iter().any(|part| !part.is_sound()) {
            return Err(FilterFault::Altered);
        }
        Ok(Self { bytes, parts, count })
    }

    /// What a file of it contains.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many hashes it was built of.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether a password is in its list: surely not, or with one mistake in 4,096.
    pub fn contains(&self, password: &PasswordDigest) -> bool {
        self.has(password.key())
    }

    fn has(&self, key: u64) -> bool {
        let bits = self.parts.len().trailing_zeros();
        let part = usize::try_from(part_of(key, bits)).ok().and_then(|number| self.parts.get(number));
        part.and_then(|part| part.has(&self.bytes, key)).unwrap_or_default()
    }
}

impl Part {
    /// Positions: three segments overlap at each.
    fn positions(&self) -> usize {
        self.segments as usize + 2 * self.segment as usize
    }

    fn length(&self) -> usize {
        packed(self.positions())
    }

    fn is_sound(&self) -> bool {
        self.positions() == 0 || (self.segment.is_power_of_two() && self.segments.is_multiple_of(self.segment))
    }

    /// Whether the three positions of a key make its fingerprint. Nothing where there are none.
    fn has(&self, bytes: &[u8], key: u64) -> Option<bool> {
        let hash = mix(key.wrapping_add(self.seed));
        let (segment, mask) = (u64::from(self.segment), u64::from(self.segment).wrapping_sub(1));
        let first = ((u128::from(hash) * u128::from(self.segments)) >> 64) as u64;
        let second = (first + segment) ^ ((hash >> 18) & mask);
        let third = (first + 2 * segment) ^ (hash & mask);
        let mut found = (hash ^ (hash >> 32)) & 0xfff;
        for position in [first, second, third] {
            found ^= self.at(bytes, usize::try_from(position).ok()?)?;
        }
        Some(found == 0)
    }

    fn at(&self, bytes: &[u8], position: usize) -> Option<u64> {
        if position >= self.positions() {
            return None;
        }
        let at = self.start + position / 2 * 3;
        let byte = |offset| bytes.get(at + offset).map(|byte: &u8| u64::from(*byte));
        match position % 2 {
            0 => Some(byte(0)? | (byte(1)? & 0xf) << 8),
            _ => Some(byte(1)? >> 4 | byte(2)? << 4),
        }
    }
}

/// Builds one part and appends its positions.
fn build_part(keys: &[u64], bytes: &mut Vec<u8>) -> Result<Part, Unbuilt> {
    let start = bytes.len();
    if keys.is_empty() {
        return Ok(Part { start, ..Part::default() });
    }
    if keys.len() > LARGEST_PART {
        return Err(Unbuilt::Failed);
    }
    let made = BinaryFuse16::try_from(keys).map_err(|_| Unbuilt::Failed)?;
    let part = Part {
        seed: made.descriptor.seed,
        segment: made.descriptor.segment_length,
        segments: made.descriptor.segment_count_length,
        start,
    };
    for pair in made.fingerprints.chunks(2) {
        let low = |at: usize| u32::from(pair.get(at).copied().unwrap_or_default()) & 0xfff;
        bytes.extend((low(0) | low(1) << 12).to_le_bytes().iter().take(3));
    }
    let fits = part.positions() == made.fingerprints.len() && part.is_sound();
    fits.then_some(part).ok_or(Unbuilt::Failed)
}

fn head_of(bits: u32, count: u64, parts: &[Part]) -> Vec<u8> {
    let mut head = MAGIC.to_vec();
    head.extend(FORM.to_le_bytes());
    head.extend(bits.to_le_bytes());
    head.extend(count.to_le_bytes());
    for part in parts {
        head.extend(part.seed.to_le_bytes());
        head.extend(part.segment.to_le_bytes());
        head.extend(part.segments.to_le_bytes());
    }
    head
}

/// The bytes of so many positions.
fn packed(positions: usize) -> usize {
    positions.div_ceil(2) * 3
}

/// The upper bits of a key say its part.
fn part_of(key: u64, bits: u32) -> u64 {
    key.checked_shr(u64::BITS - bits).unwrap_or_default()
}

/// The last step of MurmurHash3, which spreads every bit over all.
fn mix(mut hash: u64) -> u64 {
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ hash >> 33
}

/// The number in so many bytes, the lowest first.
fn number(bytes: &[u8], at: usize, length: usize) -> Result<u64, FilterFault> {
    let read = bytes.get(at..at + length).ok_or(FilterFault::Cut)?;
    Ok(read.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
