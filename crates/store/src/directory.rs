//! Users by the hundred: found by what is known of them, in an order, a page at a time.

use crate::{
    Reader, StoreError,
    emails::{self, EmailRow},
    passkeys::PasskeyRow,
    phones::{self, PhoneRow},
    sql::{Sql, Value},
    tell::Person,
    users::{self, UserRow, user_columns},
};
use housekey_core::{ids::UserId, time::Time};
use std::collections::HashMap;

/// What a user must match; what is empty matches everybody.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// One of these ids, where it is given.
    pub ids: Option<Vec<String>>,
    /// None of these ids.
    pub not_ids: Vec<String>,
    /// A part of an id, a name, a username or an address, in lower case.
    pub part: String,
    /// A part of an address, in lower case.
    pub part_of_address: String,
    /// A part of the name, in lower case.
    pub part_of_name: String,
    /// A part of the username.
    pub part_of_username: String,
    /// A part of a phone number.
    pub part_of_number: String,
    /// Banned or not.
    pub banned: Option<bool>,
    /// When the account was made.
    pub created: Span,
    /// When it was last active.
    pub active: Span,
    /// When its last sign-in was.
    pub signed_in: Span,
}

/// A span of time, open at both ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// After this.
    pub after: Option<Time>,
    /// Before this.
    pub before: Option<Time>,
}

/// By what users are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// When the account was made.
    Created,
    /// When it last changed.
    Updated,
    /// When its last sign-in was.
    SignedIn,
    /// When it was last active.
    Active,
    /// First name.
    FirstName,
    /// Last name.
    LastName,
    /// Primary address.
    Email,
    /// Username.
    Username,
}

/// Which part of the list.
#[derive(Clone, Debug)]
pub struct Page {
    /// By what it is ordered.
    pub order: Order,
    /// Whether the largest comes first.
    pub backwards: bool,
    /// How many.
    pub most: i64,
    /// How many are passed over.
    pub offset: i64,
    /// The user after whom it begins, where the order is by creation.
    pub after: Option<(Time, UserId)>,
}

/// What both engines call alike, and what they do not: how a list is read from JSON, and how a part is found in a text.
/// Columns are kept in the order of their bytes on PostgreSQL, where letters have no other case: for finding they are
/// read as the database's own language has them. SQLite knows the cases of ASCII alone.
macro_rules! matching {
    (sqlite $who:literal) => {
        concat!(
            $who, " AND u.id NOT IN (SELECT value FROM json_each($2)) AND ($3 = '' \
             OR instr(lower(u.id || ' ' || COALESCE(u.first_name, '') || ' ' || COALESCE(u.last_name, '') || ' ' || COALESCE(u.username, '')), lower($3)) > 0 \
             OR EXISTS (SELECT 1 FROM housekey_email m WHERE m.user_id = u.id AND instr(lower(m.address), lower($3)) > 0) \
             OR EXISTS (SELECT 1 FROM housekey_phone f WHERE f.user_id = u.id AND instr(f.number, $3) > 0)) \
             AND ($4 = '' OR EXISTS (SELECT 1 FROM housekey_email m WHERE m.user_id = u.id AND instr(lower(m.address), lower($4)) > 0)) \
             AND ($5 = '' OR instr(lower(COALESCE(u.first_name, '') || ' ' || COALESCE(u.last_name, '')), lower($5)) > 0) \
             AND ($13 = '' OR instr(COALESCE(u.username_canonical, ''), $13) > 0) \
             AND ($14 = '' OR EXISTS (SELECT 1 FROM housekey_phone f WHERE f.user_id = u.id AND instr(f.number, $14) > 0))",
            matching!(both)
        )
    };
    (postgres $who:literal) => {
        concat!(
            $who, " AND u.id NOT IN (SELECT jsonb_array_elements_text(CAST(CAST($2 AS text) AS jsonb))) AND ($3 = '' \
             OR strpos(lower((u.id || ' ' || COALESCE(u.first_name, '') || ' ' || COALESCE(u.last_name, '') || ' ' || COALESCE(u.username, '')) COLLATE \"default\"), lower($3)) > 0 \
             OR EXISTS (SELECT 1 FROM housekey_email m WHERE m.user_id = u.id AND strpos(lower(m.address COLLATE \"default\"), lower($3)) > 0) \
             OR EXISTS (SELECT 1 FROM housekey_phone f WHERE f.user_id = u.id AND strpos(f.number, $3) > 0)) \
             AND ($4 = '' OR EXISTS (SELECT 1 FROM housekey_email m WHERE m.user_id = u.id AND strpos(lower(m.address COLLATE \"default\"), lower($4)) > 0)) \
             AND ($5 = '' OR strpos(lower((COALESCE(u.first_name, '') || ' ' || COALESCE(u.last_name, '')) COLLATE \"default\"), lower($5)) > 0) \
             AND ($13 = '' OR strpos(COALESCE(u.username_canonical, ''), $13) > 0) \
             AND ($14 = '' OR EXISTS (SELECT 1 FROM housekey_phone f WHERE f.user_id = u.id AND strpos(f.number, $14) > 0))",
            matching!(both)
        )
    };
    (both) => {
        " AND ($6 = '' OR u.state = $6) AND u.created_at > $7 AND u.created_at < $8 \
         AND (CAST($9 AS BIGINT) < 0 AND CAST($10 AS BIGINT) = 9223372036854775807 OR u.last_active_at > CAST($9 AS BIGINT) AND u.last_active_at < CAST($10 AS BIGINT)) \
         AND (CAST($11 AS BIGINT) < 0 AND CAST($12 AS BIGINT) = 9223372036854775807 OR u.last_sign_in_at > CAST($11 AS BIGINT) AND u.last_sign_in_at < CAST($12 AS BIGINT))"
    };
}

