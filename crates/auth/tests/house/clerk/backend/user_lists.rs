//! Finding users.

use super::sdk::{Sdk, sdk};
use serde_json::{Value, json};
use std::time::Duration;

on_both!(
    users_are_listed_newest_first_a_page_at_a_time,
    users_are_found_by_what_is_known_of_them,
    users_are_ordered_as_asked,
    a_cursor_walks_the_list_without_a_gap,
    what_cannot_be_asked_is_told_by_its_name,
);

/// Three users, a second apart.
async fn three(sdk: &Sdk) {
    for (address, first, last, outside) in [
        ("ada@example.com", "Ada", "Lovelace", "x-1"),
        ("bob_1@example.org", "Bob", "Éclair", "x-2"),
        ("cyd@example.net", "cyd", "Aaron", "x-3"),
    ] {
        sdk.web.house.clock.advance(Duration::from_secs(1));
        let form = json!({
            "email_address": [address], "first_name": first, "last_name": last, "external_id": outside,
            "skip_password_requirement": true,
        });
        sdk.post("/users", form).await.ok();
    }
}

async fn found(sdk: &Sdk, query: &str) -> Vec<String> {
    let told = sdk.get(&format!("/users?{query}")).await.ok();
    let names = |user: &Value| user["first_name"].as_str().unwrap().to_owned();
    let names: Vec<String> = told.json.as_array().unwrap().iter().map(names).collect();
    if !query.contains("limit") && !query.contains("starting_after") {
        let count = sdk.get(&format!("/users/count?{query}")).await.ok().json["total_count"].clone();
        assert_eq!(count, names.len(), "the count goes with the list: {query}");
    }
    names
}

async fn users_are_listed_newest_first_a_page_at_a_time() {
    let sdk = sdk().await;
    three(&sdk).await;
    assert_eq!(found(&sdk, "").await, ["cyd", "Bob", "Ada"]);
    assert_eq!(found(&sdk, "limit=2").await, ["cyd", "Bob"]);
    assert_eq!(found(&sdk, "limit=2&offset=2").await, ["Ada"]);
    assert_eq!(found(&sdk, "limit=2&offset=9").await, Vec::<String>::new());
}

async fn users_are_found_by_what_is_known_of_them() {
    let sdk = sdk().await;
    three(&sdk).await;
    let ids: Vec<String> = sdk
        .get("/users?order_by=created_at")
        .await
        .ok()
        .json
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["id"].as_str().unwrap().to_owned())
        .collect();
    let created: Vec<i64> = sdk
        .get("/users?order_by=created_at")
        .await
        .ok()
        .json
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["created_at"].as_i64().unwrap())
        .collect();
    for (query, names) in [
        ("email_address=ADA@example.com", &["Ada"][..]),
        (
            "email_address=ada@example.com&email_address=cyd@example.net&email_address=nobody@example.com",
            &["cyd", "Ada"],
        ),
        // An underscore is an underscore, and stands for nothing else.
        ("email_address_query=bob_", &["Bob"]),
        ("email_address_query=bobx1", &[]),
        ("email_address_query=EXAMPLE.org", &["Bob"]),
        ("external_id=x-1&external_id=x-3", &["cyd", "Ada"]),
        ("external_id=x-1&email_address=cyd@example.net", &[]),
        ("query=love", &["Ada"]),
        ("query=%C3%89clair", &["Bob"]),
        ("query=example", &["cyd", "Bob", "Ada"]),
        ("query=%25", &[]),
        ("name_query=a%20l", &["Ada"]),
        ("name_query=example", &[]),
        ("banned=true", &[]),
        ("banned=false", &["cyd", "Bob", "Ada"]),
        ("username=ada", &[]),
        ("phone_number=%2B15555550100", &[]),
        ("last_active_at_after=1", &[]),
        ("last_sign_in_at_before=9999999999999", &[]),
    ] {
        assert_eq!(found(&sdk, query).await, names, "{query}");
    }
    assert_eq!(found(&sdk, &format!("user_id={}&user_id=%2B{}", ids[0], ids[2])).await, ["cyd", "Ada"]);
    assert_eq!(found(&sdk, &format!("user_id=-{}", ids[1])).await, ["cyd", "Ada"]);
    assert_eq!(found(&sdk, &format!("user_id={}&query=cyd", ids[0])).await, Vec::<String>::new());
    assert_eq!(found(&sdk, &format!("query={}", ids[1])).await, ["Bob"]);
    assert_eq!(found(&sdk, &format!("created_at_after={}", created[0])).await, ["cyd", "Bob"]);
    assert_eq!(found(&sdk, &format!("created_at_before={}", created[1])).await, ["Ada"]);
    sdk.post(&format!("/users/{}/ban", ids[0]), Value::Null).await.ok();
    assert_eq!(found(&sdk, "banned=true").await, ["Ada"]);
}

