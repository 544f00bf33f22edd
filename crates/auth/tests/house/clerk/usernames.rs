//! Usernames through Clerk's contract: the components' calls, and an app's backend.

use super::{app::*, backend::sdk::sdk_with};
use crate::{kit::*, web::Web};
use housekey::settings::{Settings, Use};
use serde_json::{Value, json};

fn named(email: Use, username: Use) -> Settings {
    let mut settings = settings();
    settings.identifiers.email = email;
    settings.identifiers.username = username;
    settings
}

async fn signed_up(web: &Web, at: u8) -> App {
    let app = web.app(at);
    let fields = [("email_address", ADA), ("username", "Ada_L"), ("password", PASSWORD)];
    let begun = app.post("/v1/client/sign_ups", &fields).await.ok();
    assert_eq!(begun.response()["username"], "Ada_L");
    let done = web.finish(&app, &format!("/v1/client/sign_ups/{}", begun.id()), ADA).await.ok();
    assert_eq!(done.response()["status"], "complete", "{}", done.body);
    app
}

async fn the_environment_says_what_is_taken() {
    let web = clerk_with(named(Use::Required, Use::Optional)).await;
    let told = web.app(1).get("/v1/environment").await.ok().json;
    let attribute = &told["user_settings"]["attributes"]["username"];
    assert_eq!((&attribute["enabled"], &attribute["required"]), (&json!(true), &json!(false)));
    assert_eq!(attribute["used_for_first_factor"], true);
    assert_eq!(told["auth_config"]["username"], "on");
    assert_eq!(told["auth_config"]["identification_strategies"], json!(["email_address", "username"]));
    let off = clerk().await.app(1).get("/v1/environment").await.ok().json;
    assert_eq!(off["user_settings"]["attributes"]["username"]["enabled"], false);
}

async fn sign_up_asks_for_it_and_sign_in_takes_it() {
    let web = clerk_with(named(Use::Required, Use::Required)).await;
    let app = web.app(1);
    let begun = app.post("/v1/client/sign_ups", &[("email_address", ADA), ("password", PASSWORD)]).await.ok();
    assert_eq!(begun.response()["missing_fields"], json!(["username"]));
    let at = format!("/v1/client/sign_ups/{}", begun.id());
    for (name, refused) in [
        ("ab", "422 form_username_invalid_length username"),
        ("ada l", "422 form_username_invalid_character username"),
        ("12345", "422 form_username_needs_non_number_char username"),
        ("admin", "422 form_identifier_exists username"),
    ] {
        assert_eq!(app.patch(&at, &[("username", name)]).await.refusal(), refused, "{name}");
    }
    app.patch(&at, &[("username", "Ada_L")]).await.ok();
    let done = web.finish(&app, &at, ADA).await.ok();
    assert_eq!(done.response()["status"], "complete", "{}", done.body);
    let other = web.app(2);
    let taken = [("email_address", "eve@example.com"), ("password", PASSWORD), ("username", "ada_l")];
    assert_eq!(
        other.post("/v1/client/sign_ups", &taken).await.refusal(),
        "422 form_identifier_exists username",
        "a taken username is public"
    );
    let begun = other.post("/v1/client/sign_ins", &[("identifier", "ADA_L")]).await.ok();
    let ways: Vec<&Value> =
        begun.response()["supported_first_factors"].as_array().unwrap().iter().map(|f| &f["strategy"]).collect();
    assert_eq!(ways, ["password"]);
    let done = other.sign_in("ada_l", PASSWORD).await.ok();
    assert_eq!(done.response()["status"], "complete");
    assert_eq!(other.get("/v1/me").await.ok().response()["username"], "Ada_L");
}

