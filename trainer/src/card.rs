//! A server model's card: what it is, whose updates made it, how good it is, and how to check all that.

use std::fmt::{Display, Write};

use fedchain_fl::{
    H256, Privacy, Target,
    view::{Outcome, RoundRecord},
};
use fedchain_learn::{Metrics, data::nearest};

use crate::{
    chain::{AccountId, FederationView},
    phase,
    session::report,
    words::{self, count},
};

/// Characters that mean something within a line of Markdown.
const MARKUP: &str = "\\`*_[]<>|#&~!$";

/// All that a card says.
#[derive(Debug, Clone)]
pub struct Card {
    /// The federation.
    pub view: FederationView,
    /// What the model is for, in its owner's words.
    pub purpose: Option<String>,
    /// Hash of the chain's first block.
    pub genesis: H256,
    /// Closed rounds, in order.
    pub rounds: Vec<Round>,
    /// The distance to the optimum that is proven, and of how many rows, where the strategy certifies.
    pub certificate: Option<(f64, u32)>,
    /// The newest model on rows of whoever asked for the card.
    pub measured: Option<Metrics>,
}

/// A closed round.
#[derive(Debug, Clone)]
pub struct Round {
    /// Its number.
    pub round: u32,
    /// How it ended.
    pub record: RoundRecord,
    /// The judges' median change of the loss, where there was a judgement.
    pub change: Option<f64>,
    /// Accepted or not: every update that was revealed.
    pub updates: Vec<Update>,
}

/// A client's update.
#[derive(Debug, Clone)]
pub struct Update {
    /// The client.
    pub client: AccountId,
    /// Rows that it states.
    pub sample_count: u32,
    /// Differential privacy that it declares.
    pub privacy: Option<Privacy>,
}

impl Card {
    /// The card in Markdown.
    pub fn markdown(&self) -> String {
        let view = &self.view;
        let task = &view.spec.task;
        let mut text = format!("# {}\n\n", escaped(&view.spec.name));
        if let Some(purpose) = &self.purpose {
            text.push_str(&format!("{purpose}\n\n"));
        }
        let adopted = self
            .rounds
            .iter()
            .filter(|round| round.record.outcome.is_adopted());
        let lines = [
            (
                "federation",
                format!(
                    "{}, created by {} in block {}",
                    view.federation, view.owner, view.created_at
                ),
            ),
            ("chain", format!("genesis `{:?}`", self.genesis)),
            (
                "model",
                format!(
                    "{}, {}, {}",
                    model(view),
                    count(view.param_count, "weight"),
                    count(task.format.frac_bits, "fractional bit")
                ),
            ),
            ("model root", format!("`{:?}`", view.model_root)),
            (
                "rounds",
                format!(
                    "{} closed, {} adopted, {} planned",
                    self.rounds.len(),
                    adopted.count(),
                    view.last_round()
                ),
            ),
            ("strategy", words::strategy(&task.strategy)),
            ("norm rule", words::norm(task.norm.as_ref(), task.format)),
            ("server optimiser", words::optimiser(&task.optimiser)),
            ("membership", phase::inline(&view.spec.membership)),
        ];
        text.push_str("| | |\n| --- | --- |\n");
        for (name, value) in lines {
            let _ = writeln!(text, "| {name} | {value} |");
        }
        self.data(&mut text);
        self.clients(&mut text);
        self.quality(&mut text);
        self.checks(&mut text);
        text
    }

    /// What goes in and comes out.
    fn data(&self, text: &mut String) {
        let schema = &self.view.spec.task.schema;
        text.push_str("\n## Data\n\n");
        match &schema.target {
            Target::Real(column) => {
                let _ = writeln!(text, "Predicts the number {}.", escaped(&column.name));
            }
            Target::Classes { name, labels } => {
                let (name, labels) = (escaped(name), labels.iter().map(escaped));
                let labels = labels.collect::<Vec<_>>().join(", ");
                let _ = writeln!(text, "Predicts {name}, one of {labels}.");
            }
        }
        text.push_str("\n| feature | offset | scale | empty cells |\n| --- | --- | --- | --- |\n");
        for column in &schema.features {
            let name = match &column.label {
                Some(label) => format!("{} is {}", escaped(&column.name), escaped(label)),
                None => escaped(&column.name),
            };
            let missing = column
                .missing
                .map_or("refused".into(), |value| value.to_string());
            let _ = writeln!(
                text,
                "| {name} | {} | {} | {missing} |",
                column.offset, column.scale
            );
        }
    }

    /// Who sent what.
    fn clients(&self, text: &mut String) {
        text.push_str(
            "\n## Updates\n\nRows are the clients' word; so is declared privacy (epsilon, delta), which \
             the chain records and cannot check.\n\n| round | client | rows | declared privacy |\n\
             | --- | --- | --- | --- |\n",
        );
        for round in &self.rounds {
            for update in &round.updates {
                let privacy = update.privacy.map_or("none".into(), |privacy| {
                    format!("({}, {})", nearest(privacy.epsilon), nearest(privacy.delta))
                });
                let (client, rows) = (&update.client, update.sample_count);
                let _ = writeln!(text, "| {} | {client} | {rows} | {privacy} |", round.round);
            }
        }
    }

