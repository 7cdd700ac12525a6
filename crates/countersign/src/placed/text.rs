//! The text of a file that people write: a plain file, of a size that people write, in UTF-8; otherwise what it is
//! instead, and where.

use crate::config::reason;
use countersign_core::policy::diagnostic::Diagnostic;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// No file that people write is longer; one that is was put there by mistake.
const BYTES_MAX: u64 = 1 << 20;

/// Reads the whole of `what`, like `the directory`.
///
/// # Errors
/// The one finding that makes it unreadable.
pub(crate) fn text(path: &Path, what: &str) -> Result<String, Box<Diagnostic>> {
    let name = path.display().to_string();
    let unreadable = |why: String| Box::new(Diagnostic::at(&name, "", 0..0, "unreadable", format!("{what} cannot be read: {why}")));
    let meta = std::fs::metadata(path).map_err(|error| unreadable(reason(&error)))?;
    if meta.is_dir() {
        return Err(unreadable("it is a folder, and a file is expected".into()));
    }
    if !meta.is_file() {
        return Err(unreadable("it is no plain file".into()));
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(BYTES_MAX + 1).read_to_end(&mut bytes));
    read.map_err(|error| unreadable(reason(&error)))?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(unreadable(format!("it has {} bytes; {BYTES_MAX} are the most", meta.len().max(bytes.len() as u64))));
    }
    String::from_utf8(bytes).map_err(|error| Box::new(foreign(&name, what, &error)))
}

/// Where the first byte stands that is no text.
fn foreign(name: &str, what: &str, error: &std::string::FromUtf8Error) -> Diagnostic {
    let (bytes, at) = (error.as_bytes(), error.utf8_error().valid_up_to());
    let byte = bytes.get(at).copied().unwrap_or_default();
    let message = format!("{what} is not UTF-8: the byte {byte:#04x} stands here; save the file as UTF-8");
    // What stands before the byte is text; the rest is shown as far as it can be.
    let shown = String::from_utf8_lossy(bytes);
    Diagnostic::at(name, &shown, at..at + 1, "not_utf8", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_named_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.toml");
        std::fs::write(&path, b"a = 1\nb = \"gr\xfc\xdfe\"\n").unwrap();
        let found = text(&path, "the policy").unwrap_err();
        assert_eq!((found.code, found.line, found.column), ("not_utf8", 2, 8), "{found:?}");
        assert!(found.message.contains("0xfc"));
        std::fs::write(&path, vec![b'#'; (1 << 20) + 1]).unwrap();
        assert!(text(&path, "the policy").unwrap_err().message.contains("1048577 bytes"));
        assert!(text(folder.path(), "the policy").unwrap_err().message.contains("it is a folder"));
        assert!(text(Path::new("/dev/null"), "the policy").unwrap_err().message.contains("no plain file"));
        assert!(text(&folder.path().join("none"), "the policy").unwrap_err().message.contains("no such file"));
    }
}
