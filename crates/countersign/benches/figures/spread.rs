//! Latencies as percentiles, and one row of the table.

use std::time::Duration;

/// The value below which this share of the samples lies; zero without samples.
pub(crate) fn percentile(samples: &mut [Duration], share: f64) -> Duration {
    samples.sort_unstable();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "an index into samples")]
    let index = ((samples.len() as f64 * share) as usize).min(samples.len().saturating_sub(1));
    samples.get(index).copied().unwrap_or_default()
}

/// Prints one row.
pub(crate) fn row(figure: &str, ours: &str, bare: &str, ratio: &str) {
    println!("| {figure} | {ours} | {bare} | {ratio} |");
}

/// Milliseconds with two digits.
pub(crate) fn ms(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1e3)
}
