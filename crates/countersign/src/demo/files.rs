//! The demo's folder: the shipped policies with the demo's payment service as their receiver, two small
//! policies for states that are rare, sample people, configuration.

use super::payments::Payments;
use std::net::SocketAddr;
use std::path::Path;

/// Whose sign-in links are printed, and what they are.
pub(super) const PEOPLE_SHOWN: [(&str, &str); 5] =
    [("mia", "manager"), ("ana", "finance"), ("bo", "finance"), ("leo", "who asks for expenses"), ("zoe", "operator")];

const DIRECTORY: &str = r#"[[person]]
id = "leo"
name = "Leo Park"
email = "leo@example.com"
manager = "mia"

[[person]]
id = "mia"
name = "Mia Chen"
email = "mia@example.com"
manager = "gus"

[[person]]
id = "gus"
name = "Gus Okafor"
email = "gus@example.com"

[[person]]
id = "ana"
name = "Ana Ruiz"
email = "ana@example.com"

[[person]]
id = "bo"
name = "Bo Lindqvist"
email = "bo@example.com"

[[person]]
id = "eva"
name = "Eva Novak"
email = "eva@example.com"

[[person]]
id = "zoe"
name = "Zoe Adeyemi"
email = "zoe@example.com"
roles = ["operator", "auditor"]

[[group]]
id = "finance"
members = ["ana", "bo"]

[[group]]
id = "finance-directors"
members = ["eva"]

[[group]]
id = "travel-desk"
members = ["leo"]

[[group]]
id = "release"
members = ["mia", "gus"]
"#;

/// Leo is the whole travel desk and asks for himself: nobody is left to ask.
const TRAVEL: &str = r#"# A policy whose only approver may be the one who asks.
policy = "travel"
title = "{{ destination }}"
owner = "group:finance"

[payload]
destination = "text"

[[rule]]
name = "the travel desk"
  [[rule.stage]]
  name = "desk"
  approvers = ["group:travel-desk"]
  expire = { after = "72h" }
"#;

/// An offer that nobody answers in time.
const OFFER: &str = r#"# A policy with a very short deadline.
policy = "flash-offer"
title = "{{ offer }}"
owner = "group:finance"

[payload]
offer = "text"

[[rule]]
name = "quickly"
  [[rule.stage]]
  name = "answer"
  approvers = ["group:finance-directors"]
  expire = { after = "1s" }
"#;

const EXPENSE: &str = include_str!("../../../../policies/expense.toml");
const SPEND: &str = include_str!("../../../../policies/public-spend.toml");
const RECEIVER: &str = "http = { url = \"http://127.0.0.1:7272/payments\" }";

/// Writes everything that `serve` would read.
pub(super) fn write(folder: &Path, bound: SocketAddr, payments: &Payments) -> std::io::Result<()> {
    let secret = folder.join("payments.secret");
    std::fs::write(&secret, &payments.secret)?;
    let reference = format!("file:{}", secret.display());
    let policies = folder.join("policies");
    std::fs::create_dir(&policies)?;
    let receiver = format!("http = {{ url = \"http://{}/payments\", secret = {reference:?} }}", payments.address);
    for (name, source) in [("expense", EXPENSE), ("public-spend", SPEND), ("travel", TRAVEL), ("flash-offer", OFFER)] {
        std::fs::write(policies.join(format!("{name}.toml")), source.replace(RECEIVER, &receiver))?;
    }
    std::fs::write(folder.join("directory.toml"), DIRECTORY)?;
    let config = format!(
        "[server]\nlisten = \"{bound}\"\n\n[database]\nurl = \"sqlite://countersign.db\"\n\n[policies]\ndir = \"policies/\"\n\n[directory]\nfile = \"directory.toml\"\n\n\
         [summary]\nprovider = \"plain\"\n\n[webhooks]\nallow_networks = [\"127.0.0.0/8\"]\n\n[secrets]\nallow = [{reference:?}]\n"
    );
    std::fs::write(folder.join("countersign.toml"), config)
}
