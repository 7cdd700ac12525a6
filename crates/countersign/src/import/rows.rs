//! Rows of a CSV or JSON-lines file, plain or gzip, as payloads: one at a time, in bounded memory. A row
//! that cannot be read is a fault with its line; the rows after it are read all the same.

use super::fault::{Column, ImportFault};
use super::map::Map;
use serde_json::Value;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

mod csv;
mod jsonl;
#[cfg(test)]
mod spend;
#[cfg(test)]
mod tests;

/// What becomes one request.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// Where it begins in the file, from 1.
    pub line: u64,
    /// What makes it unique, where the map says.
    pub key: Option<String>,
    /// In whose name, where the map says.
    pub requester: Option<String>,
    /// The fields of the policy.
    pub payload: Value,
}

/// How a file is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// With a header line.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

/// The rows of a file, read as they are asked for. Ends after a fault that leaves no next row to find.
pub struct Rows {
    file: String,
    map: Map,
    lines: Lines,
    ended: bool,
}

enum Lines {
    Csv(csv::Table),
    JsonLines(jsonl::Objects),
}

/// What reading a row came to.
enum Step {
    /// A row, or a fault of this row alone.
    Row(Box<Result<Row, ImportFault>>),
    /// Nothing can be read after this.
    Broken(ImportFault),
    End,
}

impl Format {
    /// What a file's name says, and whether it is gzip: `.csv`, `.jsonl` or `.ndjson`, then perhaps `.gz`.
    #[must_use]
    pub fn of_name(name: &str) -> Option<(Self, bool)> {
        let name = name.to_ascii_lowercase();
        let (stem, gzip) = name.strip_suffix(".gz").map_or((name.as_str(), false), |stem| (stem, true));
        match stem.rsplit_once('.').map(|(_, extension)| extension) {
            Some("csv") => Some((Self::Csv, gzip)),
            Some("jsonl" | "ndjson") => Some((Self::JsonLines, gzip)),
            _ => None,
        }
    }
}

impl Rows {
    /// Opens a file by its name.
    ///
    /// # Errors
    /// When it cannot be opened, is of no known format, or lacks a column that the map names.
    pub fn open(path: &Path, map: Map) -> Result<Self, ImportFault> {
        let name = path.display().to_string();
        let Some((format, gzip)) = Format::of_name(&name) else {
            return Err(ImportFault::of_file(&name, "is of no known format: expected a name ending in .csv, .jsonl, .csv.gz or .jsonl.gz"));
        };
        let file = File::open(path).map_err(|error| ImportFault::of_file(&name, format!("cannot be opened: {error}")))?;
        let plain: Box<dyn Read + Send> = if gzip { Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::new(file))) } else { Box::new(file) };
        Self::read(&name, format, plain, map)
    }

    /// Reads text that is open already; `name` is for messages.
    ///
    /// # Errors
    /// When the header cannot be read or lacks a column that the map names.
    pub fn read(name: &str, format: Format, plain: Box<dyn Read + Send>, map: Map) -> Result<Self, ImportFault> {
        let lines = match format {
            Format::Csv => Lines::Csv(csv::Table::open(name, plain, &map)?),
            Format::JsonLines => Lines::JsonLines(jsonl::Objects::open(plain)),
        };
        Ok(Self { file: name.to_owned(), map, lines, ended: false })
    }

    /// The columns of a CSV file that the map leaves out, to be told once; none for JSON lines.
    #[must_use]
    pub fn unmapped(&self) -> Vec<&str> {
        match &self.lines {
            Lines::Csv(table) => table.columns().filter(|column| !self.map.columns().contains(column)).collect(),
            Lines::JsonLines(_) => Vec::new(),
        }
    }
}

impl Iterator for Rows {
    type Item = Result<Row, ImportFault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let step = match &mut self.lines {
            Lines::Csv(table) => table.next(&self.file, &self.map),
            Lines::JsonLines(objects) => objects.next(&self.file, &self.map),
        };
        match step {
            Step::Row(row) => Some(*row),
            Step::Broken(fault) => {
                self.ended = true;
                Some(Err(fault))
            }
            Step::End => {
                self.ended = true;
                None
            }
        }
    }
}

/// The row of these cells, or the fault of one of them.
fn row(file: &str, line: u64, map: &Map, cell: &dyn Fn(&str) -> Option<super::Literal>) -> Step {
    let read = map.read(cell).map(|cells| Row { line, key: cells.key, requester: cells.requester, payload: cells.payload });
    let located = read.map_err(|fault| ImportFault::at_line(file, line, fault.message).in_column(Column::Name(fault.column)));
    Step::Row(Box::new(located))
}
