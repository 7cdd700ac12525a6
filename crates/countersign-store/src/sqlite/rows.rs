//! Values as columns hold them, and faults as sentences.

use crate::Fault;
use crate::clock::{millis, timestamp};
use crate::log::{RequestRow, StatusName};
use crate::share::Card;
use countersign_core::canonical::Digest;
use countersign_core::id::{EffectId, KeyId, PersonId, PolicyName, RequestId, Revision};
use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, Row};
use std::collections::BTreeSet;

/// Says what was tried when SQLite refused.
pub(super) fn fault(tried: &str) -> impl Fn(rusqlite::Error) -> Fault {
    move |error| Fault::Store(format!("could not {tried}: {error}"))
}

/// Reads several statements in one consistent view.
pub(super) fn snapshot<T>(db: &Connection, read: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
    let failed = fault("begin to read");
    db.prepare_cached("BEGIN").and_then(|mut begin| begin.execute(())).map_err(&failed)?;
    let answer = read(db);
    db.prepare_cached("COMMIT").and_then(|mut end| end.execute(())).map_err(&failed)?;
    answer
}

/// A value of the core as a column.
pub(super) struct Col<T>(pub(super) T);

macro_rules! column {
    ($($name:ty, $raw:ty, $read:expr, $write:expr;)*) => {$(
        impl FromSql for Col<$name> {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let read: fn($raw) -> Option<$name> = $read;
                read(<$raw>::column_result(value)?).map(Col).ok_or(FromSqlError::InvalidType)
            }
        }
        impl ToSql for Col<$name> {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                let write: fn(&$name) -> Value = $write;
                Ok(ToSqlOutput::Owned(write(&self.0)))
            }
        }
    )*};
}

column! {
    RequestId, [u8; 16], |raw| Some(RequestId::from_bytes(raw)), |id| Value::Blob(id.bytes().to_vec());
    KeyId, [u8; 16], |raw| Some(KeyId::from_bytes(raw)), |id| Value::Blob(id.bytes().to_vec());
    EffectId, [u8; 16], |raw| Some(EffectId::from_bytes(raw)), |id| Value::Blob(id.bytes().to_vec());
    Digest, [u8; 32], |raw| Some(Digest(raw)), |digest| Value::Blob(digest.0.to_vec());
    Timestamp, i64, |raw| Some(timestamp(raw)), |moment| Value::Integer(millis(*moment));
    StatusName, usize, |raw| StatusName::ALL.get(raw).copied(), |status| Value::Integer(status_code(*status));
    PersonId, String, |raw| Some(PersonId::new(raw)), |person| Value::Text(person.as_str().to_owned());
    PolicyName, String, |raw| Some(PolicyName::new(raw)), |policy| Value::Text(policy.as_str().to_owned());
    Card, String, |raw| Card::parse(&raw), |card| Value::Text(card.text());
    Revision, u32, |raw| Some(Revision(raw)), |revision| Value::Integer(i64::from(revision.0));
    BTreeSet<PersonId>, Option<String>, people_read, |people| people_text(people).map_or(Value::Null, Value::Text);
}

pub(super) fn status_code(status: StatusName) -> i64 {
    StatusName::ALL.iter().position(|each| *each == status).and_then(|code| i64::try_from(code).ok()).unwrap_or_default()
}

pub(super) fn people_read(text: Option<String>) -> Option<BTreeSet<PersonId>> {
    let Some(text) = text else { return Some(BTreeSet::new()) };
    let people: Vec<String> = serde_json::from_str(&text).ok()?;
    Some(people.into_iter().map(PersonId::new).collect())
}

/// Those who wait as a JSON list; `None` for nobody.
pub(super) fn people_text(people: &BTreeSet<PersonId>) -> Option<String> {
    let ids: Vec<_> = people.iter().map(PersonId::as_str).collect();
    if ids.is_empty() { None } else { serde_json::to_string(&ids).ok() }
}

/// Reads a column.
pub(super) fn col<T>(row: &Row<'_>, index: usize) -> rusqlite::Result<T>
where
    Col<T>: FromSql,
{
    row.get::<_, Col<T>>(index).map(|col| col.0)
}

/// Reads a column that may be null.
pub(super) fn col_opt<T>(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<T>>
where
    Col<T>: FromSql,
{
    row.get::<_, Option<Col<T>>>(index).map(|col| col.map(|col| col.0))
}

/// The columns of a request row, after `seq` and `version`, as [`request_row`] reads them.
macro_rules! row_columns {
    () => {
        "r.seq, r.version, r.id, r.policy, r.policy_version, r.requester, r.submitted_with, r.external_id, r.status, r.title, \
         r.risk, r.revision, r.waiting, r.dead_letter, r.due, r.next_wakeup, r.created_at, r.settled_at, r.card, r.subject"
    };
}
pub(super) use row_columns;

pub(super) fn request_row(row: &Row<'_>) -> rusqlite::Result<RequestRow> {
    Ok(RequestRow {
        id: col(row, 2)?,
        policy: col(row, 3)?,
        policy_version: col(row, 4)?,
        requester: col(row, 5)?,
        submitted_with: col_opt(row, 6)?,
        external_id: row.get(7)?,
        status: col(row, 8)?,
        title: row.get(9)?,
        risk: row.get(10)?,
        revision: col(row, 11)?,
        waiting: col(row, 12)?,
        dead_letter: row.get(13)?,
        due: col_opt(row, 14)?,
        next_wakeup: col_opt(row, 15)?,
        created_at: col(row, 16)?,
        settled_at: col_opt(row, 17)?,
        card: col(row, 18)?,
        subject: row.get(19)?,
    })
}

/// A number as SQLite counts.
pub(super) fn count(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
