//! What files become, row by row.

use super::*;
use serde_json::json;
use std::io::{Cursor, Write};

const MAP: &str = "[map]\namount = { money = [\"amount\", \"currency\"] }\nmerchant = \"merchant\"\n[key]\nfrom = \"id\"\n";

fn rows(format: Format, map: &str, text: impl Into<Vec<u8>>) -> Rows {
    Rows::read("in", format, Box::new(Cursor::new(text.into())), Map::parse("map.toml", map).unwrap()).unwrap()
}

fn told(rows: Rows) -> Vec<String> {
    rows.map(|row| match row {
        Ok(row) => format!("{} {} {}", row.line, row.key.unwrap_or_default(), row.payload),
        Err(fault) => fault.to_string(),
    })
    .collect()
}

#[test]
fn sums_keep_the_digits_of_the_source() {
    let text = "{\"id\":1,\"amount\":115.80,\"currency\":\"GBP\",\"merchant\":\"MARKS&SPENCER\"}\n\n{\"id\":\"b\",\"amount\":\"-7\",\"currency\":\"JPY\",\"merchant\":null}\n";
    let expected = [r#"1 1 {"amount":"115.80 GBP","merchant":"MARKS&SPENCER"}"#, r#"3 b {"amount":"-7 JPY"}"#];
    assert_eq!(told(rows(Format::JsonLines, MAP, text)), expected);
}

#[test]
fn a_row_that_cannot_be_read_does_not_lose_the_next() {
    let text = "{\"id\":1,\n[]\n{\"id\":2,\"amount\":1e3,\"currency\":\"GBP\"}\n{\"amount\":1}\n{\"id\":4,\"amount\":1}\n{\"id\":5}\n{}";
    let faults = told(rows(Format::JsonLines, MAP, text));
    assert_eq!(
        faults,
        [
            "in:1:8: is no JSON: EOF while parsing an object",
            "in:2: is a list: expected one object a line",
            "in:3: column `amount`: `1e3` is no plain decimal: expected digits as in `1250.00`, without separators, signs of currency or exponents",
            "in:4: column `currency`: has no currency for 1: expected a code such as `EUR`",
            "in:5: column `currency`: has no currency for 1: expected a code such as `EUR`",
            "6 5 {}",
            "in:7: column `id`: is empty: the key must be there, or a repeated import could submit this row twice",
        ]
    );
}

#[test]
fn csv_rows_know_their_lines_and_columns() {
    let text = "\u{feff}id, amount ,currency,merchant\na,\"1,250.00\",GBP,x\nb,12.50,GBP,\"two\nlines\"\nc,1\nd,2.00,GBP,\n".to_owned();
    let faults = told(rows(Format::Csv, MAP, text));
    assert!(faults[0].starts_with("in:2: column `amount`: `1,250.00` is no plain decimal"), "{}", faults[0]);
    assert_eq!(faults[1], r#"3 b {"amount":"12.50 GBP","merchant":"two\nlines"}"#);
    assert_eq!(faults[2], "in:5: has 2 columns where the header has 4: is a quote or a comma missing or too many?");
    assert_eq!(faults[3], r#"6 d {"amount":"2.00 GBP"}"#);
}

#[test]
fn a_header_without_a_mapped_column_is_refused_at_once() {
    let map = Map::parse("map.toml", MAP).unwrap();
    let fault = Rows::read("in", Format::Csv, Box::new("id,sum\n".as_bytes()), map.clone()).err().unwrap();
    assert_eq!(fault.to_string(), "in:1: column `amount`: the map names this column, but the header has only `id`, `sum`");
    let fault = Rows::read("in", Format::Csv, Box::new("id,id,amount,currency,merchant\n".as_bytes()), map).err().unwrap();
    assert!(fault.to_string().contains("`id`: occurs twice"));
}

#[test]
fn columns_that_nobody_mapped_are_named() {
    assert_eq!(rows(Format::Csv, MAP, "id,amount,currency,merchant,note").unmapped(), ["note"]);
}

#[test]
fn bytes_that_are_no_text_are_told_with_their_column() {
    let text = b"id,amount,currency,merchant\na,1,GBP,caf\xe9\nb,1,GBP,x\n";
    let faults = told(rows(Format::Csv, MAP, text));
    assert_eq!(faults[0], "in:2: column `merchant`: is no UTF-8: save the file as UTF-8");
    assert_eq!(faults.len(), 2);
    assert_eq!(told(rows(Format::JsonLines, MAP, b"{\"\xe9\":1}\n"))[0], "in:1:3: is no UTF-8: save the file as UTF-8");
}

#[test]
fn an_open_quote_does_not_swallow_the_memory() {
    let text = format!("id,amount,currency,merchant\na,1,GBP,x\nb,1,GBP,\"{}", "y\n".repeat(2 << 20));
    let faults = told(rows(Format::Csv, MAP, text));
    assert_eq!(faults.len(), 2);
    assert!(faults[1].starts_with("in:3: cannot be read: one row is longer than"), "{}", faults[1]);
}

#[test]
fn a_line_too_long_is_passed_over() {
    let text = format!("{{\"id\":\"{}\"}}\n{{\"id\":\"b\"}}\n", "x".repeat(3 << 20));
    assert_eq!(told(rows(Format::JsonLines, MAP, text)), ["in:1: is longer than 1048576 bytes", "2 b {}"]);
}

#[test]
fn columns_are_read_as_the_map_says() {
    let map = "[map]\nn = { from = \"n\", as = \"integer\" }\nd = { from = \"d\", as = \"decimal\" }\nb = { from = \"b\", as = \"bool\" }\n\
               l = { from = \"l\", as = \"list\" }\nj = { from = \"j\", as = \"json\" }\nv = { value = \"fixed\" }\nt = { from = \"t\", as = \"text\" }\n";
    let payloads = |rows: Rows| rows.map(|row| row.unwrap().payload).collect::<Vec<_>>();
    let expected = json!({"n": 7, "d": "1.10", "b": true, "l": ["x", "y"], "j": {"a": "1.5"}, "v": "fixed", "t": "007"});
    let csv = "n,d,b,l,j,t\n7,1.10,yes,x; y,\"{\"\"a\"\":1.5}\",007\n";
    assert_eq!(payloads(rows(Format::Csv, map, csv)), std::slice::from_ref(&expected));
    let json = "{\"n\":7,\"d\":1.10,\"b\":true,\"l\":[\"x\",\"y\"],\"j\":{\"a\":1.5},\"t\":\"007\"}";
    assert_eq!(payloads(rows(Format::JsonLines, map, json)), [expected]);
    let faults = told(rows(Format::Csv, map, "n,d,b,l,j,t\n1.5,,,,,\n,x,,,,\n,,maybe,,,\n,,,,{,\n"));
    assert!(faults.iter().zip(["`n`", "`d`", "`b`", "`j`"]).all(|(fault, column)| fault.contains(column)), "{faults:?}");
}

#[test]
fn files_are_opened_by_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.JSONL.gz");
    let mut gzip = flate2::write::GzEncoder::new(File::create(&path).unwrap(), flate2::Compression::fast());
    gzip.write_all(b"{\"id\":\"a\"}\n").unwrap();
    let mut whole = gzip.finish().unwrap();
    let map = Map::parse("map.toml", MAP).unwrap();
    assert_eq!(told(Rows::open(&path, map.clone()).unwrap()), ["1 a {}"]);
    // Two members, the second cut off: the rows before the cut are read, the cut is told, once.
    whole.write_all(&[0x1f, 0x8b, 8, 0, 0]).unwrap();
    let told = told(Rows::open(&path, map.clone()).unwrap());
    assert_eq!((told.len(), told[0].as_str()), (2, "1 a {}"));
    assert!(told[1].contains("cannot be read"), "{}", told[1]);
    let fault = Rows::open(&folder.path().join("rows.xlsx"), map.clone()).err().unwrap().to_string();
    assert!(fault.contains("no known format"), "{fault}");
    assert!(Rows::open(&folder.path().join("none.csv"), map).is_err());
}