/// A list: of all or of the named, forwards and backwards.
macro_rules! list {
    ($order:literal $($c:literal)?) => {
        [
            [list!(all $order "ASC" $($c)?), list!(all $order "DESC" $($c)?)],
            [list!(named $order "ASC" $($c)?), list!(named $order "DESC" $($c)?)],
        ]
    };
    (all $order:literal $direction:literal $($c:literal)?) => {
        Sql::two(
            list!(text (matching!(sqlite "$1 = ''")) $order $direction),
            list!(text (matching!(postgres "CAST($1 AS text) = ''")) $order $direction $($c)?),
        )
    };
    (named $order:literal $direction:literal $($c:literal)?) => {
        Sql::two(
            list!(text (matching!(sqlite "u.id IN (SELECT value FROM json_each($1))")) $order $direction),
            list!(text (matching!(postgres "u.id IN (SELECT jsonb_array_elements_text(CAST(CAST($1 AS text) AS jsonb)))")) $order $direction $($c)?),
        )
    };
    (text ($matching:expr) $order:literal $direction:literal $($c:literal)?) => {
        concat!(
            "SELECT ",
            user_columns!(),
            " FROM housekey_user u \
             LEFT JOIN housekey_email e ON e.id = u.primary_email_id \
             LEFT JOIN housekey_password p ON p.user_id = u.id WHERE ",
            $matching,
            " AND (u.created_at, u.id) > ($15, $16) AND (u.created_at, u.id) < ($17, $18) ORDER BY ",
            $order, $($c,)? " ", $direction, ", u.id ", $direction, " LIMIT $19 OFFSET $20"
        )
    };
}

type Lists = [[Sql; 2]; 2];

static BY_CREATED: Lists = list!("u.created_at");
static BY_UPDATED: Lists = list!("u.updated_at");
static BY_SIGNED_IN: Lists = list!("COALESCE(u.last_sign_in_at, 0)");
static BY_ACTIVE: Lists = list!("COALESCE(u.last_active_at, 0)");
static BY_FIRST_NAME: Lists = list!("lower(COALESCE(u.first_name, ''))" " COLLATE \"C\"");
static BY_LAST_NAME: Lists = list!("lower(COALESCE(u.last_name, ''))" " COLLATE \"C\"");
static BY_USERNAME: Lists = list!("COALESCE(u.username_canonical, '')" " COLLATE \"C\"");
static BY_ADDRESS: Lists = list!("lower(COALESCE(e.address, ''))" " COLLATE \"C\"");

static COUNT: [Sql; 2] = [
    Sql::two(
        concat!("SELECT COUNT(*) FROM housekey_user u WHERE ", matching!(sqlite "$1 = ''")),
        concat!("SELECT COUNT(*) FROM housekey_user u WHERE ", matching!(postgres "CAST($1 AS text) = ''")),
    ),
    Sql::two(
        concat!(
            "SELECT COUNT(*) FROM housekey_user u WHERE ",
            matching!(sqlite "u.id IN (SELECT value FROM json_each($1))")
        ),
        concat!(
            "SELECT COUNT(*) FROM housekey_user u WHERE ",
            matching!(postgres "u.id IN (SELECT jsonb_array_elements_text(CAST(CAST($1 AS text) AS jsonb)))")
        ),
    ),
];

