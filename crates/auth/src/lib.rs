//! Authentication for your own app, in your own database.
