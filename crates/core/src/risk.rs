//! How unusual a sign-in is: signs that are added up, and what the sum asks for. It is made after the password was
//! right, so it tells strangers nothing; what is asked of everybody before that is the gate's.

use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Where something came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The network: an address without what changes for one customer.
    pub network: String,
    /// The place on the map, where that is known.
    pub place: Option<Place>,
}

/// A place on the map, as a GeoIP file tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Latitude and longitude in thousandths of a degree.
    pub at: Option<(i32, i32)>,
    /// How far off that may be, in kilometres.
    pub radius_km: u32,
}

/// An earlier sign-in of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// When.
    pub at: Time,
    /// From where.
    pub from: Source,
}

/// What is known of a sign-in.
#[derive(Clone, Debug)]
pub struct Signs<'a> {
    /// Whether the account completed a sign-in on this device before.
    pub known_device: bool,
    /// From where it comes.
    pub from: &'a Source,
    /// Earlier sign-ins of the account, the last one first.
    pub earlier: &'a [Earlier],
    /// Wrong passwords in a row for this account, from devices that it does not know.
    pub failures: i64,
    /// Whether the figures of the address or of the account asked for a challenge.
    pub challenged: bool,
    /// Proofs that failed lately, of everybody.
    pub unrest: i64,
    /// Now.
    pub now: Time,
}

/// A rule that found something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rule {
    /// Nobody signed in to the account on this device.
    NewDevice,
    /// The account never signed in from this network.
    NewNetwork,
    /// The account never signed in from this country.
    NewCountry,
    /// Nobody gets here from the last place in that time. The figure is kilometres an hour.
    ImpossibleTravel,
    /// More is tried from this address, or at this account, than their figures allow.
    Velocity,
    /// Wrong passwords in a row. The figure is their count.
    Failures,
    /// Many proofs fail on the whole instance. The figure is their count.
    Unrest,
}

/// A rule that found something, and what it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Which.
    pub rule: Rule,
    /// What it adds to the score.
    pub points: u32,
    /// The figure that it found, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub figure: Option<i64>,
}

/// How unusual a sign-in is, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// The points together.
    pub score: u32,
    /// What they are of.
    pub rules: Vec<Found>,
}

/// What a score asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// Nothing.
    Allow,
    /// A second factor; of somebody who has none, a code to the mailbox or the phone of the account.
    SecondFactor,
    /// The password opens nothing here. Codes, links and passkeys do.
    Refuse,
}

/// From which score on something is asked. 0 is never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// A challenge before the password, of devices that nobody is known on.
    pub challenge: u32,
    /// A second factor.
    pub second_factor: u32,
    /// The end.
    pub refuse: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { challenge: 40, second_factor: 50, refuse: 100 }
    }
}

const NEW_DEVICE: u32 = 20;
const NEW_NETWORK: u32 = 10;
const NEW_COUNTRY: u32 = 25;
const TRAVEL: u32 = 40;
const VELOCITY: u32 = 20;
/// Failures in a row, and what so many of them add.
const FAILURES: [(i64, u32); 2] = [(50, 30), (10, 20)];
/// Failures of everybody, and what so many of them add.
const UNREST: [(i64, u32); 2] = [(400, 40), (100, 20)];
/// Nobody travels faster.
const FASTEST_KMH: i64 = 1_000;
/// Places are too vague for less.
const LEAST_KM: i64 = 500;

impl Thresholds {
    /// What a score asks for.
    pub fn respond(&self, score: u32) -> Response {
        let reached = |at: u32| at > 0 && score >= at;
        match (reached(self.refuse), reached(self.second_factor)) {
            (true, _) => Response::Refuse,
            (false, true) => Response::SecondFactor,
            (false, false) => Response::Allow,
        }
    }

    /// Whether a device that nobody is known on is asked for a challenge before it tries a password. It follows from the
    /// instance's state alone, and so tells nothing about accounts.
    pub fn challenges_strangers(&self, unrest: i64) -> bool {
        let found = stranger().into_iter().chain(graded(Rule::Unrest, unrest, &UNREST));
        self.challenge > 0 && found.map(|one| one.points).sum::<u32>() >= self.challenge
    }
}

