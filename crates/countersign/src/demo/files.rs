//! The demo's folder: the shipped policies with the demo's payment service as their receiver, two small
//! policies for states that are rare, sample people, configuration.

use super::payments::Payments;
use std::net::SocketAddr;
use std::path::Path;

/// Everybody, with what they are: for each a sign-in link is printed.
pub(super) const PEOPLE_SHOWN: [(&str, &str); 7] = [
    ("mia", "Leo's manager"),
    ("ana", "finance"),
    ("bo", "finance"),
    ("eva", "finance director"),
    ("gus", "Mia's manager"),
    ("leo", "who asks for expenses"),
    ("zoe", "operator"),
];

/// The people of `init`, in the groups that the demo's policies ask as well.
const DIRECTORY: &str = concat!(
    include_str!("../cli/init/directory.toml"),
    "\n[[group]]\nid      = \"travel-desk\"\nmembers = [\"leo\"]\n\n[[group]]\nid      = \"release\"\nmembers = [\"mia\", \"gus\"]\n"
);

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
