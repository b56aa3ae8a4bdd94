//! The loss curve as an SVG file.

use std::path::Path;

use anyhow::Result;
use plotters::prelude::*;

/// Width and height in pixels.
const SIZE: (u32, u32) = (720, 440);
/// Colours that differ for colour-blind readers too (Okabe and Ito, 2008).
const COLORS: [RGBColor; 3] = [
    RGBColor(86, 180, 233),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
];

/// Draws one line per curve: the loss of the server model after each round, from the initial one.
pub fn draw(path: &Path, curves: &[(String, Vec<f64>)]) -> Result<()> {
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let rounds = curves
        .iter()
        .map(|(_, losses)| losses.len())
        .max()
        .unwrap_or(1)
        - 1;
    let highest = curves
        .iter()
        .flat_map(|(_, losses)| losses)
        .fold(0.0, |a: f64, b| a.max(*b));
    let mut chart = ChartBuilder::on(&area)
        .caption("Loss of the server model", ("sans-serif", 20))
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(56)
        .build_cartesian_2d(0..rounds, 0.0..highest * 1.1)?;
    chart
        .configure_mesh()
        .x_desc("round")
        .y_desc("mean loss")
        .x_labels(rounds + 1)
        .label_style(("sans-serif", 17))
        .light_line_style(WHITE)
        .draw()?;
    for (place, (name, losses)) in curves.iter().enumerate() {
        // The first curve is a broad band, so that the others do not hide it.
        let width = if place == 0 { 6 } else { 2 };
        let style = COLORS[place % COLORS.len()].stroke_width(width).filled();
        let line = LineSeries::new((0..).zip(losses.iter().copied()), style);
        chart
            .draw_series(line.point_size(2 + width / 2))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE)
        .border_style(BLACK.mix(0.2))
        .label_font(("sans-serif", 17))
        .draw()?;
    area.present()?;
    Ok(())
}
