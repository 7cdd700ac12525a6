//! What may stand beside a request as a file: its name is a name and no path, its bytes are what its name says, and
//! the type it is given back with comes from here and never from whoever sent it. Nothing that a browser would run is
//! taken. Knows no store and no door.

use crate::summary::visible::is_hidden;
use serde::{Deserialize, Serialize};

/// The largest file, in bytes.
pub const BYTES_MAX: usize = 5 * 1024 * 1024;
/// The longest name, in characters.
const NAME_MAX: usize = 120;
/// As much of a file is searched for markup that a browser might take it for.
const SNIFFED: usize = 1_024;

/// A file as somebody sends it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Upload {
    /// What they call it.
    pub name: String,
    /// The type they say it has; nothing where they say nothing.
    pub declared: Option<String>,
    /// The file.
    pub bytes: Vec<u8>,
}

/// What is kept about a file, apart from its bytes and from the record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct About {
    /// What it is called.
    pub name: String,
    /// The type it is given back with.
    pub media_type: String,
}

/// Why a file is not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unfit {
    /// It has no bytes.
    Empty,
    /// It has too many.
    TooLarge,
    /// Its name is none, and why.
    Name(&'static str),
    /// It is of no type that is taken, or not of the type that its name says.
    Kind(String),
}

impl Unfit {
    /// One sentence.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Empty => "the file is empty; nothing was kept".into(),
            Self::TooLarge => format!("the file is larger than {} MiB; nothing was kept", BYTES_MAX / 1024 / 1024),
            Self::Name(why) => format!("the file's name {why}; nothing was kept"),
            Self::Kind(why) => format!("{why}; taken are {}, and nothing was kept", endings().join(", ")),
        }
    }
}

/// A type that is taken: the endings of its names, what it is called, and how its bytes are recognised.
struct Known {
    endings: &'static [&'static str],
    media_type: &'static str,
    is: fn(&[u8]) -> bool,
}

const KNOWN: [Known; 7] = [
    Known { endings: &["pdf"], media_type: "application/pdf", is: |bytes| bytes.starts_with(b"%PDF-") },
    Known { endings: &["png"], media_type: "image/png", is: |bytes| bytes.starts_with(b"\x89PNG\r\n\x1a\n") },
    Known { endings: &["jpg", "jpeg"], media_type: "image/jpeg", is: |bytes| bytes.starts_with(b"\xff\xd8\xff") },
    Known { endings: &["gif"], media_type: "image/gif", is: |bytes| bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") },
    Known { endings: &["webp"], media_type: "image/webp", is: |bytes| bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") },
    Known { endings: &["txt"], media_type: "text/plain; charset=utf-8", is: is_text },
    Known { endings: &["csv"], media_type: "text/csv; charset=utf-8", is: is_text },
];

/// Endings inside a name that say it wants to be run: `invoice.html.pdf` is refused with them.
const RUNNABLE: [&str; 26] = [
    "exe", "com", "bat", "cmd", "scr", "pif", "msi", "lnk", "js", "mjs", "vbs", "ps1", "sh", "jar", "hta", "app", "htm", "html", "xhtml", "svg",
    "xml", "php", "asp", "aspx", "jsp", "swf",
];

/// What a browser, or a server, would run, wherever it stands near the beginning.
const MARKUP: [&str; 8] = ["<!doctype", "<html", "<script", "<svg", "<iframe", "<?php", "<body", "<?xml-stylesheet"];

/// Every ending that is taken.
#[must_use]
pub fn endings() -> Vec<&'static str> {
    KNOWN.iter().flat_map(|known| known.endings).copied().collect()
}

impl Upload {
    /// What is kept about it, if it may be kept.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn accepted(&self) -> Result<About, Unfit> {
        named(&self.name)?;
        if self.bytes.is_empty() {
            return Err(Unfit::Empty);
        }
        if self.bytes.len() > BYTES_MAX {
            return Err(Unfit::TooLarge);
        }
        let known = self.known()?;
        Ok(About { name: self.name.clone(), media_type: known.media_type.to_owned() })
    }

    fn known(&self) -> Result<&'static Known, Unfit> {
        let mut parts = self.name.rsplit('.');
        let ending = parts.next().unwrap_or_default().to_ascii_lowercase();
        if parts.clone().next().is_none() {
            return Err(Unfit::Kind("the file's name has no ending that says its type".into()));
        }
        if let Some(inner) = parts.find(|part| RUNNABLE.iter().any(|runnable| part.trim().eq_ignore_ascii_case(runnable))) {
            return Err(Unfit::Kind(format!("the file's name has `.{inner}` within it, as programs and pages have")));
        }
        let known = KNOWN.iter().find(|known| known.endings.contains(&ending.as_str()));
        let known = known.ok_or_else(|| Unfit::Kind(format!("files that end in `.{}` are not taken", visible_ending(&ending))))?;
        if !(known.is)(&self.bytes) {
            return Err(Unfit::Kind(format!("the file is not what `.{ending}` says")));
        }
        if self.declared.as_deref().is_some_and(|declared| !agrees(declared, known)) {
            return Err(Unfit::Kind(format!("the file was sent as another type than `.{ending}` says")));
        }
        if holds_markup(&self.bytes) {
            return Err(Unfit::Kind("the file begins with markup that a browser would run".into()));
        }
        Ok(known)
    }
}

