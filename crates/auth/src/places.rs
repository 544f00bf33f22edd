//! Where network addresses are on the map, by a GeoIP file that the operator brings.

use crate::builder::BuildFault;
use housekey_core::risk::Place;
use maxminddb::{Reader, geoip2};
use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::task::spawn_blocking;

/// Says where an address is.
pub trait Places: Send + Sync {
    /// The place, where it is known.
    fn find(&self, address: IpAddr) -> Option<Place>;
}

/// A file in MaxMind's DB format: GeoLite2, GeoIP2 or DB-IP, of cities or of countries.
pub struct GeoipFile(Reader<Vec<u8>>);

impl GeoipFile {
    /// Reads the file into memory.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn open(path: &Path) -> Result<Self, String> {
        let reader = Reader::open_readfile(path).map_err(|e| e.to_string())?;
        let kind = &reader.metadata().database_type;
        match kind.contains("City") || kind.contains("Country") || kind.contains("Enterprise") {
            true => Ok(Self(reader)),
            false => Err(format!("it holds \"{kind}\", and no cities or countries")),
        }
    }
}

impl Places for GeoipFile {
    fn find(&self, address: IpAddr) -> Option<Place> {
        let found = self.0.lookup(address.to_canonical()).and_then(|found| found.decode::<geoip2::City<'_>>());
        let city = found.inspect_err(|error| tracing::warn!(%error, "the GeoIP file cannot be read")).ok()??;
        let location = city.location;
        Some(Place {
            country: city.country.iso_code.map(str::to_owned),
            at: location
                .latitude
                .zip(location.longitude)
                .and_then(|(lat, lon)| Some((thousandths(lat)?, thousandths(lon)?))),
            radius_km: location.accuracy_radius.map_or(0, u32::from),
        })
    }
}

/// Opens the file of the settings, where they name one.
///
/// # Errors
/// When it is missing or not what it should be: to go on without it would be to judge by less than was asked for.
pub(crate) async fn open(path: Option<&PathBuf>) -> Result<Option<Arc<dyn Places>>, BuildFault> {
    let Some(path) = path.cloned() else { return Ok(None) };
    let shown = path.display().to_string();
    let read = spawn_blocking(move || GeoipFile::open(&path)).await.unwrap_or_else(|e| Err(e.to_string()));
    let file = read.map_err(|why| BuildFault::Setting {
        key: "risk.geoip_file".to_owned(),
        what: format!("{shown}: {why}"),
        instead: "a whole file in MaxMind's DB format, of cities or countries, or take the key out".to_owned(),
    })?;
    Ok(Some(Arc::new(file)))
}

#[allow(clippy::cast_possible_truncation, reason = "degrees are at most 180")]
fn thousandths(degrees: f64) -> Option<i32> {
    (degrees.abs() <= 180.0).then_some((degrees * 1_000.0).round() as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/places.mmdb");

    #[test]
    fn addresses_are_found_where_the_file_says() {
        let file = GeoipFile::open(Path::new(FILE)).unwrap();
        let find = |address: &str| file.find(address.parse().unwrap());
        let berlin = Place { country: Some("DE".to_owned()), at: Some((52_520, 13_405)), radius_km: 20 };
        assert_eq!(find("192.0.2.77"), Some(berlin.clone()));
        assert_eq!(find("::ffff:192.0.2.77"), Some(berlin));
        assert_eq!(find("2001:db8:33::1").unwrap().country.as_deref(), Some("JP"));
        let vague = Place { country: Some("US".to_owned()), at: None, radius_km: 0 };
        assert_eq!(find("198.51.100.1"), Some(vague));
        assert_eq!(find("127.0.0.1"), None);
    }

    #[test]
    fn a_file_that_is_missing_cut_altered_or_of_another_kind_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("places.mmdb");
        assert!(GeoipFile::open(&at).is_err());
        let whole = std::fs::read(FILE).unwrap();
        let mut broken = vec![Vec::new(), b"no such file".to_vec(), whole[..whole.len() / 2].to_vec()];
        broken.push(whole[..whole.len() - 40].to_vec());
        for bytes in broken {
            std::fs::write(&at, bytes).unwrap();
            assert!(GeoipFile::open(&at).is_err());
        }
        let kind = whole.windows(12).position(|w| w == b"Example-City").unwrap();
        let mut other = whole.clone();
        other[kind..kind + 12].copy_from_slice(b"Example-ASNs");
        std::fs::write(&at, other).unwrap();
        assert!(GeoipFile::open(&at).err().unwrap().contains("Example-ASNs"));
    }

    #[test]
    fn a_file_with_broken_inside_finds_nothing_and_does_not_panic() {
        let whole = std::fs::read(FILE).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("places.mmdb");
        for from in (0..whole.len() - 300).step_by(7) {
            let mut bytes = whole.clone();
            bytes[from..from + 7].fill(0xff);
            std::fs::write(&at, bytes).unwrap();
            if let Ok(file) = GeoipFile::open(&at) {
                let _ = file.find("192.0.2.1".parse().unwrap());
                let _ = file.find("2001:db8:33::1".parse().unwrap());
            }
        }
    }
}
