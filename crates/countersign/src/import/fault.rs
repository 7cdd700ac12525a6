//! What is wrong with an imported file, where, and what to do about it.

use std::fmt;

/// One thing wrong with an imported file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct ImportFault {
    /// The file, as the caller named it.
    pub file: String,
    /// The line, from 1, where one is to blame.
    pub line: Option<u64>,
    /// Where in the line.
    pub column: Option<Column>,
    /// What is wrong and what to do.
    pub message: String,
}

/// A place in a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Column {
    /// Counted from 1.
    Number(u64),
    /// The name of a column or member.
    Name(String),
}

impl ImportFault {
    /// About a file as a whole.
    #[must_use]
    pub fn of_file(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, column: None, message: message.into() }
    }

    /// About one line.
    #[must_use]
    pub fn at_line(file: &str, line: u64, message: impl Into<String>) -> Self {
        Self { line: Some(line), ..Self::of_file(file, message) }
    }

    /// In this column.
    #[must_use]
    pub fn in_column(self, column: Column) -> Self {
        Self { column: Some(column), ..self }
    }
}

impl fmt::Display for ImportFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        match &self.column {
            Some(Column::Number(column)) => write!(f, ":{column}: {}", self.message),
            Some(Column::Name(column)) => write!(f, ": column `{column}`: {}", self.message),
            None => write!(f, ": {}", self.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_says_where() {
        let fault = ImportFault::at_line("a.csv", 3, "is empty");
        assert_eq!(fault.to_string(), "a.csv:3: is empty");
        assert_eq!(fault.clone().in_column(Column::Number(7)).to_string(), "a.csv:3:7: is empty");
        assert_eq!(fault.in_column(Column::Name("amount".into())).to_string(), "a.csv:3: column `amount`: is empty");
        assert_eq!(ImportFault::of_file("a.csv", "is empty").to_string(), "a.csv: is empty");
    }
}
