//! One JSON object a line. Lines that are too long are passed over without being kept.

use super::{Step, row};
use crate::import::fault::{Column, ImportFault};
use crate::import::map::Map;
use crate::import::{LINE_BYTES_MAX, Literal};
use std::io::{self, BufRead, BufReader, Read};

pub(super) struct Objects {
    reader: BufReader<Box<dyn Read + Send>>,
    line: u64,
    text: Vec<u8>,
}

/// What the next line was.
enum Line {
    Kept,
    TooLong,
    End,
}

impl Objects {
    pub(super) fn open(plain: Box<dyn Read + Send>) -> Self {
        Self { reader: BufReader::new(plain), line: 0, text: Vec::new() }
    }

    pub(super) fn next(&mut self, file: &str, map: &Map) -> Step {
        loop {
            let line = self.line + 1;
            match self.advance() {
                Err(error) => return Step::Broken(ImportFault::at_line(file, line, format!("cannot be read: {error}; the rows before it were"))),
                Ok(Line::End) => return Step::End,
                Ok(Line::TooLong) => return faulty(ImportFault::at_line(file, line, format!("is longer than {LINE_BYTES_MAX} bytes"))),
                Ok(Line::Kept) if self.text.iter().all(u8::is_ascii_whitespace) => {}
                Ok(Line::Kept) => return self.read(file, map),
            }
        }
    }

    fn read(&self, file: &str, map: &Map) -> Step {
        let text = match std::str::from_utf8(&self.text) {
            Ok(text) => text.trim_start_matches('\u{feff}').trim_ascii_end(),
            Err(error) => {
                let fault = ImportFault::at_line(file, self.line, "is no UTF-8: save the file as UTF-8");
                return faulty(fault.in_column(Column::Number(error.valid_up_to() as u64 + 1)));
            }
        };
        match Literal::parse(text) {
            Err(fault) => faulty(ImportFault::at_line(file, self.line, format!("is no JSON: {fault}")).in_column(Column::Number(fault.column))),
            Ok(object @ Literal::Object(_)) => row(file, self.line, map, &|column| object.get(column).cloned()),
            Ok(other) => faulty(ImportFault::at_line(file, self.line, format!("is {}: expected one object a line", other.kind()))),
        }
    }

    /// Reads one line into `text`, keeping no more than the bound of it.
    fn advance(&mut self) -> io::Result<Line> {
        self.text.clear();
        self.line += 1;
        let bound = LINE_BYTES_MAX as u64 + 1;
        (&mut self.reader).take(bound).read_until(b'\n', &mut self.text)?;
        if self.text.is_empty() {
            return Ok(Line::End);
        }
        if self.text.last() == Some(&b'\n') || (self.text.len() as u64) < bound {
            return Ok(Line::Kept);
        }
        self.reader.skip_until(b'\n')?;
        Ok(Line::TooLong)
    }
}

fn faulty(fault: ImportFault) -> Step {
    Step::Row(Box::new(Err(fault)))
}
