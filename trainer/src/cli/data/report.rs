//! What was found in a file, as lines.

use fedchain_learn::data::{
    check::{ColumnReport, Report, Values},
    excerpt,
};

use super::rows;

/// The columns as a table, then what is refused and what looks odd; without a final line end.
pub(super) fn describe(report: &Report) -> String {
    let names = report
        .columns
        .iter()
        .map(|column| column.name.chars().count());
    let width = names.max().unwrap_or(0).max("column".len());
    let mut lines = vec![
        match report.skipped {
            0 => format!("{}: {}", report.file.display(), rows(report.rows)),
            skipped => format!(
                "{}: {}, and {} without a target, left out",
                report.file.display(),
                rows(report.rows),
                rows(skipped)
            ),
        },
        format!(
            "{:<width$} {:>6} {:>10} {:>10} {:>10}  after offset and scale",
            "column", "empty", "min", "mean", "max"
        ),
    ];
    lines.extend(report.columns.iter().map(|column| line(column, width)));
    if !report.ignored.is_empty() {
        let ignored = report.ignored.iter().map(|name| excerpt(name));
        let ignored: Vec<String> = ignored.collect();
        lines.push(format!("not read: {}", ignored.join(", ")));
    }
    let refused = report.refused.iter();
    lines.extend(refused.map(|finding| format!("refused: {finding}")));
    let warnings = report.warnings.iter();
    lines.extend(warnings.map(|finding| format!("warning: {finding}")));
    if report.refused.is_empty() {
        lines.push("nothing would be refused".into());
    }
    lines.join("\n")
}

fn line(column: &ColumnReport, width: usize) -> String {
    let start = format!("{:<width$} {:>6}", column.name, column.empty);
    match &column.values {
        Values::Numbers(None) => format!("{start}  no numbers"),
        Values::Numbers(Some(found)) => format!(
            "{start} {:>10} {:>10} {:>10}  {} to {}",
            short(found.min),
            short(found.mean),
            short(found.max),
            short(found.scaled_min),
            short(found.scaled_max)
        ),
        Values::Labels(counts) => {
            let counts: Vec<String> = counts
                .iter()
                .map(|count| format!("{} ×{}", count.label, count.rows))
                .collect();
            format!("{start}  {}", counts.join(", "))
        }
    }
}

/// A number in four significant digits.
fn short(number: f64) -> String {
    let text = format!("{number:.3e}");
    let exponent = text
        .split_once('e')
        .and_then(|(_, power)| power.parse::<i32>().ok());
    match exponent {
        Some(exponent @ -4..=8) => {
            let places = usize::try_from(3 - exponent).unwrap_or(0);
            let text = format!("{number:.places$}");
            match text.contains('.') {
                true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
                false => text,
            }
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_digits() {
        for (number, expected) in [
            (0.0, "0"),
            (-0.000_123_45, "-0.0001234"),
            (1.0, "1"),
            (12.3456, "12.35"),
            (99_999.0, "99999"),
            (1e6, "1000000"),
            (1.23e-7, "1.230e-7"),
            (-4.56e12, "-4.560e12"),
        ] {
            assert_eq!(short(number), expected);
        }
    }
}