static ADDRESSES: Sql = Sql::two(
    "SELECT id, address, canonical, verified_at, created_at, user_id FROM housekey_email \
     WHERE user_id IN (SELECT value FROM json_each($1)) ORDER BY created_at, id",
    "SELECT id, address, canonical, verified_at, created_at, user_id FROM housekey_email \
     WHERE user_id IN (SELECT jsonb_array_elements_text(CAST(CAST($1 AS text) AS jsonb))) ORDER BY created_at, id",
);
static OF_ADDRESSES: Sql = Sql::two(
    "SELECT user_id FROM housekey_email WHERE canonical IN (SELECT value FROM json_each($1)) ORDER BY user_id LIMIT 1000",
    "SELECT user_id FROM housekey_email WHERE canonical IN (SELECT jsonb_array_elements_text(CAST(CAST($1 AS text) AS jsonb))) ORDER BY user_id LIMIT 1000",
);
static NUMBERS: Sql = Sql::two(
    "SELECT id, number, verified_at, created_at, second_at, second_default_at, user_id FROM housekey_phone \
     WHERE user_id IN (SELECT value FROM json_each($1)) ORDER BY created_at, id",
    "SELECT id, number, verified_at, created_at, second_at, second_default_at, user_id FROM housekey_phone \
     WHERE user_id IN (SELECT jsonb_array_elements_text(CAST(CAST($1 AS text) AS jsonb))) ORDER BY created_at, id",
);
static OF_NUMBERS: Sql = Sql::two(
    "SELECT user_id FROM housekey_phone WHERE number IN (SELECT value FROM json_each($1)) ORDER BY user_id LIMIT 1000",
    "SELECT user_id FROM housekey_phone WHERE number IN (SELECT jsonb_array_elements_text(CAST(CAST($1 AS text) AS jsonb))) ORDER BY user_id LIMIT 1000",
);
static OF_USERNAMES: Sql = Sql::two(
    "SELECT id FROM housekey_user WHERE username_canonical IN (SELECT value FROM json_each($1)) ORDER BY id LIMIT 1000",
    "SELECT id FROM housekey_user WHERE username_canonical IN (SELECT jsonb_array_elements_text(CAST(CAST($1 AS text) AS jsonb))) ORDER BY id LIMIT 1000",
);
static OF_EXTERNAL: Sql = Sql::two(
    "SELECT id FROM housekey_user WHERE external_id IN (SELECT value FROM json_each($1)) ORDER BY id LIMIT 1000",
    "SELECT id FROM housekey_user WHERE external_id IN (SELECT jsonb_array_elements_text(CAST(CAST($1 AS text) AS jsonb))) ORDER BY id LIMIT 1000",
);

#[cfg(test)]
pub(crate) fn all() -> Vec<&'static Sql> {
    let lists =
        [&BY_CREATED, &BY_UPDATED, &BY_SIGNED_IN, &BY_ACTIVE, &BY_FIRST_NAME, &BY_LAST_NAME, &BY_USERNAME, &BY_ADDRESS];
    let lists = lists.into_iter().flatten().flatten();
    lists.chain(&COUNT).chain([&ADDRESSES, &OF_ADDRESSES, &NUMBERS, &OF_USERNAMES, &OF_NUMBERS, &OF_EXTERNAL]).collect()
}

impl Reader {
    /// A page of users with all their addresses, numbers and passkeys.
    ///
    /// # Errors
    /// When the database is out of reach or a row is broken.
    pub async fn users(&self, filter: &Filter, page: &Page) -> Result<Vec<Person>, StoreError> {
        let lists = match page.order {
            Order::Created => &BY_CREATED,
            Order::Updated => &BY_UPDATED,
            Order::SignedIn => &BY_SIGNED_IN,
            Order::Active => &BY_ACTIVE,
            Order::FirstName => &BY_FIRST_NAME,
            Order::LastName => &BY_LAST_NAME,
            Order::Email => &BY_ADDRESS,
            Order::Username => &BY_USERNAME,
        };
        let [forwards, backwards] = choose(lists, filter);
        let sql = if page.backwards { backwards } else { forwards };
        let mut args = filter.args();
        let (mut low, mut high) = ((i64::MIN, String::new()), (i64::MAX, String::new()));
        if let Some((created, id)) = &page.after {
            *(if page.backwards { &mut high } else { &mut low }) = (created.as_millis(), id.to_string());
        }
        args.extend([low.0.into(), low.1.into(), high.0.into(), high.1.into()]);
        args.extend([page.most.into(), page.offset.into()]);
        let rows = self.rows(sql, &args).await?;
        let users = rows.iter().map(users::read).collect::<Result<Vec<_>, _>>()?;
        self.with_what_is_theirs(users).await
    }

