//! Charts of a simulation's rounds, as SVG files.

use plotters::prelude::*;

use super::{Round, SimulateError};

/// Width and height in pixels.
const SIZE: (u32, u32) = (720, 440);
/// Visible for colour-blind readers too (Okabe and Ito, 2008).
const COLOR: RGBColor = RGBColor(0, 114, 178);
/// Up to so many rounds each one has a point.
const POINTS_MAX: usize = 60;
/// Labels on the horizontal axis, at most.
const LABELS_MAX: usize = 11;

/// The loss of the server model after each round, as an SVG file.
///
/// # Errors
/// [`SimulateError::Plot`].
pub fn loss(rounds: &[Round]) -> Result<String, SimulateError> {
    let values = rounds.iter().map(|round| (round.round, round.metrics.loss));
    draw("Loss of the server model", "mean loss", None, values)
}

/// Its accuracy in per cent, or its root mean squared error, with the measure's name; none when it has
/// neither.
///
/// # Errors
/// [`SimulateError::Plot`].
pub fn quality(rounds: &[Round]) -> Result<Option<(&'static str, String)>, SimulateError> {
    let Some((name, _)) = rounds.first().and_then(Round::quality) else {
        return Ok(None);
    };
    let values = rounds
        .iter()
        .filter_map(|round| Some((round.round, round.quality()?.1)));
    let chart = match name {
        "accuracy" => {
            let values = values.map(|(round, value)| (round, 100.0 * value));
            let title = "Accuracy of the server model";
            draw(title, "accuracy in %", Some(100.0), values)?
        }
        _ => {
            let title = "Root mean squared error of the server model";
            draw(title, "RMSE, in the target's unit", None, values)?
        }
    };
    Ok(Some((name, chart)))
}

/// Draws one line over the rounds, from zero up to `highest` or to whatever the values need.
fn draw(
    title: &str,
    axis: &str,
    highest: Option<f64>,
    values: impl Iterator<Item = (u32, f64)>,
) -> Result<String, SimulateError> {
    let points: Vec<(u32, f64)> = values.filter(|(_, value)| value.is_finite()).collect();
    let rounds = points.last().map_or(1, |(round, _)| *round).max(1);
    let most = points
        .iter()
        .fold(0.0, |most: f64, point| most.max(point.1));
    let top = highest.unwrap_or(if most > 0.0 { most * 1.1 } else { 1.0 });
    let mut svg = String::new();
    chart(&mut svg, title, axis, (rounds, top), &points)
        .map_err(|error| SimulateError::Plot(error.to_string()))?;
    Ok(svg)
}

fn chart(
    svg: &mut String,
    title: &str,
    axis: &str,
    (rounds, top): (u32, f64),
    points: &[(u32, f64)],
) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 20))
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d(0..rounds, 0.0..top)?;
    chart
        .configure_mesh()
        .x_desc("round")
        .y_desc(axis)
        .x_labels(LABELS_MAX.min(rounds as usize + 1))
        .y_label_formatter(&|value| label(*value, top))
        .label_style(("sans-serif", 17))
        .light_line_style(WHITE)
        .draw()?;
    let style = COLOR.stroke_width(2);
    let radius = if points.len() > POINTS_MAX { 0 } else { 3 };
    let line = LineSeries::new(points.iter().copied(), style.filled());
    chart.draw_series(line.point_size(radius))?;
    area.present()?;
    Ok(())
}

/// A number of the vertical axis, with the digits that an axis up to `top` needs.
fn label(value: f64, top: f64) -> String {
    let digits = top.log10().floor();
    match digits {
        _ if digits > 5.0 => format!("{value:.1e}"),
        _ => {
            let decimals = (1.0 - digits).max(0.0) as usize;
            format!("{value:.decimals$}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn labels_have_the_digits_that_their_axis_needs() {
        for (value, top, expected) in [
            (40.0, 100.0, "40"),
            (0.30000000000000004, 2.5, "0.3"),
            (0.3, 0.7, "0.30"),
            (0.0015, 0.004, "0.0015"),
            (1_500.0, 4_000.0, "1500"),
            (25_000_000_000.0, 40_000_000_000.0, "2.5e10"),
        ] {
            assert_eq!(label(value, top), expected);
        }
    }
}
