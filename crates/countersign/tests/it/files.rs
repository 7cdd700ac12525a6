//! Broken policies, directories and configurations: each kind gets its code and its place, the last good one stays in
//! force, and no request and no event appears.

mod config;
mod directory;
mod policy;

use crate::harness::Still;
use countersign::api::ApiSettings;
use countersign_core::policy::diagnostic::Diagnostic;
use std::path::Path;

/// A kind of broken file: what it holds, and the code, line and column of a finding with a part of its sentence or of
/// its suggestion.
type Kind<'a> = (&'a [u8], &'a str, usize, usize, &'a str);

/// Whether one of the findings is the expected one, in this file; said otherwise.
fn missed(found: &[Diagnostic], file: &str, kind: &Kind<'_>) -> Option<String> {
    let (bytes, code, line, column, words) = kind;
    let fits = |one: &&Diagnostic| (one.code, one.line, one.column) == (*code, *line, *column) && Path::new(&one.file).ends_with(file);
    let says = |one: &Diagnostic| format!("{} [{}]", one.message, one.suggestion.clone().unwrap_or_default());
    if found.iter().filter(fits).any(|one| says(one).contains(words)) {
        return None;
    }
    let told: Vec<String> = found.iter().map(|one| format!("{}:{}:{} {} {}", one.file, one.line, one.column, one.code, says(one))).collect();
    let shown = String::from_utf8_lossy(bytes.get(..bytes.len().min(300)).unwrap_or_default()).into_owned();
    Some(format!("{shown}\n  expected {code} at {line}:{column}: {words}\n  found    {}", told.join("\n           ")))
}

/// What must not change: the record, the versions of policies in force, the people.
async fn standing(door: &Still) -> String {
    let counts = door.engine.counts().await.unwrap();
    let policies: Vec<_> = door.engine.shelf().policies().iter().map(|policy| format!("{} {}", policy.name, policy.version)).collect();
    let people = door.engine.shelf().people();
    format!("{} {:?} {policies:?} {:?} {:?}", counts.position, counts.requests, people.roster.people, people.roster.groups)
}

async fn door() -> Still {
    Still::start(ApiSettings::default(), axum::Router::new()).await
}

/// Writes each kind in turn and reads again; afterwards the good file, which must be as good as before.
async fn every_kind_is_refused(file: &str, kinds: &[Kind<'_>]) {
    let door = door().await;
    let path = door.folder().join(file);
    let good = std::fs::read(&path).unwrap();
    let (before, mut wrong) = (standing(&door).await, Vec::new());
    for kind in kinds {
        std::fs::write(&path, kind.0).unwrap();
        let found = door.sources.reload().await;
        wrong.extend(missed(&found.wrong, file, kind));
        assert_eq!(standing(&door).await, before, "{}", String::from_utf8_lossy(kind.0));
    }
    assert!(wrong.is_empty(), "{} of {} kinds:\n{}", wrong.len(), kinds.len(), wrong.join("\n\n"));
    std::fs::write(&path, good).unwrap();
    assert_eq!(door.sources.reload().await.wrong, []);
    assert_eq!(standing(&door).await, before);
}

/// What is no file of text at all.
async fn what_is_no_text_is_refused(file: &str) {
    let door = door().await;
    let path = door.folder().join(file);
    let good = std::fs::read(&path).unwrap();
    let before = standing(&door).await;
    let huge = [good.clone(), vec![b'#'; 2 << 20]].concat();
    let foreign = [b"# gr\xfc\xdfe\n".as_slice(), &good].concat();
    for (bytes, code, line, column, words) in [(huge, "unreadable", 1, 1, "1048576 are the most"), (foreign, "not_utf8", 1, 5, "0xfc")] {
        std::fs::write(&path, bytes).unwrap();
        let found = door.sources.reload().await;
        assert_eq!(missed(&found.wrong, file, &(b"", code, line, column, words)), None);
        assert_eq!(standing(&door).await, before);
    }
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let found = door.sources.reload().await;
    assert_eq!(missed(&found.wrong, file, &(b"", "unreadable", 1, 1, "it is a folder")), None);
    assert_eq!(standing(&door).await, before);
    std::fs::remove_dir(&path).unwrap();
    assert_ne!(door.sources.reload().await.wrong, [], "a file that is gone is told");
    assert_eq!(standing(&door).await, before);
    for same in [[b"\xef\xbb\xbf".as_slice(), &good].concat(), String::from_utf8(good).unwrap().replace('\n', "\r\n").into_bytes()] {
        std::fs::write(&path, same).unwrap();
        assert_eq!(door.sources.reload().await.wrong, [], "a mark of byte order and other ends of lines are no fault");
    }
}