fn visible_ending(ending: &str) -> String {
    crate::summary::visible::visible(ending).chars().take(20).collect()
}

/// Whether what the sender calls it is the type, or says nothing.
fn agrees(declared: &str, known: &Known) -> bool {
    let essence = |text: &str| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let declared = essence(declared);
    let vague = ["", "application/octet-stream", "application/x-www-form-urlencoded"];
    // Windows calls every table of values its own.
    let table = known.endings.contains(&"csv") && ["application/vnd.ms-excel", "text/plain"].contains(&declared.as_str());
    vague.contains(&declared.as_str()) || declared == essence(known.media_type) || table
}

fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| !text.chars().any(|char| char.is_control() && !['\t', '\n', '\r'].contains(&char)))
}

fn holds_markup(bytes: &[u8]) -> bool {
    let start: String = bytes.iter().take(SNIFFED).map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    MARKUP.iter().any(|mark| start.contains(mark))
}

/// A name that is safe to show, to send in a header and to save: never a path, nothing hidden, nothing that a file
/// system or a shell reads otherwise.
fn named(name: &str) -> Result<(), Unfit> {
    let wrong = |why| Err(Unfit::Name(why));
    if name.is_empty() {
        return wrong("is missing");
    }
    if name.chars().count() > NAME_MAX {
        return wrong("is longer than 120 characters");
    }
    if name.chars().any(|char| is_hidden(char) || char.is_control()) {
        return wrong("holds hidden or direction-changing characters");
    }
    if name.contains(['/', '\\']) || name.contains("..") {
        return wrong("is a path");
    }
    if name.contains(['<', '>', ':', '"', '|', '?', '*', ';', '`', '$', '%']) {
        return wrong("holds a character that file systems or shells read otherwise");
    }
    if name.starts_with(['.', ' ', '-', '~']) || name.ends_with(['.', ' ']) {
        return wrong("begins or ends with a character that file systems read otherwise");
    }
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let device = ["con", "prn", "aux", "nul"].contains(&stem.as_str()) || (stem.len() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")));
    if device { wrong("is that of a device") } else { Ok(()) }
}

/// The header that has a browser save a file under its name: plain letters for old ones, all letters for the others
/// (RFC 6266). Every byte that is not plainly harmless is encoded, so no name ends the header.
#[must_use]
pub fn disposition(name: &str) -> String {
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let plain: String = name.chars().map(|char| if char.is_ascii() && harmless(char as u8) { char } else { '_' }).collect();
    let encoded: String = name.bytes().map(|byte| if harmless(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n%%EOF\n";
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    fn sent(name: &str, declared: Option<&str>, bytes: &[u8]) -> Result<String, Unfit> {
        let upload = Upload { name: name.to_owned(), declared: declared.map(str::to_owned), bytes: bytes.to_vec() };
        upload.accepted().map(|about| about.media_type)
    }

    #[test]
    fn files_are_what_their_names_say() {
        let good: [(&str, &[u8], &str); 7] = [
            ("receipt.pdf", PDF, "application/pdf"),
            ("Beleg über 東京.PNG", PNG, "image/png"),
            ("photo.jpeg", b"\xff\xd8\xff\xe0rest", "image/jpeg"),
            ("dance.gif", b"GIF89a....", "image/gif"),
            ("photo.webp", b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
            ("notes.v2.txt", "Grüße\r\n\tok".as_bytes(), "text/plain; charset=utf-8"),
            ("rows.csv", b"a,b\n1,2\n", "text/csv; charset=utf-8"),
        ];
        for (name, bytes, media_type) in good {
            assert_eq!(sent(name, None, bytes).as_deref(), Ok(media_type), "{name}");
        }
        assert!(sent("rows.csv", Some("application/vnd.ms-excel"), b"a,b").is_ok());
    }

    #[test]
    fn a_file_that_is_something_else_is_refused() {
        let polyglot = b"GIF89a=1;/*<script>alert(1)</script>*/";
        let cases: [(&str, Option<&str>, &[u8]); 14] = [
            ("page.html", None, b"<p>hello"),
            ("picture.svg", None, b"<svg onload=alert(1)>"),
            ("run.exe", None, b"MZ"),
            ("noending", None, b"text"),
            ("receipt.pdf", None, PNG),
            ("receipt.pdf", None, b"\n%PDF-1.7"),
            ("photo.png", Some("text/html"), PNG),
            ("dance.gif", None, polyglot),
            ("receipt.html.pdf", None, PDF),
            ("receipt.exe.pdf", None, PDF),
            ("receipt.EXE .pdf", None, PDF),
            ("notes.txt", None, b"a\0b"),
            ("notes.txt", None, b"\xff\xfea\0"),
            ("notes.txt", None, b"<!DOCTYPE html><script>alert(1)</script>"),
        ];
        for (name, declared, bytes) in cases {
            assert!(matches!(sent(name, declared, bytes), Err(Unfit::Kind(_))), "{name}: {:?}", sent(name, declared, bytes));
        }
        assert_eq!(sent("a.txt", None, b""), Err(Unfit::Empty));
        assert_eq!(sent("a.txt", None, &vec![b'a'; BYTES_MAX + 1]), Err(Unfit::TooLarge));
        assert!(sent("a.txt", None, &vec![b'a'; BYTES_MAX]).is_ok());
    }

    #[test]
    fn a_name_is_no_path_and_hides_nothing() {
        let names = [
            "",
            "../a.txt",
            "a/b.txt",
            "a\\b.txt",
            "..txt",
            "a\0.txt",
            "a\r\nX: y.txt",
            "a\u{202e}txt.pdf",
            "a\u{200b}.txt",
            "con.txt",
            "LPT1.txt",
            ".a.txt",
            "-a.txt",
            "a.txt ",
            "a.txt.",
            "a\".txt",
            "C:a.txt",
            "a;b.txt",
            "$(a).txt",
            "%00.txt",
        ];
        for name in names {
            assert!(matches!(sent(name, None, b"text"), Err(Unfit::Name(_))), "{name:?}: {:?}", sent(name, None, b"text"));
        }
        let long = format!("{}.txt", "a".repeat(NAME_MAX));
        assert!(matches!(sent(&long, None, b"text"), Err(Unfit::Name(_))));
    }

    #[test]
    fn no_name_ends_the_header() {
        assert_eq!(disposition("Beleg 1.pdf"), "attachment; filename=\"Beleg_1.pdf\"; filename*=UTF-8''Beleg%201.pdf");
        let evil = disposition("a\"\r\nSet-Cookie: x=\u{202e}東.pdf");
        assert!(evil.bytes().all(|byte| (32..127).contains(&byte)) && evil.matches('"').count() == 2, "{evil}");
        assert!(!evil.contains("Set-Cookie:"));
    }
}
