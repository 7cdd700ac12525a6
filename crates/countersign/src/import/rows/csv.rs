//! CSV with a header line. A quote that is never closed would make one row of the whole rest, so the bytes
//! that one row may take are counted while they are read.

use super::{Step, row};
use crate::import::fault::{Column, ImportFault};
use crate::import::map::Map;
use crate::import::{LINE_BYTES_MAX, Literal, shortened};
use csv::{ByteRecord, Reader, ReaderBuilder, StringRecord};
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub(super) struct Table {
    reader: Reader<Bounded>,
    header: StringRecord,
    record: ByteRecord,
    left: Arc<AtomicUsize>,
}

/// Fails once one row has taken more than its share.
struct Bounded {
    plain: Box<dyn Read + Send>,
    left: Arc<AtomicUsize>,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.plain.read(buffer)?;
        let left = self.left.load(Ordering::Relaxed).checked_sub(read);
        let left = left.ok_or_else(|| io::Error::other(format!("one row is longer than {LINE_BYTES_MAX} bytes: is a quote left open?")))?;
        self.left.store(left, Ordering::Relaxed);
        Ok(read)
    }
}

impl Table {
    pub(super) fn open(file: &str, plain: Box<dyn Read + Send>, map: &Map) -> Result<Self, ImportFault> {
        let left = Arc::new(AtomicUsize::new(LINE_BYTES_MAX));
        let bounded = Bounded { plain, left: Arc::clone(&left) };
        let mut reader = ReaderBuilder::new().delimiter(map.delimiter).flexible(true).from_reader(bounded);
        let unread = |error: csv::Error| ImportFault::at_line(file, 1, format!("the header cannot be read: {error}"));
        let header: StringRecord = reader.headers().map_err(unread)?.iter().map(str::trim).collect();
        check(file, &header, map)?;
        Ok(Self { reader, header, record: ByteRecord::new(), left })
    }

    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        self.header.iter()
    }

    pub(super) fn next(&mut self, file: &str, map: &Map) -> Step {
        self.left.store(LINE_BYTES_MAX, Ordering::Relaxed);
        let next = self.reader.position().line();
        match self.reader.read_byte_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => return Step::End,
            Err(error) => {
                let message = format!("cannot be read: {error}; the rows before it were");
                return Step::Broken(ImportFault::at_line(file, next, message));
            }
        }
        let line = self.record.position().map_or(next, csv::Position::line);
        if self.record.len() != self.header.len() {
            let (found, expected) = (self.record.len(), self.header.len());
            let message = format!("has {found} columns where the header has {expected}: is a quote or a comma missing or too many?");
            return Step::Row(Box::new(Err(ImportFault::at_line(file, line, message))));
        }
        match self.texts() {
            Ok(texts) => row(file, line, map, &|column| {
                self.header.iter().zip(&texts).find(|(name, _)| *name == column).map(|(_, text)| Literal::Text((*text).to_owned()))
            }),
            Err(column) => {
                let fault = ImportFault::at_line(file, line, "is no UTF-8: save the file as UTF-8");
                Step::Row(Box::new(Err(fault.in_column(Column::Name(column)))))
            }
        }
    }

    /// The columns as text, or the name of one that is none.
    fn texts(&self) -> Result<Vec<&str>, String> {
        let columns = self.record.iter().zip(&self.header);
        columns.map(|(bytes, name)| std::str::from_utf8(bytes).map_err(|_| name.to_owned())).collect()
    }
}

fn check(file: &str, header: &StringRecord, map: &Map) -> Result<(), ImportFault> {
    let seen = || header.iter().map(|name| format!("`{}`", shortened(name))).collect::<Vec<_>>().join(", ");
    for column in map.columns() {
        let count = header.iter().filter(|name| *name == column).count();
        let message = match count {
            1 => continue,
            0 => format!("the map names this column, but the header has only {}", seen()),
            _ => "occurs twice in the header: give the columns different names".to_owned(),
        };
        return Err(ImportFault::at_line(file, 1, message).in_column(Column::Name(column.to_owned())));
    }
    Ok(())
}
