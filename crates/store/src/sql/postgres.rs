//! PostgreSQL: statements on a connection.

use super::{
    row::Row,
    statement::Sql,
    value::{Kind, Value},
};
use crate::StoreError;
use sqlx::{Postgres, postgres::PgArguments, query::Query};

pub(super) async fn execute(c: &mut sqlx::PgConnection, sql: &Sql, args: &[Value]) -> Result<u64, StoreError> {
    Ok(bind(sql, args).execute(c).await?.rows_affected())
}

pub(super) async fn optional<'c, E>(c: E, sql: &Sql, args: &[Value]) -> Result<Option<Row>, StoreError>
where
    E: sqlx::Executor<'c, Database = Postgres>,
{
    bind(sql, args).fetch_optional(c).await?.as_ref().map(Row::from_postgres).transpose()
}

pub(super) async fn rows<'c, E>(c: E, sql: &Sql, args: &[Value]) -> Result<Vec<Row>, StoreError>
where
    E: sqlx::Executor<'c, Database = Postgres>,
{
    bind(sql, args).fetch_all(c).await?.iter().map(Row::from_postgres).collect()
}

/// On a connection of the caller's own.
pub(crate) async fn optional_on(
    c: &mut sqlx::PgConnection,
    sql: &Sql,
    args: &[Value],
) -> Result<Option<Row>, StoreError> {
    optional(c, sql, args).await
}

/// On a connection of the caller's own.
pub(crate) async fn rows_on(c: &mut sqlx::PgConnection, sql: &Sql, args: &[Value]) -> Result<Vec<Row>, StoreError> {
    rows(c, sql, args).await
}

fn bind<'q>(sql: &Sql, args: &'q [Value]) -> Query<'q, Postgres, PgArguments> {
    args.iter().fold(sqlx::query(sql.postgres()), |query, value| match value {
        Value::Text(s) => query.bind(s),
        Value::Int(i) => query.bind(*i),
        Value::Bool(b) => query.bind(*b),
        Value::Bytes(b) => query.bind(b),
        Value::Null(Kind::Text) => query.bind(None::<String>),
        Value::Null(Kind::Int) => query.bind(None::<i64>),
        Value::Null(Kind::Bytes) => query.bind(None::<Vec<u8>>),
    })
}
