use super::*;

const BERLIN: (i32, i32) = (52_520, 13_405);
const SYDNEY: (i32, i32) = (-33_869, 151_209);
const POTSDAM: (i32, i32) = (52_391, 13_065);
const NOW: Time = Time::from_millis(1_000_000_000);

fn from(network: &str, country: &str, at: (i32, i32)) -> Source {
    let place = Place { country: Some(country.to_owned()), at: Some(at), radius_km: 20 };
    Source { network: network.to_owned(), place: Some(place) }
}

fn before(hours: u64, from: Source) -> Earlier {
    Earlier { at: NOW.minus(Duration::from_secs(hours * 3600)), from }
}

fn judged(known_device: bool, here: &Source, earlier: &[Earlier]) -> Assessment {
    assess(&Signs { known_device, from: here, earlier, failures: 0, challenged: false, unrest: 0, now: NOW })
}

fn rules(of: &Assessment) -> Vec<Rule> {
    of.rules.iter().map(|one| one.rule).collect()
}

#[test]
fn a_known_device_where_it_always_is_counts_nothing() {
    let home = from("192.0.2.0", "DE", BERLIN);
    assert_eq!(judged(true, &home, &[before(24, home.clone())]), Assessment::default());
}

#[test]
fn what_others_do_counts_nothing_on_a_known_device() {
    let home = from("192.0.2.0", "DE", BERLIN);
    let earlier = [before(24, home.clone())];
    let mut signs = Signs {
        known_device: true,
        from: &home,
        earlier: &earlier,
        failures: 1_000,
        challenged: true,
        unrest: 100_000,
        now: NOW,
    };
    assert_eq!(assess(&signs).score, 0);
    signs.known_device = false;
    assert_eq!(assess(&signs).score, 20 + 20 + 30 + 40);
    assert_eq!(rules(&assess(&signs)), [Rule::NewDevice, Rule::Velocity, Rule::Failures, Rule::Unrest]);
}

#[test]
fn a_new_device_in_peace_is_let_in_and_under_attack_is_asked_for_more() {
    let home = from("192.0.2.0", "DE", BERLIN);
    let elsewhere = from("198.51.100.0", "DE", POTSDAM);
    let earlier = [before(24, home.clone())];
    let figures = Thresholds::default();
    let calm = judged(false, &elsewhere, &earlier);
    assert_eq!((calm.score, figures.respond(calm.score)), (30, Response::Allow));
    let stormy = Signs {
        known_device: false,
        from: &elsewhere,
        earlier: &earlier,
        failures: 0,
        challenged: false,
        unrest: 100,
        now: NOW,
    };
    assert_eq!(figures.respond(assess(&stormy).score), Response::SecondFactor);
    assert!(!figures.challenges_strangers(99) && figures.challenges_strangers(100));
    let worst = Signs { failures: 50, challenged: true, ..stormy };
    assert_eq!(figures.respond(assess(&worst).score), Response::Refuse);
}

#[test]
fn nobody_is_in_berlin_and_in_sydney_in_one_hour() {
    let (home, far) = (from("192.0.2.0", "DE", BERLIN), from("203.0.113.0", "AU", SYDNEY));
    let hasty = judged(true, &far, &[before(1, home.clone())]);
    assert_eq!(rules(&hasty), [Rule::NewCountry, Rule::ImpossibleTravel]);
    let kmh = hasty.rules[1].figure.unwrap();
    assert!((15_900..16_200).contains(&kmh), "{kmh}");
    assert_eq!(rules(&judged(true, &far, &[before(24, home.clone())])), [Rule::NewCountry]);
    // In the same second, and with a clock that went back.
    assert_eq!(rules(&judged(true, &far, &[before(0, home.clone())])), [Rule::NewCountry, Rule::ImpossibleTravel]);
    let later = Earlier { at: NOW.plus(Duration::from_secs(60)), from: home };
    assert_eq!(rules(&judged(true, &far, &[later])), [Rule::NewCountry, Rule::ImpossibleTravel]);
}

#[test]
fn vague_places_and_unknown_ones_accuse_nobody() {
    let (near, home) = (from("192.0.2.0", "DE", POTSDAM), from("192.0.2.0", "DE", BERLIN));
    assert_eq!(judged(true, &near, &[before(0, home.clone())]).score, 0);
    let mut vague = from("192.0.2.0", "DE", SYDNEY);
    vague.place.as_mut().unwrap().radius_km = 20_000;
    assert_eq!(judged(true, &vague, &[before(0, home.clone())]).score, 0);
    let nowhere = Source { network: "192.0.2.0".to_owned(), place: None };
    assert_eq!(judged(true, &nowhere, &[before(0, home.clone())]).score, 0);
    assert_eq!(judged(true, &home, &[before(0, nowhere)]).score, 0, "no country is known to compare with");
}

#[test]
fn a_threshold_of_0_is_never_reached() {
    let never = Thresholds { challenge: 0, second_factor: 0, refuse: 0 };
    assert_eq!(never.respond(u32::MAX), Response::Allow);
    assert!(!never.challenges_strangers(i64::MAX));
}
