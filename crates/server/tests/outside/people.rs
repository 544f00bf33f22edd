//! Help for people: requests to come back, and what happened, by command.

use crate::kit::House;

#[test]
fn requests_and_events_are_looked_after_with_and_without_a_server() {
    let house = House::new();
    let alone = house.run(&["recovery", "list"]);
    assert!(alone.code == 0 && alone.out.contains("Nobody asks"), "{}{}", alone.out, alone.err);
    let server = house.serve(&[]);
    let listed = house.run(&["recovery", "list", "--json"]);
    assert_eq!(listed.out.trim(), "[]", "{}", listed.err);
    for command in ["shorten", "deny"] {
        let unknown = house.run(&["recovery", command, "rec_000000000000000000000000000"]);
        assert!(unknown.code == 1 && unknown.err.contains("no such thing"), "{}", unknown.err);
        let odd = house.run(&["recovery", command, "nothing"]);
        assert!(odd.code == 1 && odd.err.contains("housekey recovery list"), "{}", odd.err);
    }
    let unknown = house.run(&["event", "show", "req_000000000000000000000000000"]);
    assert!(unknown.code == 1 && unknown.err.contains("nothing is known of it"), "{}", unknown.err);
    let odd = house.run(&["event", "show", "nothing"]);
    assert!(odd.code == 1 && odd.err.contains("evt_"), "{}", odd.err);
    server.stop();
}
