//! A server model's card: what it is, whose updates made it, how good it is, and how to check all that.

use std::fmt::{self, Display, Write};

use chrono::DateTime;
use fedchain_fl::{
    H256, Privacy, Target,
    view::{Outcome, RoundRecord},
};
use fedchain_learn::Metrics;

use crate::{
    chain::{AccountId, FederationView},
    evaluate::report::decimal,
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
    /// The block that created the federation.
    pub created: Moment,
    /// The block that all this is read from.
    pub read: Moment,
    /// Closed rounds, in order.
    pub rounds: Vec<Round>,
    /// The distance to the optimum that is proven, and of how many rows, where the strategy certifies.
    pub certificate: Option<(f64, u32)>,
    /// The newest model on rows of whoever asked for the card.
    pub measured: Option<Metrics>,
}

/// A block and its time, which is its miner's word.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Its height.
    pub block: u32,
    /// Milliseconds since the Unix epoch.
    pub time_ms: u64,
}

impl Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "block {}, {}", self.block, utc(self.time_ms))
    }
}

/// A closed round.
#[derive(Debug, Clone)]
pub struct Round {
    /// Its number.
    pub round: u32,
    /// How it ended.
    pub record: RoundRecord,
    /// Time of the block that closed it, in milliseconds since the Unix epoch.
    pub closed_ms: u64,
    /// The judges' median change of the loss, at scale `2^-LOSS_FRAC_BITS`, where there was a judgement.
    pub change: Option<i64>,
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
                    "{}, created by {} in {}",
                    view.federation, view.owner, self.created
                ),
            ),
            ("as of", self.read.to_string()),
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
            let missing = column.missing.map_or("refused".into(), words::plain);
            let (offset, scale) = (words::plain(column.offset), words::plain(column.scale));
            let _ = writeln!(text, "| {name} | {offset} | {scale} | {missing} |");
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
                    let terms = [privacy.epsilon, privacy.delta].map(words::plain);
                    format!("({})", terms.join(", "))
                });
                let (client, rows) = (&update.client, update.sample_count);
                let _ = writeln!(text, "| {} | {client} | {rows} | {privacy} |", round.round);
            }
        }
    }

    /// How good it is, and who says so.
    fn quality(&self, text: &mut String) {
        text.push_str(
            "\n## Rounds\n\n| round | blocks | closed | outcome | updates counted | loss, median change on \
             holdouts | model root |\n| --- | --- | --- | --- | --- | --- | --- |\n",
        );
        let has_gate = self.view.spec.gate.is_some();
        for Round {
            round,
            record,
            change,
            closed_ms,
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
            let change = match change {
                Some(change) if *change > 0 => format!("+{}", decimal(*change)),
                Some(change) => decimal(*change),
                None if has_gate => "not judged".into(),
                None => "no gate".into(),
            };
            let _ = writeln!(
                text,
                "| {round} | {} to {} | {} | {outcome} | {} | {change} | `{:?}` |",
                record.opened_at,
                record.closed_at,
                utc(*closed_ms),
                record.accepted,
                record.model_root
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

/// A time in words; the number itself where it is beyond the calendar.
fn utc(time_ms: u64) -> String {
    let time = i64::try_from(time_ms).ok();
    match time.and_then(DateTime::from_timestamp_millis) {
        Some(time) => time.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        None => format!("{time_ms} ms after 1970-01-01 00:00:00 UTC"),
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
    use fedchain_fl::{Column, Decimal, Gate, Strategy, view::PhaseView};

    use super::*;
    use crate::session::decide::tests::view;

    fn gate() -> Gate<u128> {
        Gate {
            rows: 10,
            evaluators_max: 3,
            quorum: 2,
            tolerance: Decimal::whole(0),
            bond: 1,
            blocks: 5,
            contributions: Default::default(),
        }
    }

    /// The card of a federation whose one round changed the loss by so much.
    fn card(view: FederationView, change: Option<i64>) -> Card {
        let record = RoundRecord {
            outcome: Outcome::Adopted,
            model_root: H256([2; 32]),
            accepted_root: H256([3; 32]),
            accepted: 1,
            opened_at: 4,
            closed_at: 9,
        };
        let privacy = Privacy {
            epsilon: "3.5".parse().unwrap(),
            delta: "0.001".parse().unwrap(),
        };
        Card {
            purpose: Some("For a test.".into()),
            genesis: H256([1; 32]),
            created: Moment {
                block: 2,
                time_ms: 951_782_399_999,
            },
            read: Moment {
                block: 12,
                time_ms: 1_764_547_200_000,
            },
            rounds: vec![Round {
                round: 1,
                record,
                closed_ms: 951_782_400_000,
                change,
                updates: vec![Update {
                    client: AccountId([1; 32]),
                    sample_count: 147,
                    privacy: Some(privacy),
                }],
            }],
            certificate: None,
            measured: None,
            view,
        }
    }

    #[track_caller]
    fn assert_says(text: &str, lines: &[&str]) {
        for line in lines {
            assert!(text.lines().any(|found| found == *line), "{line}\n{text}");
        }
    }

    const ROOT: &str = "`0x0202020202020202020202020202020202020202020202020202020202020202`";

    #[test]
    fn a_card_says_what_is_known_and_by_whom() {
        let mut view = view(PhaseView::Finished);
        view.spec.task.strategy = Strategy::Krum { f: 2 };
        view.spec.task.schema.features = vec![
            Column::number(
                "a".parse().unwrap(),
                "0.5".parse().unwrap(),
                "1.25".parse().unwrap(),
            ),
            Column {
                missing: Some("-0.75".parse().unwrap()),
                ..Column::number("b".parse().unwrap(), Decimal::whole(3), Decimal::whole(1))
            },
        ]
        .try_into()
        .unwrap();
        let owner = view.owner;
        let (text, client) = (card(view, None).markdown(), AccountId([1; 32]));
        assert_says(
            &text,
            &[
                "# test",
                "For a test.",
                &format!(
                    "| federation | 0, created by {owner} in block 2, 2000-02-28 23:59:59 UTC |"
                ),
                "| as of | block 12, 2025-12-01 00:00:00 UTC |",
                "| strategy | Krum, against 2 bad clients |",
                "| norm rule | no bound on norms |",
                "| rounds | 1 closed, 1 adopted, 3 planned |",
                "fedchain model get 0 --round 1  # must show the model root above",
                "Predicts the number x.",
                "| a | 0.5 | 1.25 | refused |",
                "| b | 3 | 1 | -0.75 |",
                &format!("| 1 | {client} | 147 | (3.5, 0.001) |"),
                &format!(
                    "| 1 | 4 to 9 | 2000-02-29 00:00:00 UTC | adopted | 1 | no gate | {ROOT} |"
                ),
                &format!("fedchain receipt get 0 1 --client {client} --out update.receipt"),
                "Not measured on rows of whoever made this card.",
            ],
        );
    }

    #[test]
    fn judgements_keep_their_digits() {
        for (change, expected) in [
            (Some(-(1 << 30)), "-0.250000"),
            (Some(1 << 12), "+0.000000953674"),
            (Some(0), "0"),
            (None, "not judged"),
        ] {
            let mut view = view(PhaseView::Finished);
            view.spec.gate = Some(gate());
            let line = format!(
                "| 1 | 4 to 9 | 2000-02-29 00:00:00 UTC | adopted | 1 | {expected} | {ROOT} |"
            );
            assert_says(&card(view, change).markdown(), &[&line]);
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
