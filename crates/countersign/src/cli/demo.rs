//! `countersign demo`: one command, no account, no model, no network. Prints where to click and what to type.

use super::terminal::{self, clean};
use super::{Exit, Failure};
use crate::app::run::stop_on_signals;
use crate::demo::{Demo, Wanted, Writer};

/// Run the demo: sample people, policies and requests in a temporary folder.
#[derive(clap::Args, Debug)]
pub(crate) struct DemoArgs {
    /// The port of API and pages; another free one where it is taken.
    #[arg(long, default_value_t = 7171)]
    port: u16,
    /// Print the links and nothing else.
    #[arg(long)]
    quiet: bool,
    /// A model's server that speaks Ollama's API: it writes the summaries where it answers.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:11434")]
    models: String,
}

impl DemoArgs {
    pub(crate) async fn run(self) -> Result<Exit, Failure> {
        let stop = stop_on_signals().map_err(|error| Failure::fault(format!("cannot take signals: {error}")))?;
        let demo = Demo::set_up(Wanted { port: self.port, quiet: self.quiet, models: self.models.clone() }).await?;
        terminal::say(&greeting(&demo, &self.models).await?);
        demo.run(stop).await.map_err(|error| Failure::fault(error.to_string()))?;
        Ok(Exit::Done)
    }
}

async fn greeting(demo: &Demo, models: &str) -> Result<String, Failure> {
    let mut lines =
        vec![format!("countersign ready on http://{}", demo.bound), String::new(), "Open as (each link signs one browser in, once):".into()];
    // A link stays whole on a terminal of 80 columns: it has a line for itself.
    for (who, link) in demo.links().await? {
        lines.extend([format!("  {who}"), format!("    {link}")]);
    }
    let (key, bound) = (demo.key().await?, demo.bound);
    lines.extend([
        String::new(),
        match &demo.writer {
            Writer::Model(model) => format!("Summaries are written by the model {} at {}.", clean(model), clean(models)),
            Writer::Plain => format!("Summaries are plain: no model's server answers at {}.", clean(models)),
        },
        String::new(),
        format!("What was executed is shown by the payment service: http://{}/", demo.payments.address),
        String::new(),
        "Submit an expense that needs two people:".into(),
        format!("  curl -s http://{bound}/v1/requests \\"),
        format!("    -H 'Authorization: Bearer {key}' \\"),
        "    -H 'Idempotency-Key: my-first' -H 'Content-Type: application/json' \\".into(),
        "    -d '{\"policy\":\"expense\",\"requester\":\"leo\",".into(),
        "      \"payload\":{\"amount\":\"12500.00 USD\",\"merchant\":\"ACME\"}}'".into(),
        "Then approve it as Mia and as Ana, and look at the payment service.".into(),
        "Leo may not: it is his own.".into(),
        String::new(),
        "Notices appear below. Ctrl-C ends the demo; nothing stays behind.".into(),
    ]);
    Ok(lines.join("\n"))
}