    /// How good it is, and who says so.
    fn quality(&self, text: &mut String) {
        text.push_str(
            "\n## Rounds\n\n| round | blocks | outcome | updates counted | loss, median change on \
             holdouts | model root |\n| --- | --- | --- | --- | --- | --- |\n",
        );
        for Round {
            round,
            record,
            change,
            ..
        } in &self.rounds
        {
            let outcome = match record.outcome {
                Outcome::Adopted => "adopted",
                Outcome::Skipped => "skipped: too few updates",
                Outcome::Crowded => "skipped: blocks had no room",
                Outcome::Ungated => "adopted unjudged",
                Outcome::Worse => "refused: worse",
            };
            let change = change.map_or("not judged".into(), |change| format!("{change:+.4}"));
            let _ = writeln!(
                text,
                "| {round} | {} to {} | {outcome} | {} | {change} | `{:?}` |",
                record.opened_at, record.closed_at, record.accepted, record.model_root
            );
        }
        if let Some((distance, rows)) = self.certificate {
            let _ = writeln!(
                text,
                "\nCertified: no further than {distance:.3e} from the optimum of {}.",
                count(rows, "row")
            );
        }
        match &self.measured {
            Some(metrics) => {
                let measured = report::describe(metrics);
                let _ = writeln!(text, "\nMeasured by whoever made this card: {measured}.");
            }
            None => text.push_str("\nNot measured on rows of whoever made this card.\n"),
        }
    }

    /// An update that is in a server model for sure: of a round that took all that were revealed.
    fn counted(&self) -> Option<(u32, &Update)> {
        let is_whole = |round: &&Round| {
            round.record.outcome.is_adopted()
                && round.record.accepted as usize == round.updates.len()
        };
        let round = self.rounds.iter().rev().find(is_whole)?;
        Some((round.round, round.updates.first()?))
    }

    /// How to believe none of this.
    fn checks(&self, text: &mut String) {
        let number = self.view.federation;
        let last = self.rounds.last().map_or(0, |round| round.round);
        let _ = writeln!(
            text,
            "\n## Check it\n\nWith a node of the chain whose first block is `{:?}`:\n\n```sh\n\
             fedchain verify {number}              # recomputes every round from the updates\n\
             fedchain model get {number} --round {last}  # must show the model root above",
            self.genesis
        );
        if let Some((round, update)) = self.counted() {
            let _ = writeln!(
                text,
                "fedchain receipt get {number} {round} --client {} --out update.receipt",
                update.client
            );
        }
        text.push_str(
            "```\n\nA receipt proves without a node that an update is in the model: `fedchain receipt \
             check`.\n",
        );
    }
}

/// Text as it is, within a line of Markdown.
fn escaped(text: &impl Display) -> String {
    let mut escaped = String::new();
    for character in text.to_string().chars() {
        if MARKUP.contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

fn model(view: &FederationView) -> String {
    let layers = view.spec.task.layers();
    let sizes = layers.first().map(|(inputs, _)| inputs.to_string());
    let sizes = sizes
        .into_iter()
        .chain(layers.iter().map(|(_, outputs)| outputs.to_string()));
    let sizes: Vec<String> = sizes.collect();
    match layers.is_empty() {
        true => "opaque".into(),
        false => format!(
            "{} ({})",
            words::model(&view.spec.task.model),
            sizes.join("-")
        ),
    }
}

#[cfg(test)]
mod tests {
    use fedchain_fl::{Decimal, Strategy, view::PhaseView};

    use super::*;
    use crate::session::decide::tests::view;

    #[test]
    fn a_card_says_what_is_known_and_by_whom() {
        let mut view = view(PhaseView::Finished);
        view.spec.task.strategy = Strategy::Krum { f: 1 };
        let record = RoundRecord {
            outcome: Outcome::Adopted,
            model_root: H256([2; 32]),
            accepted_root: H256([3; 32]),
            accepted: 1,
            opened_at: 4,
            closed_at: 9,
        };
        let privacy = Privacy {
            epsilon: Decimal::whole(3),
            delta: "0.001".parse().unwrap(),
        };
        let card = Card {
            purpose: Some("For a test.".into()),
            genesis: H256([1; 32]),
            rounds: vec![Round {
                round: 1,
                record,
                change: Some(-0.25),
                updates: vec![Update {
                    client: AccountId([1; 32]),
                    sample_count: 147,
                    privacy: Some(privacy),
                }],
            }],
            certificate: None,
            measured: None,
            view,
        };
        let (text, client) = (card.markdown(), AccountId([1; 32]));
        let row = format!("| 1 | {client} | 147 | (3, 0.001) |");
        let receipt = format!("fedchain receipt get 0 1 --client {client} --out update.receipt");
        for line in [
            &row,
            &receipt,
            "# test",
            "For a test.",
            "| strategy | Krum, against 1 bad client |",
            "| norm rule | no bound on norms |",
            "| rounds | 1 closed, 1 adopted, 3 planned |",
            "fedchain model get 0 --round 1  # must show the model root above",
            "Predicts the number x.",
            "| 1 | 4 to 9 | adopted | 1 | -0.2500 | \
             `0x0202020202020202020202020202020202020202020202020202020202020202` |",
            "Not measured on rows of whoever made this card.",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn names_do_not_break_the_page() {
        let escaped = |text: &str| escaped(&text);
        assert_eq!(escaped("petal width (cm)"), "petal width (cm)");
        assert_eq!(escaped("a|b"), "a\\|b");
        assert_eq!(escaped("<b>`x_1`"), "\\<b\\>\\`x\\_1\\`");
    }
}
