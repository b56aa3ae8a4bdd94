//! The chosen federation: where it stands, who has answered, how well it learns.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    symbols::Marker,
    text::Line,
    widgets::{Axis, Block, Chart, Dataset, GraphType, Row, Table},
};

use super::{HEADER, right, say, start_of_account, start_of_hash, time_of_day, word};
use crate::{
    chain::{AccountId, FederationView},
    evaluate::report::decimal,
    phase,
    watch::state::{Detail, Picture, State},
};
use fedchain_fl::gate::GateRecord;

/// Width of the table of members.
const MEMBERS_WIDTH: u16 = 45;
/// Lines that a chart needs to say something.
const CHART_LINES: u16 = 5;

/// With a box around it.
pub(super) fn boxed(frame: &mut Frame, state: &State, picture: &Picture, area: Rect) {
    let title = match state.chosen() {
        Some(chosen) => format!(" federation {chosen} "),
        None => String::new(),
    };
    let block = Block::bordered().title(title);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let Some(detail) = state.detail() else {
        let text = state.chosen().map_or("", |_| "reading the federation");
        return say(frame, inner, text);
    };
    let [head, body] = Layout::vertical([Constraint::Length(2), Constraint::Min(0)]).areas(inner);
    let view = &detail.view;
    let lines = vec![
        Line::raw(format!(
            "{}{}   model root {}",
            round(view),
            window(view, picture).map_or(String::new(), |left| format!("   window left {left}")),
            start_of_hash(&view.model_root)
        )),
        Line::raw(phase::describe(&view.phase, &picture.clock)),
    ];
    frame.render_widget(ratatui::text::Text::from(lines), head);
    let [members_area, _, quality] = Layout::horizontal([
        Constraint::Length(MEMBERS_WIDTH),
        Constraint::Length(1),
        Constraint::Min(0),
    ])
    .areas(body);
    members(frame, view, members_area);
    let own = &detail.own_losses;
    match detail
        .rounds
        .iter()
        .rev()
        .find_map(|r| r.judgement.as_ref())
    {
        _ if !own.is_empty() => curve(frame, "loss on your rows", own, quality),
        Some(judgement) => judged(frame, detail, judgement, quality),
        None => rounds(frame, detail, quality),
    }
}

/// In a few lines, for a small terminal.
pub(super) fn lines(frame: &mut Frame, state: &State, picture: &Picture, area: Rect) {
    let Some(detail) = state.detail() else {
        return say(frame, area, "reading the federation");
    };
    let view = &detail.view;
    let mut lines = vec![
        format!("{} {}", view.federation, view.spec.name),
        format!("{}, {}", round(view), phase::word(&view.phase)),
    ];
    lines.extend(window(view, picture).map(|left| format!("window left {left}")));
    lines.push(answers(view));
    let judged = detail.judged_losses();
    lines.extend(match detail.own_losses.last().or_else(|| judged.last()) {
        Some((round, loss)) => Some(format!("loss {} after round {round}", short(*loss))),
        None => detail.rounds.last().map(|last| {
            let (word, accepted) = (word(last.record.outcome), last.record.accepted);
            format!("round {} {word}, {accepted} accepted", last.round)
        }),
    });
    lines.extend(picture.blocks.first().map(|block| {
        let (hash, time) = (start_of_hash(&block.hash), time_of_day(block.time_ms));
        format!("block {} {hash} {time}", block.number)
    }));
    say(frame, area, &lines.join("\n"));
}

fn round(view: &FederationView) -> String {
    format!("round {} of {}", view.round, view.last_round())
}

/// What is left of the window, in blocks and seconds.
fn window(view: &FederationView, picture: &Picture) -> Option<String> {
    let (blocks, ms) = phase::rest(&view.phase, &picture.clock)?;
    Some(format!("{blocks} blocks, {} s", ms.div_ceil(1_000)))
}

/// How many clients there are, and how many of them have answered.
fn answers(view: &FederationView) -> String {
    let committed = view.clients.iter().filter(|client| client.committed);
    let revealed = view.clients.iter().filter(|client| client.revealed);
    format!(
        "{} clients: {} committed, {} revealed",
        view.clients.len(),
        committed.count(),
        revealed.count()
    )
}

