//! Opening a file: the lock against a second server, the pragmas, the threads.

use super::{SqliteStore, migrate, readers::Readers, recent::Recent, rows::fault, writer::Writer};
use crate::Fault;
use crate::clock::{HeldClock, StoreClock, SystemClock};
use crate::log::Opened;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The first SQLite without the bug that could corrupt a file when a WAL was reset (3.7.0 to 3.51.2).
const SQLITE_MIN: i32 = 3_051_003;

/// Readers never wait for the writer in WAL mode; this is for the moments of opening and of checkpoints.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Statements kept prepared per connection: more than there are.
const STATEMENTS_MAX: usize = 128;

/// Kibibytes of pages that the writer keeps: the upper levels of every index of some million requests.
const WRITER_CACHE_KIB: i64 = 65_536;

/// Kibibytes per reader: four of them, and the kernel caches the file as well.
const READER_CACHE_KIB: i64 = 8_192;

/// About 5 KiB each: the lives of some seconds under full load.
const RECENT: usize = 2_048;

/// How to open.
#[derive(Clone)]
pub struct OpenOptions {
    /// What the store takes the time from.
    pub clock: Arc<dyn StoreClock>,
    /// Threads that read, each with its own connection; at least 1.
    pub readers: usize,
    /// Requests kept in memory after they were written, so that they need not be read back; 0 for none.
    pub recent: usize,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), readers: 4, recent: RECENT }
    }
}

impl SqliteStore {
    /// Opens a file, or makes it, and brings its tables up to date.
    ///
    /// # Errors
    /// When another server has it open, when it was written by a newer release, when it is no database.
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Self, Fault> {
        let lock = lock(path)?;
        let mut db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE, WRITER_CACHE_KIB)?;
        pragmas(&db).map_err(fault("prepare the database file"))?;
        let migrated = migrate::migrate(&mut db)?;
        Self::start(path, Some(db), Some(lock), migrated, options)
    }

    /// Opens a file for reading only, beside a server that may be writing to it.
    ///
    /// # Errors
    /// When it is not there, is no database of ours, or was written by another release.
    pub fn open_read_only(path: &Path) -> Result<Self, Fault> {
        // Another process writes: nothing may be believed that was not just read.
        Self::start(path, None, None, Vec::new(), &OpenOptions { recent: 0, ..OpenOptions::default() })
    }

    fn start(path: &Path, db: Option<Connection>, lock: Option<File>, migrated: Vec<String>, options: &OpenOptions) -> Result<Self, Fault> {
        let reader = connect_reader(path)?;
        migrate::check(&reader)?;
        let mark = reader.query_row("SELECT mark FROM clock", (), |row| row.get(0)).map_err(fault("read the clock's mark"))?;
        let clock = HeldClock::new(options.clock.clone(), mark);
        let readers = Readers::start(path, options.readers)?;
        let recent = Arc::new(Recent::new(options.recent));
        let writer = db.map(|db| Writer::start(db, clock.clone(), recent.clone())).transpose()?;
        let opened = Opened { migrated, engine: format!("SQLite {}", rusqlite::version()) };
        Ok(Self { path: path.to_owned(), opened, clock, readers, recent, writer, _lock: lock })
    }
}

/// An advisory lock beside the file; the kernel lets go of it however the process ends.
fn lock(path: &Path) -> Result<File, Fault> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let failed = |error: std::io::Error| Fault::Store(format!("could not lock {}: {error}", name.display()));
    let file = File::options().create(true).truncate(false).write(true).open(&name).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Fault::Store(format!("another server has {} open; two must not write to one file", path.display()))),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

pub(super) fn connect_reader(path: &Path) -> Result<Connection, Fault> {
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY, READER_CACHE_KIB)?;
    db.pragma_update(None, "query_only", true).map_err(fault("prepare a reader"))?;
    Ok(db)
}

fn connect(path: &Path, flags: OpenFlags, cache_kib: i64) -> Result<Connection, Fault> {
    if rusqlite::version_number() < SQLITE_MIN {
        return Err(Fault::Store(format!("SQLite {} can corrupt files; 3.51.3 is the first that may be used", rusqlite::version())));
    }
    let named = |error| Fault::Store(format!("could not open {}: {error}", path.display()));
    let db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(named)?;
    db.busy_timeout(BUSY_TIMEOUT).map_err(named)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // Plans never depend on bound values: without this, SQLite prepares some statements anew at every use.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(named)?;
    db.pragma_update(None, "mmap_size", 0).map_err(named)?;
    db.pragma_update(None, "temp_store", "memory").map_err(named)?;
    db.pragma_update(None, "cache_size", -cache_kib).map_err(named)?;
    Ok(db)
}

fn pragmas(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update(None, "journal_mode", "wal")?;
    db.pragma_update(None, "synchronous", "full")?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "wal_autocheckpoint", 0)
}