async fn users_are_ordered_as_asked() {
    let sdk = sdk().await;
    three(&sdk).await;
    for (order, names) in [
        ("created_at", ["Ada", "Bob", "cyd"]),
        ("%2Bcreated_at", ["Ada", "Bob", "cyd"]),
        ("-created_at", ["cyd", "Bob", "Ada"]),
        ("first_name", ["Ada", "Bob", "cyd"]),
        ("-first_name", ["cyd", "Bob", "Ada"]),
        ("last_name", ["cyd", "Ada", "Bob"]),
        ("email_address", ["Ada", "Bob", "cyd"]),
        ("-email_address", ["cyd", "Bob", "Ada"]),
        ("-updated_at", ["cyd", "Bob", "Ada"]),
        ("last_sign_in_at", ["Ada", "Bob", "cyd"]),
        ("-last_active_at", ["cyd", "Bob", "Ada"]),
    ] {
        assert_eq!(found(&sdk, &format!("order_by={order}")).await, names, "{order}");
    }
}

async fn a_cursor_walks_the_list_without_a_gap() {
    let sdk = sdk().await;
    three(&sdk).await;
    for (order, expected) in [("", ["cyd", "Bob", "Ada"]), ("&order_by=created_at", ["Ada", "Bob", "cyd"])] {
        let (mut walked, mut after) = (Vec::new(), String::new());
        loop {
            let told = sdk.get(&format!("/users?limit=1{order}{after}")).await.ok().json;
            let Some(user) = told.as_array().unwrap().first() else { break };
            walked.push(user["first_name"].as_str().unwrap().to_owned());
            after = format!("&starting_after={}", user["id"].as_str().unwrap());
        }
        assert_eq!(walked, expected);
    }
}

async fn what_cannot_be_asked_is_told_by_its_name() {
    let sdk = sdk().await;
    let id = sdk.user("ada@example.com").await;
    for (query, refused) in [
        ("limit=0".to_owned(), "422 form_param_format_invalid limit"),
        ("limit=501".to_owned(), "422 form_param_format_invalid limit"),
        ("offset=-1".to_owned(), "422 form_param_format_invalid offset"),
        ("order_by=password".to_owned(), "422 form_param_value_invalid order_by"),
        ("banned=perhaps".to_owned(), "422 form_param_format_invalid banned"),
        ("created_at_after=today".to_owned(), "422 form_param_format_invalid created_at_after"),
        (format!("starting_after={id}&offset=1"), "422 form_param_value_invalid starting_after"),
        (format!("starting_after={id}&order_by=first_name"), "422 form_param_value_invalid starting_after"),
        ("starting_after=user_2abc".to_owned(), "422 form_param_value_invalid starting_after"),
        (format!("query={}", "x".repeat(300)), "422 form_param_value_too_large query"),
        ("user_id=a&".repeat(101), "422 form_param_value_invalid user_id"),
    ] {
        assert_eq!(sdk.get(&format!("/users?{query}")).await.refusal(), refused, "{query}");
    }
    sdk.get("/users?_clerk_something=1&__clerk_api_version=2031-01-01").await.ok();
}
