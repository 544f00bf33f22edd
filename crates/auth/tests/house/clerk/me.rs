//! The signed-in user's own account.

use super::app::*;
use crate::kit::*;
use serde_json::{Value, json};
use std::time::Duration;

const NEW: &str = "marble canyon whisper";

async fn a_name_is_changed_and_taken_away() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let named = app.patch("/v1/me", &[("first_name", "Augusta"), ("last_name", "King")]).await.ok();
    assert_eq!((&named.response()["first_name"], &named.response()["last_name"]), (&json!("Augusta"), &json!("King")));
    assert_eq!(named.client()["sessions"][0]["user"]["first_name"], "Augusta", "the components live from the client");
    let one = app.patch("/v1/me", &[("first_name", "Ada")]).await.ok();
    assert_eq!(one.response()["last_name"], "King", "what is absent stays");
    let none = app.patch("/v1/me", &[("last_name", "")]).await.ok();
    assert_eq!((&none.response()["first_name"], &none.response()["last_name"]), (&json!("Ada"), &Value::Null));
    let turned = app.patch("/v1/me", &[("first_name", "Ada\u{202e}adA")]).await;
    assert_eq!(turned.refusal(), "422 form_param_format_invalid first_name");
    let long = app.patch("/v1/me", &[("first_name", "x".repeat(101).as_str())]).await;
    assert_eq!(long.refusal(), "422 form_param_max_length_exceeded first_name");
}

async fn sec_111_what_is_not_the_persons_to_set_stays() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let before = app.get("/v1/me").await.ok().response().clone();
    let fields = [
        ("public_metadata", "{\"role\":\"admin\"}"),
        ("private_metadata", "{\"role\":\"admin\"}"),
        ("external_id", "1"),
        ("banned", "false"),
        ("created_at", "1"),
        ("role", "admin"),
        ("verified", "true"),
        ("id", "user_x"),
    ];
    let told = app.patch("/v1/me", &fields).await.ok();
    assert_eq!(told.response(), &before);
    assert_eq!(before.get("private_metadata"), None);
}

