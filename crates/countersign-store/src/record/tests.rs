//! Every event reads back as it was written, and the golden files of every form ever released still read.

use super::samples::{every_event, moment, one_approver_life};
use super::*;
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

#[test]
fn every_event_reads_back_as_it_was_written() {
    for event in every_event() {
        let blob = encode(moment(), &event).unwrap();
        assert_eq!(decode(&blob).unwrap(), (moment(), event), "{}", String::from_utf8_lossy(&blob));
    }
}

#[test]
fn the_samples_hold_every_variant() {
    let names: BTreeSet<_> = every_event().iter().map(Event::name).collect();
    assert_eq!(names, BTreeSet::from(countersign_core::event::NAMES), "a new event needs a name, a sample and a golden file");
}

#[test]
fn the_golden_files_still_read_and_today_form_is_unchanged() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for event in every_event() {
        let nth = seen.entry(event.name()).and_modify(|n| *n += 1).or_insert(1);
        let path = golden().join(format!("v{VERSION}.{}.{nth}.json", event.name()));
        let blob = encode(moment(), &event).unwrap();
        if !path.exists() && std::env::var_os("COUNTERSIGN_ADD_GOLDEN").is_some() {
            std::fs::write(&path, &blob).unwrap();
        }
        let kept = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(String::from_utf8_lossy(&kept), String::from_utf8_lossy(&blob), "{}", path.display());
        assert_eq!(decode(&kept).unwrap(), (moment(), event));
    }
    for entry in std::fs::read_dir(golden()).unwrap() {
        let path = entry.unwrap().path();
        decode(&std::fs::read(&path).unwrap()).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
    }
}

#[test]
fn a_time_finer_than_milliseconds_is_kept() {
    let fine = moment() + SignedDuration::from_nanos(1_234_567);
    let (event, ..) = (every_event().remove(0),);
    assert_eq!(decode(&encode(fine, &event).unwrap()).unwrap().0, fine);
}

#[test]
fn a_form_of_the_future_or_a_foreign_text_is_refused_in_words() {
    let future = decode(br#"[2,1700000000000,{"returned":{"b":"ben"}}]"#).unwrap_err().to_string();
    assert!(future.contains("form 2"), "{future}");
    assert!(decode(b"{}").is_err());
    assert!(decode(b"\xff").is_err());
}

#[test]
fn a_short_life_takes_less_than_a_kilobyte_of_blobs() {
    let bytes: usize = one_approver_life().iter().map(|event| encode(moment(), event).unwrap().len()).sum();
    assert!(bytes <= 1_000, "{bytes}");
}
