//! Lists of breached passwords: a SHA-1 in hexadecimal digits a line, and behind a colon how often it was seen.

const DIGITS: usize = 40;
/// Sixteen digits are the eight bytes that a filter keeps.
const KEPT: usize = 16;

/// A line is no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-1 of 40 hexadecimal digits, alone or with `:` and a number behind it")]
pub struct NotAHash;

/// The key of a line, for [`super::BreachFilter::build`]. Nothing for a blank line, and nothing for a hash that was seen
/// zero times, which is how the service pads its answers.
///
/// # Errors
/// For any other line without a hash.
pub fn key_of_line(line: &[u8]) -> Result<Option<u64>, NotAHash> {
    let line = std::str::from_utf8(line).map_err(|_| NotAHash)?.trim();
    if line.is_empty() {
        return Ok(None);
    }
    let (hash, seen) = read(line, DIGITS)?;
    let kept = hash.get(..KEPT).ok_or(NotAHash)?;
    let key = u64::from_str_radix(kept, 16).map_err(|_| NotAHash)?;
    Ok((seen > 0).then_some(key))
}

/// The digits and how often they were seen; once where nothing is said of it.
pub(super) fn read(line: &str, digits: usize) -> Result<(&str, u64), NotAHash> {
    let (hash, seen) = match line.split_once(':') {
        Some((hash, seen)) => (hash, seen.parse().map_err(|_| NotAHash)?),
        None => (line, 1),
    };
    let is_hash = hash.len() == digits && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then_some((hash, seen)).ok_or(NotAHash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_with_and_without_their_number() {
        let key = Ok(Some(0x5baa_61e4_c9b9_3f3f));
        for line in [
            "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8",
            "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8:10434004",
            "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:3\r\n",
        ] {
            assert_eq!(key_of_line(line.as_bytes()), key, "{line}");
        }
        for nothing in ["", "\r\n", "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:0"] {
            assert_eq!(key_of_line(nothing.as_bytes()), Ok(None));
        }
        for wrong in [
            "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD",
            "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD88",
            "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FDg",
            "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:",
            "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:many",
            "+BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8",
            "password",
        ] {
            assert_eq!(key_of_line(wrong.as_bytes()), Err(NotAHash), "{wrong}");
        }
        assert_eq!(key_of_line(&[0xff; 40]), Err(NotAHash));
    }
}