/// Clients and evaluators, and who of them has answered in this round.
fn members(frame: &mut Frame, view: &FederationView, area: Rect) {
    let yes = |is_done: bool| if is_done { "yes" } else { "-" };
    let clients = view.clients.iter().map(|client| {
        let revealed = match client.received {
            0 => yes(client.revealed).into(),
            _ if client.revealed => "yes".into(),
            parts => format!("{parts} chunks"),
        };
        let committed = yes(client.committed).into();
        let missed = match client.leaving {
            true => "leaving".into(),
            false => client.missed.to_string(),
        };
        ("client", &client.account, committed, revealed, missed)
    });
    let evaluators = view.evaluators.iter().map(|evaluator| {
        let holdout = evaluator.holdouts.iter().find(|h| h.round == view.round);
        let committed = yes(holdout.is_some()).into();
        let revealed = yes(holdout.is_some_and(|holdout| holdout.revealed)).into();
        (
            "evaluator",
            &evaluator.account,
            committed,
            revealed,
            String::new(),
        )
    });
    let rows = clients.chain(evaluators).map(row);
    let widths = [
        Constraint::Length(9),
        Constraint::Length(9),
        Constraint::Length(9),
        Constraint::Length(8),
        Constraint::Min(6),
    ];
    let header = Row::new(["member", "account", "committed", "revealed", "missed"]);
    let [top, table] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    frame.render_widget(Line::raw(answers(view)), top);
    frame.render_widget(Table::new(rows, widths).header(header.style(HEADER)), table);
}

fn row<'a>(
    (role, account, committed, revealed, missed): (&'a str, &AccountId, String, String, String),
) -> Row<'a> {
    let account = start_of_account(account);
    Row::new([role.into(), account, committed, revealed, missed])
}

/// The losses that evaluators found, and the newest judgement.
fn judged(frame: &mut Frame, detail: &Detail, judgement: &GateRecord<AccountId>, area: Rect) {
    let space = area.height.saturating_sub(1 + CHART_LINES);
    let scores = u16::try_from(judgement.scores.len()).unwrap_or(u16::MAX);
    let [top, list] = Layout::vertical([
        Constraint::Min(0),
        Constraint::Length(scores.saturating_add(1).min(space)),
    ])
    .areas(area);
    curve(
        frame,
        "median loss on holdouts",
        &detail.judged_losses(),
        top,
    );
    let change = decimal(judgement.change);
    let mut lines = vec![format!("round {}: median change {change}", judgement.round)];
    lines.extend(judgement.scores.iter().map(|score| {
        let (before, after) = (decimal(score.base), decimal(score.new));
        format!("{} {before} -> {after}", start_of_account(&score.evaluator))
    }));
    say(frame, list, &lines.join("\n"));
}

/// Losses by round, below a line that names the newest.
fn curve(frame: &mut Frame, what: &str, losses: &[(f64, f64)], area: Rect) {
    let [top, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    let newest = losses.last().map_or(0.0, |(_, loss)| *loss);
    frame.render_widget(Line::raw(format!("{what} {}", short(newest))), top);
    chart(frame, losses, body);
}

fn chart(frame: &mut Frame, losses: &[(f64, f64)], area: Rect) {
    let (Some((first, _)), Some((last, _))) = (losses.first(), losses.last()) else {
        return;
    };
    let low = losses
        .iter()
        .fold(f64::INFINITY, |low, (_, loss)| low.min(*loss));
    let high = losses
        .iter()
        .fold(0.0, |high: f64, (_, loss)| high.max(*loss));
    let curve = Dataset::default()
        .data(losses)
        .marker(Marker::Braille)
        .graph_type(GraphType::Line);
    let rounds = Axis::default()
        .bounds([*first, *last])
        .labels([format!("{first}"), format!("round {last}")]);
    // Equal losses would leave the axis without a length.
    let top = if high > low { high } else { low + 1.0 };
    let axis = Axis::default()
        .bounds([low, top])
        .labels([short(low), short(top)]);
    frame.render_widget(Chart::new(vec![curve]).x_axis(rounds).y_axis(axis), area);
}

/// What the chain knows of rounds that nobody judged, newest first.
fn rounds(frame: &mut Frame, detail: &Detail, area: Rect) {
    let why = match (&detail.view.spec.gate, detail.rounds.is_empty()) {
        (None, _) => "no gate: --data FILE adds losses",
        (Some(_), true) => "no round is closed yet",
        (Some(_), false) => "no round has been judged",
    };
    let rows = detail.rounds.iter().rev().map(|closed| {
        let record = &closed.record;
        Row::new([
            right(closed.round),
            word(record.outcome).into(),
            right(record.accepted),
            format!("{} to {}", record.opened_at, record.closed_at).into(),
        ])
    });
    let widths = [
        Constraint::Length(5),
        Constraint::Length(8),
        Constraint::Length(8),
        Constraint::Min(8),
    ];
    let header = Row::new([
        right("round"),
        "outcome".into(),
        right("accepted"),
        "blocks".into(),
    ]);
    let [top, table] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    frame.render_widget(Line::raw(why), top);
    frame.render_widget(Table::new(rows, widths).header(header.style(HEADER)), table);
}

/// A loss with four significant digits.
fn short(loss: f64) -> String {
    let places = match loss > 0.0 {
        true => (3.0 - loss.log10().floor()).max(0.0) as usize,
        false => 0,
    };
    format!("{loss:.places$}")
}
