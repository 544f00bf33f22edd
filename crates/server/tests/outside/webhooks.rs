//! Endpoints of webhooks, by command and by configuration.

use crate::kit::House;

#[test]
fn endpoints_are_kept_with_and_without_a_server() {
    let house = House::new();
    let alone = house.run(&["webhook", "add", "https://app.example.com/hooks", "--event", "user.*", "--json"]);
    assert_eq!(alone.code, 0, "{}", alone.err);
    let made: serde_json::Value = serde_json::from_str(&alone.out).unwrap();
    let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    assert!(secret.starts_with("whsec_"));
    let server = house.serve(&[]);
    let listed = house.run(&["webhook", "list"]).out;
    assert!(listed.contains(id) && listed.contains("user.*") && listed.contains("enabled"), "{listed}");
    assert!(!listed.contains(secret));
    let refused = house.run(&["webhook", "add", "https://10.0.0.1/hooks"]);
    assert!(refused.code == 1 && refused.err.contains("public internet"), "{}", refused.err);
    let unknown = house.run(&["webhook", "add", "https://app.example.com/b", "--event", "user.made"]);
    assert!(unknown.code == 1 && unknown.err.contains("user.created"), "{}", unknown.err);
    // This machine is reached in development, and nobody listens there.
    let near = house.run(&["webhook", "add", "http://127.0.0.1:1/hooks"]);
    assert!(near.out.contains("CLERK_WEBHOOK_SIGNING_SECRET=whsec_"), "{}{}", near.out, near.err);
    let near =
        near.out.split_whitespace().find(|word| word.starts_with("ep_")).unwrap().trim_end_matches('.').to_owned();
    let tried = house.run(&["webhook", "test", &near]);
    assert!(tried.code == 1 && tried.out.contains("could not be reached"), "{}{}", tried.out, tried.err);
    let rotated = house.run(&["webhook", "secret", "rotate", &near]);
    assert!(rotated.out.contains("whsec_"), "{}", rotated.err);
    assert_eq!(house.run(&["webhook", "disable", &near]).code, 0);
    assert!(house.run(&["webhook", "list"]).out.contains("disabled (by_hand)"));
    assert_eq!(house.run(&["webhook", "replay", &near]).code, 2, "what?");
    let told = house.run(&["webhook", "replay", id, "--since", "2026-11-01T00:00:00Z"]);
    assert!(told.out.contains("0 messages"), "{}{}", told.out, told.err);
    let removed = house.run(&["webhook", "remove", &near]);
    assert!(removed.out.contains(&near), "{}", removed.err);
    assert_eq!(house.run(&["webhook", "remove", &near]).code, 1);
    server.stop();
    let alone = house.run(&["webhook", "list"]).out;
    assert!(alone.contains(id) && !alone.contains(&near), "{alone}");
}

#[test]
fn endpoints_of_the_configuration_need_their_secrets() {
    let house = House::new();
    house.write("housekey.toml", "[webhooks]\nendpoints = [\"https://app.example.com/hooks user.created\"]\n");
    let said = house.run(&["config", "check"]);
    assert!(
        said.code == 2 && format!("{}{}", said.out, said.err).contains("webhooks.secrets"),
        "{}{}",
        said.out,
        said.err
    );
    house.write("secrets", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    let whole =
        "[webhooks]\nendpoints = [\"https://app.example.com/hooks user.created\"]\nsecrets_file = \"secrets\"\n";
    house.write("housekey.toml", whole);
    let server = house.serve(&[]);
    let listed = house.run(&["webhook", "list"]).out;
    assert!(listed.contains("https://app.example.com/hooks") && listed.contains("of config"), "{listed}");
    let id = listed.split_whitespace().next().unwrap().to_owned();
    let refused = house.run(&["webhook", "remove", &id]);
    assert!(refused.code == 1 && refused.err.contains("webhooks.endpoints"), "{}", refused.err);
    server.stop();
}