async fn metadata_is_laid_over_what_is_there() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    app.patch("/v1/me/metadata", &[("unsafe_metadata", r#"{"a":1,"b":{"c":2,"d":3}}"#)]).await.ok();
    let told = app.patch("/v1/me/metadata", &[("unsafe_metadata", r#"{"a":null,"b":{"c":4}}"#)]).await.ok();
    assert_eq!(told.response()["unsafe_metadata"], json!({"b": {"c": 4, "d": 3}}));
    for (text, refused) in [
        ("[1]", "422 form_param_value_invalid unsafe_metadata"),
        ("{", "422 form_param_value_invalid unsafe_metadata"),
        ("", "422 form_param_missing unsafe_metadata"),
    ] {
        assert_eq!(app.patch("/v1/me/metadata", &[("unsafe_metadata", text)]).await.refusal(), refused, "{text}");
    }
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(9_000));
    let told = app.patch("/v1/me/metadata", &[("unsafe_metadata", &large)]).await;
    assert_eq!(told.refusal(), "422 form_param_value_too_large unsafe_metadata");
}

async fn a_password_is_changed_with_the_present_one() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let elsewhere = web.app(2);
    elsewhere.sign_in(ADA, PASSWORD).await.ok();
    web.house.clock.advance(Duration::from_secs(600));
    for (fields, told) in [
        (
            vec![("current_password", "wrong wrong wrong"), ("new_password", NEW)],
            "422 form_password_incorrect current_password",
        ),
        (
            vec![("current_password", PASSWORD), ("new_password", "short")],
            "422 form_password_length_too_short new_password",
        ),
        (vec![("current_password", PASSWORD)], "422 form_param_missing new_password"),
    ] {
        assert_eq!(app.post("/v1/me/change_password", &fields).await.refusal(), told, "{fields:?}");
    }
    let fields = [("current_password", PASSWORD), ("new_password", NEW), ("sign_out_of_other_sessions", "true")];
    let done = app.post("/v1/me/change_password", &fields).await.ok();
    assert_eq!(done.response()["password_enabled"], true);
    app.get("/v1/me").await.ok();
    assert_eq!(elsewhere.client().await["sessions"], json!([]), "SEC-28: every other session is over");
    assert_ne!(web.app(3).sign_in(ADA, PASSWORD).await.status, 200);
    web.app(3).sign_in(ADA, NEW).await.ok();
}

async fn a_password_is_removed_where_the_mailbox_stays() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let done = app.post("/v1/me/remove_password", &[("current_password", PASSWORD)]).await.ok();
    assert_eq!(done.response()["password_enabled"], false);
    assert_eq!(app.post("/v1/me/remove_password", &[]).await.refusal(), "404 resource_not_found");
    assert_ne!(web.app(2).sign_in(ADA, PASSWORD).await.status, 200);
    let set = app.post("/v1/me/change_password", &[("new_password", NEW)]).await.ok();
    assert_eq!(set.response()["password_enabled"], true);
}

/// A picture of so many points at a side, which no packing makes small.
fn picture(side: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut seed = 1u32;
    let noise = image::RgbImage::from_fn(side, side, |_, _| {
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        };
        image::Rgb([next(), next(), next()])
    });
    noise.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

async fn a_picture_is_taken_in_shown_and_dropped() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    // More than what extractors take by default.
    let bytes = picture(900);
    assert!(bytes.len() > 2 * 1024 * 1024);
    let head =
        "--xxx\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\ncontent-type: image/png\r\n\r\n";
    let body = [head.as_bytes(), &bytes, b"\r\n--xxx--\r\n"].concat();
    let headers = [("content-type", "multipart/form-data; boundary=xxx"), ("origin", APP)];
    let told = app.send_bytes("POST", "/v1/me/profile_image", &headers, body).await.ok();
    let url = told.response()["public_url"].as_str().unwrap().to_owned();
    let me = app.get("/v1/me").await.ok();
    assert_eq!((&me.response()["has_image"], &me.response()["image_url"]), (&json!(true), &json!(url)));
    let shown = app.jar.get(&url.replace("http://localhost:4000", "")).await;
    assert_eq!(shown.status, 200);
    assert!(shown.header("content-type").starts_with("image/"), "{}", shown.header("content-type"));
    assert_eq!(shown.header("access-control-allow-origin"), "*", "components ask for it by CORS, without credentials");
    let initials = app.jar.get("/pictures/initials.svg?of=AL").await;
    assert_eq!(initials.header("access-control-allow-origin"), "*");
    assert_eq!(initials.header("access-control-allow-credentials"), "");
    let dropped = app.delete("/v1/me/profile_image").await.ok();
    assert_eq!(dropped.response()["deleted"], true);
    assert_eq!(app.get("/v1/me").await.ok().response()["has_image"], false);
    let octets = [("content-type", "application/octet-stream"), ("origin", APP)];
    let evil = app.send("POST", "/v1/me/profile_image", &octets, "<svg onload=alert(1)>").await;
    assert_eq!(evil.refusal(), "422 image_type_not_supported file");
    assert_eq!(app.post("/v1/me/profile_image", &[]).await.refusal(), "422 form_param_missing file");
}

async fn an_account_is_deleted_with_all_its_sessions() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    let elsewhere = web.app(2);
    elsewhere.sign_in(ADA, PASSWORD).await.ok();
    let id = app.get("/v1/me").await.ok().id().to_owned();
    let done = app.delete("/v1/me").await.ok();
    assert_eq!((done.id(), &done.response()["deleted"]), (id.as_str(), &json!(true)));
    assert_eq!(done.client()["sessions"], json!([]));
    assert_eq!(app.get("/v1/me").await.refusal(), "401 authentication_invalid");
    assert_eq!(elsewhere.client().await["sessions"], json!([]));
    web.signed_up_in_app(3, ADA).await;
}

async fn where_its_operator_says_so_an_account_stays() {
    let web = clerk().await;
    let app = web.signed_up_in_app(1, ADA).await;
    web.database.run("UPDATE housekey_user SET may_delete_self = FALSE").await;
    assert_eq!(app.delete("/v1/me").await.refusal(), "403 user_delete_self_not_enabled");
}

on_both!(
    a_name_is_changed_and_taken_away,
    sec_111_what_is_not_the_persons_to_set_stays,
    metadata_is_laid_over_what_is_there,
    a_password_is_changed_with_the_present_one,
    a_password_is_removed_where_the_mailbox_stays,
    a_picture_is_taken_in_shown_and_dropped,
    an_account_is_deleted_with_all_its_sessions,
    where_its_operator_says_so_an_account_stays,
);
