//! Lists of requests, newest first; inboxes, most urgent first. Paged by place, never by offset: a page costs
//! the same wherever it stands.

use super::rows::{Col, count, fault, request_row, row_columns, status_code};
use crate::Fault;
use crate::cursor::Cursor;
use crate::limits::PAGE_MAX;
use crate::log::{ListQuery, Page, RequestRow, StatusName};
use rusqlite::{CachedStatement, Connection, Rows, ToSql};

/// Rows looked at for one page: a search through titles ends here and goes on with the next page.
const SCAN_MAX: usize = 20_000;

pub(super) fn list(db: &Connection, query: &ListQuery) -> Result<Page<RequestRow>, Fault> {
    if query.approver.is_some() { inbox(db, query) } else { newest(db, query) }
}

fn inbox(db: &Connection, query: &ListQuery) -> Result<Page<RequestRow>, Fault> {
    let failed = fault("list an inbox");
    let (due, place) = Cursor::urgent(query.cursor.as_deref())?;
    let person = query.approver.as_ref().map_or("", |person| person.as_str());
    let sql = concat!(
        "SELECT ",
        row_columns!(),
        ", w.due FROM waiting w CROSS JOIN requests r ON r.seq = w.request
        WHERE w.person = ?1 AND (w.due, w.request) > (?2, ?3) ORDER BY w.due, w.request"
    );
    let mut statement = db.prepare_cached(sql).map_err(&failed)?;
    let mut rows = statement.query((person, due, place)).map_err(&failed)?;
    let mut page = Filling::new(query);
    while page.wants_more() {
        let Some(row) = rows.next().map_err(&failed)? else { return Ok(page.end()) };
        let cursor = Cursor::Urgent(row.get(20).map_err(&failed)?, row.get(0).map_err(&failed)?);
        page.offer(cursor, request_row(row).map_err(&failed)?);
    }
    Ok(page.cut())
}

fn newest(db: &Connection, query: &ListQuery) -> Result<Page<RequestRow>, Fault> {
    let before = Cursor::newest(query.cursor.as_deref())?;
    let failed = fault("list requests");
    let mut statements = statements(db, query).map_err(&failed)?;
    let mut sources = Vec::new();
    for (statement, bound) in &mut statements {
        let values: Vec<&dyn ToSql> = std::iter::once(&before as &dyn ToSql).chain(bound.iter().map(|value| &**value)).collect();
        sources.push(Source::start(statement.query(values.as_slice()).map_err(&failed)?).map_err(&failed)?);
    }
    let mut page = Filling::new(query);
    while page.wants_more() {
        let newest = sources.iter_mut().filter(|source| source.head.is_some()).max_by_key(|source| source.place());
        let Some((place, row)) = newest.map(Source::take).transpose().map_err(&failed)?.flatten() else { return Ok(page.end()) };
        page.offer(Cursor::Newest(place), row);
    }
    Ok(page.cut())
}

type Bound = Vec<Box<dyn ToSql>>;

