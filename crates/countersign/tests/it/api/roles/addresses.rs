//! Every address there is: those that the description names, and those that the sources mount beside it.

use std::collections::BTreeSet;
use std::path::Path;

/// Doors that ask for something else than who calls: the local one for the secret of its machine.
const BESIDE: [&str; 1] = ["/local/"];
/// Mounted by a library, not by a `.route(`.
const MOUNTED: [&str; 2] = ["/openapi.json", "/docs/"];

/// The HTTP method of a word in the table.
pub fn verb(method: &str) -> &str {
    match method {
        "PAGE" => "GET",
        "FORM" => "POST",
        other => other.trim_start_matches("WEB-"),
    }
}

/// A path without the names of its variables.
pub fn plain(path: &str) -> String {
    let path = path.split('?').next().unwrap();
    path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect::<Vec<_>>().join("/")
}

/// Method and path of all.
pub fn all() -> BTreeSet<(String, String)> {
    let document = serde_json::to_value(countersign::api::openapi()).unwrap();
    let described = document["paths"].as_object().unwrap().iter().flat_map(|(path, methods)| {
        let of = |method: &String| (method.to_uppercase(), plain(path));
        methods.as_object().unwrap().keys().map(of).collect::<Vec<_>>()
    });
    let mut found: BTreeSet<_> = described.collect();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for part in ["api", "app", "web"] {
        mounted(&src.join(part), &mut found);
        routes(&std::fs::read_to_string(src.join(format!("{part}.rs"))).unwrap(), &mut found);
    }
    found.retain(|(_, path)| !BESIDE.iter().any(|door| path.starts_with(door)));
    found.extend(MOUNTED.map(|path| ("GET".to_owned(), path.to_owned())));
    found
}

fn mounted(folder: &Path, found: &mut BTreeSet<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            mounted(&path, found);
        } else {
            routes(&std::fs::read_to_string(&path).unwrap(), found);
        }
    }
}

/// Every `.route("path", get(…).post(…))`.
fn routes(source: &str, found: &mut BTreeSet<(String, String)>) {
    for rest in source.split(".route(\"").skip(1) {
        let (path, rest) = rest.split_once('"').unwrap();
        let mounts = rest.split(".route(").next().unwrap().split(".merge(").next().unwrap().split(';').next().unwrap();
        for method in ["get", "post", "put", "delete"] {
            if mounts.contains(&format!(" {method}(")) || mounts.contains(&format!(".{method}(")) {
                found.insert((method.to_uppercase(), plain(path)));
            }
        }
    }
}
