//! Every piece that pages are made of, in its states: for whoever changes how they look. In development alone.

use super::{
    dev_mail,
    page::{self, Told},
    problem,
};
use crate::{doors::shared::Ask, error::Error};
use axum::response::Response;

pub(super) async fn show(mut ask: Ask) -> Response {
    if !dev_mail::is_open(&ask) {
        return problem::of(&mut ask, Error::NotFound);
    }
    let told = Told::example(&ask, "faulty", "email_malformed");
    page::show_told(ask, "dev_pieces.html", "dev-pieces", (), told)
}
