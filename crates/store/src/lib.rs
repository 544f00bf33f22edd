//! All of Housekey's SQL, over SQLite and PostgreSQL.
