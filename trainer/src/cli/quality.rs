//! A model's quality in text, within the width of a terminal.

use fedchain_learn::{ClassQuality, Detail, Quality};

use crate::session::report;

/// Characters of a line.
const WIDTH: usize = 80;
/// Characters of a label; what is longer ends with an ellipsis.
const LABEL_CHARS_MAX: usize = 28;
/// Confusions that are listed where a matrix is too wide.
const LISTED: usize = 10;

/// All measures: one line, and of classes a table of each and what is taken for what.
pub(super) fn describe(quality: &Quality) -> String {
    let rows = quality.metrics.rows;
    let measures = report::measures(&quality.metrics);
    match &quality.detail {
        Detail::Real { mae, r2 } => {
            let r2 = match r2 {
                Some(r2) => format!("R2 {r2:.4}"),
                None => "no R2, all targets are alike".into(),
            };
            let mae = report::number(*mae);
            format!("{measures}, mae {mae}, {r2} ({rows} rows)")
        }
        Detail::Classes { classes, confusion } => {
            let labels: Vec<String> = classes.iter().map(|class| short(&class.label)).collect();
            let mut lines = vec![format!("{measures} ({rows} rows)")];
            table(&mut lines, classes, &labels);
            lines.extend(matrix(confusion, &labels).unwrap_or_else(|| list(confusion, &labels)));
            lines.join("\n")
        }
    }
}

fn short(label: &str) -> String {
    match label.char_indices().nth(LABEL_CHARS_MAX) {
        Some(_) => label
            .chars()
            .take(LABEL_CHARS_MAX - 1)
            .chain(['…'])
            .collect(),
        None => label.into(),
    }
}

fn width<'a>(texts: impl IntoIterator<Item = &'a str>) -> usize {
    let widths = texts.into_iter().map(|text| text.chars().count());
    widths.max().unwrap_or_default()
}

/// A line for each class.
fn table(lines: &mut Vec<String>, classes: &[ClassQuality], labels: &[String]) {
    let first = width(labels.iter().map(String::as_str).chain(["class"]));
    let line = |cells: [&str; 6]| {
        let [label, rows, predicted, precision, recall, f1] = cells;
        format!("{label:first$} {rows:>8} {predicted:>10} {precision:>10} {recall:>8} {f1:>8}")
    };
    let share = |share: Option<f64>| share.map_or("none".into(), |share| format!("{share:.4}"));
    lines.push(line([
        "class",
        "rows",
        "predicted",
        "precision",
        "recall",
        "F1",
    ]));
    for (class, label) in classes.iter().zip(labels) {
        let [precision, recall, f1] = [class.precision, class.recall, class.f1].map(share);
        let (rows, predicted) = (class.rows.to_string(), class.predicted.to_string());
        lines.push(line([label, &rows, &predicted, &precision, &recall, &f1]));
    }
    if classes.iter().any(|class| class.precision.is_none()) {
        lines.push("no precision: no row is taken for the class".into());
    }
    if classes.iter().any(|class| class.recall.is_none()) {
        lines.push("no recall: no row is of the class".into());
    }
}

/// The confusion matrix, if it fits a terminal.
fn matrix(confusion: &[Vec<usize>], labels: &[String]) -> Option<Vec<String>> {
    let cells: Vec<Vec<String>> = confusion
        .iter()
        .map(|row| row.iter().map(ToString::to_string).collect())
        .collect();
    let first = width(labels.iter().map(String::as_str));
    let widths: Vec<usize> = (0..)
        .zip(labels)
        .map(|(column, label)| {
            let cells = cells.iter().filter_map(|row| row.get(column));
            width(cells.chain([label]).map(String::as_str))
        })
        .collect();
    let total = first + widths.iter().map(|width| width + 2).sum::<usize>();
    if total > WIDTH {
        return None;
    }
    let line = |label: &str, cells: &[String]| {
        let mut line = format!("{label:first$}");
        for (cell, width) in cells.iter().zip(&widths) {
            line.push_str(&format!("  {cell:>width$}"));
        }
        line
    };
    let mut lines = vec![
        "each class in a line, what its rows are taken for in the columns:".into(),
        line("", labels),
    ];
    lines.extend(
        labels
            .iter()
            .zip(&cells)
            .map(|(label, cells)| line(label, cells)),
    );
    Some(lines)
}