    /// How many users match.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn count_users(&self, filter: &Filter) -> Result<i64, StoreError> {
        let sql = choose(&COUNT, filter);
        Ok(self.optional(sql, &filter.args()).await?.map(|r| r.int(0)).transpose()?.unwrap_or_default())
    }

    /// Whose these addresses are, proved or not; in canonical form.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn users_of_addresses(&self, canonical: &[String]) -> Result<Vec<String>, StoreError> {
        self.rows(&OF_ADDRESSES, &[json(canonical).into()]).await?.iter().map(|r| r.text(0)).collect()
    }

    /// Whose these numbers are, proved or not.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn users_of_numbers(&self, numbers: &[String]) -> Result<Vec<String>, StoreError> {
        self.rows(&OF_NUMBERS, &[json(numbers).into()]).await?.iter().map(|r| r.text(0)).collect()
    }

    /// Whose these usernames are; in canonical form.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn users_of_usernames(&self, canonical: &[String]) -> Result<Vec<String>, StoreError> {
        self.rows(&OF_USERNAMES, &[json(canonical).into()]).await?.iter().map(|r| r.text(0)).collect()
    }

    /// Whose these ids of the app's own are.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn users_of_external_ids(&self, ids: &[String]) -> Result<Vec<String>, StoreError> {
        self.rows(&OF_EXTERNAL, &[json(ids).into()]).await?.iter().map(|r| r.text(0)).collect()
    }

    async fn with_what_is_theirs(&self, users: Vec<UserRow>) -> Result<Vec<Person>, StoreError> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = users.iter().map(|user| user.account.user.to_string()).collect();
        let ids = json(&ids);
        let rows = self.rows(&ADDRESSES, &[ids.as_str().into()]).await?;
        let mut emails: HashMap<String, Vec<EmailRow>> = HashMap::new();
        for row in &rows {
            emails.entry(row.text(5)?).or_default().push(emails::read(row)?);
        }
        let mut passkeys: HashMap<String, Vec<PasskeyRow>> = HashMap::new();
        if users.iter().any(|user| user.passkeys > 0) {
            for passkey in self.passkeys_of(&ids).await? {
                passkeys.entry(passkey.user.to_string()).or_default().push(passkey);
            }
        }
        let mut phones: HashMap<String, Vec<PhoneRow>> = HashMap::new();
        for row in &self.rows(&NUMBERS, &[ids.as_str().into()]).await? {
            phones.entry(row.text(6)?).or_default().push(phones::read(row)?);
        }
        let whole = |user: UserRow| {
            let id = user.account.user.to_string();
            let (emails, phones, passkeys) = (emails.remove(&id), phones.remove(&id), passkeys.remove(&id));
            Person {
                user,
                emails: emails.unwrap_or_default(),
                phones: phones.unwrap_or_default(),
                passkeys: passkeys.unwrap_or_default(),
            }
        };
        Ok(users.into_iter().map(whole).collect())
    }
}

impl Filter {
    fn args(&self) -> Vec<Value> {
        let state = match self.banned {
            Some(true) => "banned",
            Some(false) => "active",
            None => "",
        };
        let mut args: Vec<Value> = vec![
            self.ids.as_deref().map_or_else(String::new, json).into(),
            json(&self.not_ids).into(),
            self.part.as_str().into(),
            self.part_of_address.as_str().into(),
            self.part_of_name.as_str().into(),
            state.into(),
        ];
        for span in [self.created, self.active, self.signed_in] {
            args.push(span.after.map_or(-1, Time::as_millis).into());
            args.push(span.before.map_or(i64::MAX, Time::as_millis).into());
        }
        args.push(self.part_of_username.to_ascii_lowercase().into());
        args.push(self.part_of_number.as_str().into());
        args
    }
}

/// The text for all users, or for the named ones, whose index is used then.
fn choose<'a, T>([all, named]: &'a [T; 2], filter: &Filter) -> &'a T {
    if filter.ids.is_some() { named } else { all }
}

fn json(texts: &[String]) -> String {
    serde_json::Value::from(texts).to_string()
}
