//! What the demonstration prints at its end.

use anyhow::{Result, ensure};

use crate::{baseline::Comparison, federation::Record};

/// Prints all results but the last line.
pub fn print(record: &Record, comparison: &Comparison) {
    let mut durations = record.durations.clone();
    durations.sort_by(f64::total_cmp);
    let median = durations
        .get(durations.len() / 2)
        .copied()
        .unwrap_or_default();
    println!("\nmedian round: {median:.2} s");
    comparison.print();
    println!("\nthe block that closed the last round:\n{}", record.block);
    println!(
        "\nrecomputed from what the clients sent:\n{}",
        record.verdict
    );
}

impl Comparison {
    fn ratio(&self) -> f64 {
        self.federated / self.central
    }

    /// Prints every model's score on the rows held out, beside the central one's.
    fn print(&self) {
        let title = format!("{} rows that nobody trained on", self.rows);
        println!("\n{title:<44}{:>10}{:>10}", self.measure.name(), "ratio");
        let line = |name: String, score: f64| {
            println!("{name:<44}{score:>10.4}{:>10.4}", score / self.central);
        };
        line(
            format!("federated, after {} rounds", self.rounds),
            self.federated,
        );
        line(
            format!("central, all training rows ({})", self.central_method),
            self.central,
        );
        for (number, score) in (1..).zip(&self.alone) {
            line(format!("client {number} alone"), *score);
        }
    }

    /// The last line.
    ///
    /// # Errors
    /// When the federated model is worse than it should be.
    pub fn verdict(&self) -> Result<String> {
        let (name, ratio) = (self.measure.name(), self.ratio());
        let summary = format!(
            "rounds={} federated_{name}={:.4} central_{name}={:.4} ratio={ratio:.4}",
            self.rounds, self.federated, self.central,
        );
        ensure!(
            self.measure.accepts(ratio),
            "the federated model is too weak: {summary}"
        );
        Ok(format!("demo: ok {summary}"))
    }
}