/// Adds up what is unusual. What others do elsewhere, to the address, the account or the instance, counts for nothing on a
/// device that the account knows.
pub fn assess(signs: &Signs<'_>) -> Assessment {
    let mut rules = Vec::new();
    let earlier = signs.earlier;
    if !signs.known_device {
        rules.push(found(Rule::NewDevice, NEW_DEVICE));
        if earlier.iter().all(|one| one.from.network != signs.from.network) {
            rules.push(found(Rule::NewNetwork, NEW_NETWORK));
        }
        if signs.challenged {
            rules.push(found(Rule::Velocity, VELOCITY));
        }
        rules.extend(graded(Rule::Failures, signs.failures, &FAILURES));
        rules.extend(graded(Rule::Unrest, signs.unrest, &UNREST));
    }
    if is_new_country(signs) {
        rules.push(found(Rule::NewCountry, NEW_COUNTRY));
    }
    if let Some(kmh) = earlier.first().and_then(|last| speed(signs, last)).filter(|kmh| *kmh > FASTEST_KMH) {
        rules.push(Found { figure: Some(kmh), ..found(Rule::ImpossibleTravel, TRAVEL) });
    }
    Assessment { score: rules.iter().map(|one| one.points).sum(), rules }
}

fn stranger() -> [Found; 2] {
    [found(Rule::NewDevice, NEW_DEVICE), found(Rule::NewNetwork, NEW_NETWORK)]
}

fn found(rule: Rule, points: u32) -> Found {
    Found { rule, points, figure: None }
}

fn graded(rule: Rule, figure: i64, grades: &[(i64, u32)]) -> Option<Found> {
    let grade = grades.iter().find(|(least, _)| figure >= *least);
    grade.map(|(_, points)| Found { rule, points: *points, figure: Some(figure) })
}

/// A country is new where others are known, and this one is none of them.
fn is_new_country(signs: &Signs<'_>) -> bool {
    let of = |from: &Source| from.place.as_ref().and_then(|place| place.country.clone());
    let Some(here) = of(signs.from) else { return false };
    let mut known = signs.earlier.iter().filter_map(|one| of(&one.from)).peekable();
    known.peek().is_some() && known.all(|country| country != here)
}

/// Kilometres an hour since the last sign-in, at the least.
fn speed(signs: &Signs<'_>, last: &Earlier) -> Option<i64> {
    let (here, there) = (signs.from.place.as_ref()?, last.from.place.as_ref()?);
    let vague = i64::from(here.radius_km) + i64::from(there.radius_km);
    let km = distance_km(here.at?, there.at?) - vague;
    if km < LEAST_KM {
        return None;
    }
    // Two sign-ins in one moment are as far apart as they are.
    let minutes = signs.now.since(last.at).max(Duration::from_secs(60)).as_secs() / 60;
    Some(km.saturating_mul(60) / i64::try_from(minutes).unwrap_or(i64::MAX))
}

/// Along a great circle (haversine), on a globe.
#[allow(clippy::cast_possible_truncation, reason = "half the way around the globe is 20,000")]
fn distance_km(a: (i32, i32), b: (i32, i32)) -> i64 {
    const GLOBE_KM: f64 = 6_371.0;
    let radians = |thousandths: i32| (f64::from(thousandths) / 1_000.0).to_radians();
    let (lat_a, lat_b) = (radians(a.0), radians(b.0));
    let (north, east) = (lat_b - lat_a, radians(b.1) - radians(a.1));
    let half = (north / 2.0).sin().powi(2) + lat_a.cos() * lat_b.cos() * (east / 2.0).sin().powi(2);
    (2.0 * GLOBE_KM * half.sqrt().min(1.0).asin()) as i64
}

#[cfg(test)]
#[path = "risk_tests.rs"]
mod tests;
