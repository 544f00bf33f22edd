//! The parameters of an address. Unknown ones are ignored, since SDKs add to them with every release.

use super::body::{Fault, wrong};
use crate::{
    doors::clerk::errors::Refusal,
    flows::steward::{Find, Range},
};
use housekey_core::time::Time;
use http::StatusCode;

const MOST_PARAMETERS: usize = 600;
const DEFAULT_LIMIT: i64 = 10;
const MOST_LIMIT: i64 = 500;

/// Names and values.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads them; a name may come several times.
    pub(super) fn parse(raw: &str) -> Result<Self, Fault> {
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(raw.as_bytes()).into_owned().collect();
        if pairs.len() > MOST_PARAMETERS || pairs.iter().any(|(_, value)| value.contains('\0')) {
            let message = "The query cannot be read.";
            return Err(Refusal::one(StatusCode::BAD_REQUEST, "request_query_invalid", message));
        }
        Ok(Self(pairs))
    }

    /// A value; empty is absent.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, value)| n == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// All values of a name, also where it is written with brackets.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let named = |n: &str| n == name || n.strip_suffix("[]") == Some(name);
        let values = self.0.iter().filter(|(n, value)| named(n) && !value.is_empty());
        values.map(|(_, value)| value.clone()).collect()
    }

    /// Whether a value says yes or no.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Fault> {
        match self.text(name) {
            None => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(_) => Err(wrong(name, "must be true or false")),
        }
    }

    /// How many of a list, and how many are passed over.
    pub(super) fn page(&self) -> Result<(i64, i64), Fault> {
        let number = |name: &str, default: i64| match self.text(name) {
            None => Ok(default),
            Some(text) => text.parse::<i64>().map_err(|_| wrong(name, "must be an integer")),
        };
        let limit = number("limit", DEFAULT_LIMIT)?;
        let offset = number("offset", 0)?;
        if !(1..=MOST_LIMIT).contains(&limit) {
            return Err(wrong("limit", "must be from 1 to 500"));
        }
        if offset < 0 {
            return Err(wrong("offset", "must not be negative"));
        }
        Ok((limit, offset))
    }

    /// What users are looked for by.
    pub(super) fn find(&self) -> Result<Find, Fault> {
        let part = |name: &str| self.text(name).unwrap_or_default().to_owned();
        let span = |after: [&str; 2], before: &str| -> Result<Range, Fault> {
            let [after, since] = [self.millis(after[0])?, self.millis(after[1])?];
            // Since a moment is that moment too.
            let since = since.map(|at| Time::from_millis(at.as_millis().saturating_sub(1)));
            Ok(Range { after: after.or(since), before: self.millis(before)? })
        };
        for unbuilt in ["web3_wallet", "organization_id", "provider", "provider_user_id"] {
            if !self.texts(unbuilt).is_empty() {
                return Ok(Find { ids: vec![NOBODY.to_owned()], ..Find::default() });
            }
        }
        Ok(Find {
            ids: self.texts("user_id"),
            addresses: self.texts("email_address"),
            usernames: self.texts("username"),
            numbers: self.texts("phone_number"),
            external_ids: self.texts("external_id"),
            part: part("query"),
            part_of_address: part("email_address_query"),
            part_of_name: part("name_query"),
            part_of_username: part("username_query"),
            part_of_number: part("phone_number_query"),
            banned: self.flag("banned")?,
            created: span(["created_at_after", ""], "created_at_before")?,
            active: span(["last_active_at_after", "last_active_at_since"], "last_active_at_before")?,
            signed_in: span(["last_sign_in_at_after", ""], "last_sign_in_at_before")?,
        })
    }

    fn millis(&self, name: &str) -> Result<Option<Time>, Fault> {
        match self.text(name) {
            None => Ok(None),
            Some(text) => match text.parse::<i64>() {
                Ok(millis) if millis >= 0 => Ok(Some(Time::from_millis(millis))),
                _ => Err(wrong(name, "must be milliseconds since 1970")),
            },
        }
    }
}

/// What is looked for by something that no user has yet is nobody.
const NOBODY: &str = "user_nobody";

#[cfg(test)]
mod tests {
    use super::*;

    fn query(raw: &str) -> Query {
        Query::parse(raw).ok().unwrap()
    }

    #[test]
    fn several_values_of_a_name_come_with_brackets_and_without() {
        let all = query("user_id=a&user_id=b&user_id[]=c&user_id=");
        assert_eq!(all.texts("user_id"), ["a", "b", "c"]);
    }

    #[test]
    fn pages_are_bounded() {
        assert_eq!(query("").page().ok(), Some((10, 0)));
        assert_eq!(query("limit=500&offset=7").page().ok(), Some((500, 7)));
        for bad in ["limit=0", "limit=501", "limit=x", "offset=-1"] {
            assert!(query(bad).page().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_no_user_has_finds_nobody() {
        assert_eq!(query("web3_wallet=0xada").find().ok().unwrap().ids, ["user_nobody"]);
        let since = query("last_active_at_since=1000").find().ok().unwrap();
        assert_eq!(since.active.after, Some(Time::from_millis(999)));
        assert!(query("created_at_after=-1").find().is_err());
        assert!(query("banned=maybe").find().is_err());
    }
}