/// The confusions with most rows, in their order.
fn list(confusion: &[Vec<usize>], labels: &[String]) -> Vec<String> {
    let mut found: Vec<(usize, &str, &str)> = Vec::new();
    for ((class, label), row) in (0..).zip(labels).zip(confusion) {
        for ((taken, other), rows) in (0..).zip(labels).zip(row) {
            if class != taken && *rows > 0 {
                found.push((*rows, label, other));
            }
        }
    }
    if found.is_empty() {
        return vec!["no row is taken for another class".into()];
    }
    // Stable: of equal ones that of the first class comes first.
    found.sort_by_key(|(rows, ..)| std::cmp::Reverse(*rows));
    let places = found.first().map_or(0, |(rows, ..)| rows.to_string().len());
    let mut lines = vec![format!("confusions, the largest of {}:", found.len())];
    let listed = found.iter().take(LISTED);
    lines.extend(
        listed.map(|(rows, label, other)| format!("  {rows:places$} {label} taken for {other}")),
    );
    let rest = found.get(LISTED..).unwrap_or_default();
    if !rest.is_empty() {
        let rows: usize = rest.iter().map(|(rows, ..)| rows).sum();
        lines.push(format!("  and {rows} rows more; --format json has all"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use fedchain_learn::Metrics;

    use super::*;

    fn quality(labels: &[&str], confusion: Vec<Vec<usize>>) -> Quality {
        let sum = |class: usize| confusion.iter().map(|row| row[class]).sum();
        let classes = labels
            .iter()
            .enumerate()
            .map(|(class, label)| ClassQuality {
                label: (*label).into(),
                rows: confusion[class].iter().sum(),
                predicted: sum(class),
                precision: (sum(class) > 0).then_some(0.5),
                recall: Some(0.25),
                f1: Some(0.0),
            });
        Quality {
            metrics: Metrics {
                rows: 12,
                loss: 0.5,
                rmse: None,
                accuracy: Some(0.75),
            },
            detail: Detail::Classes {
                classes: classes.collect(),
                confusion,
            },
        }
    }

    #[test]
    fn a_regression_is_one_line() {
        let mut quality = quality(&[], vec![]);
        (quality.metrics.rmse, quality.metrics.accuracy) = (Some(2.5), None);
        let mae = 1.25;
        quality.detail = Detail::Real {
            mae,
            r2: Some(0.875),
        };
        assert_eq!(
            describe(&quality),
            "loss 0.5000, rmse 2.5000, mae 1.2500, R2 0.8750 (12 rows)"
        );
        quality.detail = Detail::Real { mae, r2: None };
        assert_eq!(
            describe(&quality),
            "loss 0.5000, rmse 2.5000, mae 1.2500, no R2, all targets are alike (12 rows)"
        );
    }

    #[test]
    fn few_classes_have_a_table_and_a_matrix() {
        let quality = quality(&["red", "blue"], vec![vec![11, 0], vec![1, 0]]);
        assert_eq!(
            describe(&quality),
            "loss 0.5000, accuracy 75.0 % (12 rows)\n\
             class     rows  predicted  precision   recall       F1\n\
             red         11         12     0.5000   0.2500   0.0000\n\
             blue         1          0       none   0.2500   0.0000\n\
             no precision: no row is taken for the class\n\
             each class in a line, what its rows are taken for in the columns:\n\
             \u{20}     red  blue\n\
             red    11     0\n\
             blue    1     0"
        );
    }

    #[test]
    fn many_classes_have_a_list_and_no_line_is_wider_than_a_terminal() {
        let long = "a label of many words that goes on and on and on";
        let labels: Vec<String> = (0..40).map(|class| format!("{class} {long}")).collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let rows = (0..40).map(|class| (0..40).map(|taken| (class * taken) % 7).collect());
        let mut confusion: Vec<Vec<usize>> = rows.collect();
        confusion[3][5] = 1_000_000;
        let text = describe(&quality(&labels, confusion));
        assert!(
            text.lines().all(|line| line.chars().count() <= WIDTH),
            "{text}"
        );
        assert!(
            text.contains("\n  1000000 3 a label of many words "),
            "{text}"
        );
        assert!(text.ends_with("rows more; --format json has all"), "{text}");
        let right = (0..40).map(|class| (0..40).map(|taken| usize::from(class == taken)).collect());
        let text = describe(&quality(&labels, right.collect()));
        assert!(
            text.ends_with("\nno row is taken for another class"),
            "{text}"
        );
    }
}