async fn sec_20_a_strange_username_is_answered_as_a_known_one() {
    let web = clerk_with(named(Use::Required, Use::Optional)).await;
    signed_up(&web, 1).await;
    let mut all = Vec::new();
    for (at, name) in [(2, "Ada_L"), (3, "Eve_L")] {
        let app = web.app(at);
        let begun = app.post("/v1/client/sign_ins", &[("identifier", name)]).await.ok();
        let step = format!("/v1/client/sign_ins/{}/attempt_first_factor", begun.id());
        let mut told = vec![begun.response()["supported_first_factors"].to_string()];
        for strategy in ["password", "email_code", "reset_password_email_code"] {
            let fields = [("strategy", strategy), ("password", "wrong wrong wrong"), ("code", "000000")];
            told.push(app.post(&step, &fields).await.refusal());
        }
        told.push(app.sign_in(name, "wrong wrong wrong").await.refusal());
        all.push(told);
    }
    assert_eq!(all[0], all[1]);
}

async fn the_signed_in_user_changes_it() {
    let web = clerk_with(named(Use::Required, Use::Optional)).await;
    let app = signed_up(&web, 1).await;
    let told = app.patch("/v1/me", &[("username", "countess")]).await.ok();
    assert_eq!(told.response()["username"], "countess");
    assert_eq!(told.client()["sessions"][0]["user"]["username"], "countess");
    assert_eq!(app.patch("/v1/me", &[("username", "x")]).await.refusal(), "422 form_username_invalid_length username");
    web.house.clock.advance(std::time::Duration::from_secs(301));
    let stale = app.patch("/v1/me", &[("username", "duchess")]).await;
    assert_eq!(stale.refusal(), "403 session_reverification_required");
}

async fn a_backend_makes_changes_finds_and_orders_by_it() {
    let sdk = sdk_with(named(Use::Optional, Use::Required)).await;
    let made = async |name: &str, address: Option<&str>| {
        let address: Vec<&str> = address.into_iter().collect();
        let form = json!({"username": name, "email_address": address, "password": PASSWORD});
        sdk.post("/users", form).await
    };
    let ada = made("Ada_L", None).await.ok().json;
    assert_eq!((&ada["username"], &ada["email_addresses"]), (&json!("Ada_L"), &json!([])));
    made("zoe_1", Some("zoe@example.com")).await.ok();
    made("bob-1", None).await.ok();
    assert_eq!(made("ADA_l", None).await.refusal(), "422 form_identifier_exists username");
    assert_eq!(made("a", None).await.refusal(), "422 form_username_invalid_length username");
    let found = async |query: &str| -> Vec<String> {
        let told = sdk.get(&format!("/users?{query}")).await.ok();
        told.json.as_array().unwrap().iter().map(|u| u["username"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(found("username=ADA_L&username=bob-1&order_by=username").await, ["Ada_L", "bob-1"]);
    assert_eq!(found("order_by=-username").await, ["zoe_1", "bob-1", "Ada_L"]);
    assert_eq!(found("username_query=A_").await, ["Ada_L"]);
    assert_eq!(found("username_query=%25").await, Vec::<String>::new());
    assert_eq!(found("query=BOB").await, ["bob-1"]);
    let at = format!("/users/{}", ada["id"].as_str().unwrap());
    assert_eq!(sdk.patch(&at, json!({"username": "zoe_1"})).await.refusal(), "422 form_identifier_exists username");
    assert_eq!(sdk.patch(&at, json!({"username": ""})).await.refusal(), "422 form_param_missing username");
    let changed = sdk.patch(&at, json!({"username": "Countess"})).await.ok().json;
    assert_eq!(changed["username"], "Countess");
    let app = sdk.web.app(1);
    assert_eq!(app.sign_in("countess", PASSWORD).await.ok().response()["status"], "complete");
}

on_both!(
    the_environment_says_what_is_taken,
    sign_up_asks_for_it_and_sign_in_takes_it,
    sec_20_a_strange_username_is_answered_as_a_known_one,
    the_signed_in_user_changes_it,
    a_backend_makes_changes_finds_and_orders_by_it,
);
