use super::*;
use crate::{entropy::Seeded, keyring::MasterKey};
use altcha::SolveChallengeOptions;

const NOW: Time = Time::from_millis(1_795_000_000_000);
const HOST: &str = "auth.example.com";

fn keys(seed: u64) -> ChallengeKeys {
    ChallengeKeys::of(&Keyring::new(MasterKey::generate(&Seeded::new(seed)), Vec::new()))
}

fn posed(action: Action, level: Level) -> String {
    keys(1).pose(Posed { action, host: HOST, level, work: Work::CHEAP }, NOW, &Seeded::new(7)).unwrap()
}

fn altered(shown: &str, change: impl FnOnce(&mut serde_json::Value)) -> String {
    let mut whole: serde_json::Value = serde_json::from_slice(&STANDARD.decode(shown).unwrap()).unwrap();
    change(&mut whole);
    STANDARD.encode(serde_json::to_vec(&whole).unwrap())
}

#[test]
fn the_protocols_own_solver_finds_the_key() {
    let challenge: altcha::Challenge = serde_json::from_str(&posed(Action::SignIn, Level::Light)).unwrap();
    let found = altcha::solve_challenge(SolveChallengeOptions::new(&challenge)).unwrap().unwrap();
    assert!((4..8).contains(&found.counter), "{}", found.counter);
    let shown = STANDARD.encode(serde_json::to_vec(&Payload { challenge, solution: found }).unwrap());
    let solved = keys(1).check(&shown, Action::SignIn, HOST, NOW).unwrap();
    assert_eq!((solved.level, solved.expires), (Level::Light, NOW.plus(LIFE)));
}

#[test]
fn sec_15_a_solution_is_bound_to_instance_action_host_and_time() {
    let shown = solve(&posed(Action::SignIn, Level::Medium)).unwrap();
    let check = |action, host, after| keys(1).check(&shown, action, host, NOW.plus(Duration::from_secs(after)));
    assert!(check(Action::SignIn, HOST, 299).is_ok());
    assert_eq!(check(Action::SignIn, HOST, 300), Err(Unsolved::Expired));
    assert_eq!(check(Action::SignIn, "other.example.com", 0), Err(Unsolved::Elsewhere));
    for other in [Action::SignUp, Action::Reset, Action::Code, Action::Mail, Action::Waitlist] {
        assert_eq!(check(other, HOST, 0), Err(Unsolved::Elsewhere), "{other:?}");
    }
    assert_eq!(keys(2).check(&shown, Action::SignIn, HOST, NOW), Err(Unsolved::Forged));
}

#[test]
fn sec_15_what_is_altered_counts_for_nothing() {
    let shown = solve(&posed(Action::SignIn, Level::Light)).unwrap();
    let check = |shown: &str| keys(1).check(shown, Action::SignIn, HOST, NOW);
    type Change = fn(&mut serde_json::Value);
    let forged: [Change; 7] = [
        |v| v["challenge"]["parameters"]["data"]["level"] = "heavy".into(),
        |v| v["challenge"]["parameters"]["data"]["expires"] = i64::MAX.into(),
        |v| v["challenge"]["parameters"]["data"]["action"] = "sign_up".into(),
        |v| v["challenge"]["parameters"]["nonce"] = "00".repeat(16).into(),
        |v| v["challenge"]["parameters"]["keySignature"] = serde_json::Value::Null,
        |v| v["challenge"]["parameters"]["keyPrefix"] = "".into(),
        |v| v["challenge"]["signature"] = serde_json::Value::Null,
    ];
    for (at, change) in forged.into_iter().enumerate() {
        assert_eq!(check(&altered(&shown, change)), Err(Unsolved::Forged), "{at}");
    }
    for wrong in ["", "00", "zz", &"00".repeat(32)] {
        let change = |v: &mut serde_json::Value| v["solution"]["derivedKey"] = wrong.into();
        assert_eq!(check(&altered(&shown, change)), Err(Unsolved::Wrong), "{wrong}");
    }
    for garbage in ["", "!", "e30=", &"A".repeat(5_000)] {
        assert_eq!(check(garbage), Err(Unsolved::Malformed), "{garbage:.20}");
    }
}

#[test]
fn the_work_grows_with_the_risk() {
    let level = |times, failures, least| Level::of(Risk { times, failures, least });
    assert_eq!(level(1, 10, Level::Light), Level::Light);
    assert_eq!(level(3, 0, Level::Light), Level::Medium);
    assert_eq!(level(1, 60, Level::Light), Level::Heavy);
    assert_eq!(level(0, 0, Level::of_failures(300)), Level::Medium);
    assert_eq!(level(9, 0, Level::of_failures(0)), Level::Heavy);
}