/// The statements whose rows, merged, hold the list: one walk down the narrowest index, or one for each status.
fn statements<'db>(db: &'db Connection, query: &ListQuery) -> rusqlite::Result<Vec<(CachedStatement<'db>, Bound)>> {
    macro_rules! walk {
        ($index:literal, $where:literal) => {
            db.prepare_cached(concat!(
                "SELECT ",
                row_columns!(),
                " FROM requests r INDEXED BY ",
                $index,
                " WHERE r.seq < ?1 AND ",
                $where,
                " ORDER BY r.seq DESC"
            ))
        };
    }
    if let Some(id) = &query.external_id {
        return Ok(vec![(walk!("requests_external", "r.external_id = ?2")?, vec![Box::new(id.clone())])]);
    }
    if let Some((person, part)) = &query.part {
        let sql = concat!(
            "SELECT ",
            row_columns!(),
            " FROM parts p CROSS JOIN requests r ON r.seq = p.request
            WHERE p.request < ?1 AND p.person = ?2 AND p.part = ?3 ORDER BY p.request DESC"
        );
        return Ok(vec![(db.prepare_cached(sql)?, vec![Box::new(person.as_str().to_owned()), Box::new(part.code())])]);
    }
    if let (Some(policy), Some(subject)) = (&query.policy, &query.subject) {
        let sql = walk!("requests_subject", "r.policy = ?2 AND r.subject = ?3")?;
        return Ok(vec![(sql, vec![Box::new(policy.as_str().to_owned()), Box::new(subject.clone())])]);
    }
    if query.dead_letter {
        return Ok(vec![(walk!("requests_dead_letter", "r.dead_letter = 1")?, Vec::new())]);
    }
    if let Some(key) = query.key {
        return Ok(vec![(walk!("requests_key", "r.submitted_with = ?2")?, vec![Box::new(Col(key))])]);
    }
    let each = |status: &StatusName| -> rusqlite::Result<(CachedStatement<'db>, Bound)> {
        let code = status_code(*status);
        Ok(match (&query.requester, &query.policy) {
            (Some(person), _) => {
                let sql = walk!("requests_requester", "r.requester = ?2 AND r.status = ?3")?;
                (sql, vec![Box::new(person.as_str().to_owned()), Box::new(code)])
            }
            (None, Some(policy)) => {
                let sql = walk!("requests_policy", "r.policy = ?2 AND r.status = ?3")?;
                (sql, vec![Box::new(policy.as_str().to_owned()), Box::new(code)])
            }
            (None, None) => (walk!("requests_status", "r.status = ?2")?, vec![Box::new(code)]),
        })
    };
    let statuses = if query.status.is_empty() { &StatusName::ALL } else { query.status.as_slice() };
    StatusName::ALL.iter().filter(|status| statuses.contains(status)).map(each).collect()
}

/// The rows of one statement, with the next one in hand.
struct Source<'statement> {
    rows: Rows<'statement>,
    head: Option<(i64, RequestRow)>,
}

impl<'statement> Source<'statement> {
    fn start(rows: Rows<'statement>) -> rusqlite::Result<Self> {
        let mut source = Self { rows, head: None };
        source.take()?;
        Ok(source)
    }

    fn place(&self) -> i64 {
        self.head.as_ref().map_or(i64::MIN, |(place, _)| *place)
    }

    fn take(&mut self) -> rusqlite::Result<Option<(i64, RequestRow)>> {
        let next = self.rows.next()?.map(|row| Ok::<_, rusqlite::Error>((row.get(0)?, request_row(row)?))).transpose()?;
        Ok(std::mem::replace(&mut self.head, next))
    }
}

/// A page being filled: one row more than asked is sought, to know whether there is a next page.
struct Filling<'query> {
    query: &'query ListQuery,
    limit: usize,
    items: Vec<RequestRow>,
    last: Option<Cursor>,
    full: bool,
    looked_at: usize,
}

impl<'query> Filling<'query> {
    fn new(query: &'query ListQuery) -> Self {
        Self { query, limit: query.limit.clamp(1, PAGE_MAX), items: Vec::new(), last: None, full: false, looked_at: 0 }
    }

    fn wants_more(&self) -> bool {
        !self.full && count(self.looked_at) < count(SCAN_MAX)
    }

    fn offer(&mut self, cursor: Cursor, row: RequestRow) {
        self.looked_at += 1;
        let admitted = self.query.admits(&row);
        if admitted && self.items.len() == self.limit {
            self.full = true;
            return;
        }
        if admitted {
            self.items.push(row);
        }
        if admitted || self.items.len() < self.limit {
            self.last = Some(cursor);
        }
    }

    /// There are no more rows.
    fn end(self) -> Page<RequestRow> {
        Page { items: self.items, next: None }
    }

    /// There are, or may be.
    fn cut(self) -> Page<RequestRow> {
        Page { items: self.items, next: self.last.map(Cursor::text) }
    }
}
