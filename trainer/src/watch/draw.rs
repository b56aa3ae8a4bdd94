//! The picture on the terminal: a function of the state alone, legible without colour.

mod near;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Modifier, Style},
    text::Line,
    widgets::{Block, Cell, Paragraph, Row, Table, TableState, Wrap},
};

use super::{
    keys::{HELP, HELP_SHORT},
    state::{self, Picture, State},
};
use crate::{chain::AccountId, phase};
use fedchain_fl::{H256, view::Outcome};

/// Below this many cells there are no boxes.
const BOXES_MIN: (u16, u16) = (72, 20);
/// Lines of a box beside its rows: borders and header.
const BOX_LINES: u16 = 3;

const HEADER: Style = Style::new().add_modifier(Modifier::BOLD);
const CHOSEN: Style = Style::new().add_modifier(Modifier::REVERSED);

/// Draws the state: federations, the chosen one and newest blocks where there is room, else a few lines
/// on the chosen one.
pub fn draw(frame: &mut Frame, state: &State) {
    let area = frame.area();
    let is_small = area.width < BOXES_MIN.0 || area.height < BOXES_MIN.1;
    let [top, body, bottom] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(area);
    title(frame, state, top);
    match &state.picture {
        None => say(frame, body, "reading the chain"),
        Some(picture) if picture.federations.is_empty() && is_small => {
            say(frame, body, NO_FEDERATIONS);
        }
        Some(picture) if is_small => near::lines(frame, state, picture, body),
        Some(picture) => {
            let share = |rows: usize| {
                let rows = u16::try_from(rows).unwrap_or(u16::MAX);
                let lines = rows.saturating_add(BOX_LINES);
                Constraint::Length(lines.clamp(BOX_LINES + 1, (area.height / 4).max(6)))
            };
            let [list, detail, blocks] = Layout::vertical([
                share(picture.federations.len()),
                Constraint::Min(0),
                share(picture.blocks.len()),
            ])
            .areas(body);
            federations(frame, state, picture, list);
            near::boxed(frame, state, picture, detail);
            newest(frame, picture, blocks);
        }
    }
    footer(frame, state, bottom);
}

const NO_FEDERATIONS: &str = "no federations yet: create one with `fedchain federation create`";

/// Which node, and how new the picture is.
fn title(frame: &mut Frame, state: &State, area: Rect) {
    let age = match (&state.picture, &state.lost) {
        (Some(picture), None) => format!(
            "block {}, {} UTC",
            picture.clock.block,
            time_of_day(picture.clock.time_ms)
        ),
        (Some(picture), Some(_)) => format!("NODE GONE, as of block {}", picture.clock.block),
        (None, Some(_)) => "NODE GONE".into(),
        (None, None) => String::new(),
    };
    let right = u16::try_from(age.chars().count()).unwrap_or(u16::MAX);
    let [left, right] = Layout::horizontal([Constraint::Min(0), Constraint::Length(right)])
        .spacing(1)
        .areas(area);
    frame.render_widget(
        Line::styled(format!("fedchain {}", state.url), HEADER),
        left,
    );
    frame.render_widget(Line::raw(age), right);
}

/// What went wrong, or which keys there are.
fn footer(frame: &mut Frame, state: &State, area: Rect) {
    let fits = usize::from(area.width) >= HELP.len();
    let line = match (&state.lost, state.help) {
        (_, true) if fits => HELP.into(),
        (_, true) => HELP_SHORT.into(),
        (Some(reason), false) => format!("trying again: {reason}"),
        (None, false) => "?: keys   q: quit".into(),
    };
    frame.render_widget(Line::raw(line), area);
}

fn say(frame: &mut Frame, area: Rect, text: &str) {
    frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), area);
}

fn federations(frame: &mut Frame, state: &State, picture: &Picture, area: Rect) {
    if picture.federations.is_empty() {
        let block = Block::bordered().title(" federations ");
        let inner = block.inner(area);
        frame.render_widget(block, area);
        return say(frame, inner, NO_FEDERATIONS);
    }
    let rows = picture.federations.iter().map(|line| {
        Row::new([
            right(line.federation),
            Cell::new(line.name.to_string()),
            Cell::new(phase::word(&line.phase)),
            Cell::new(phase::left(&line.phase, &picture.clock).unwrap_or_default()),
            right(format!("{}/{}", line.round, line.rounds_max)),
            right(line.clients),
        ])
    });
    let widths = [
        Constraint::Length(6),
        Constraint::Min(18),
        Constraint::Length(9),
        Constraint::Length(24),
        Constraint::Length(7),
        Constraint::Length(7),
    ];
    let header = Row::new([
        right("number"),
        "name".into(),
        "phase".into(),
        "left".into(),
        right("round"),
        right("clients"),
    ]);
    let table = Table::new(rows, widths)
        .header(header.style(HEADER))
        .row_highlight_style(CHOSEN)
        .highlight_symbol("> ")
        .block(Block::bordered().title(" federations "));
    let mut chosen = TableState::new().with_selected(state.place());
    frame.render_stateful_widget(table, area, &mut chosen);
}

fn newest(frame: &mut Frame, picture: &Picture, area: Rect) {
    let rows = picture.blocks.iter().map(|block| {
        Row::new([
            right(block.number),
            Cell::new(start_of_hash(&block.hash)),
            Cell::new(time_of_day(block.time_ms)),
            Cell::new(
                block
                    .author
                    .as_ref()
                    .map_or("none".into(), start_of_account),
            ),
            Cell::new(news(block)),
        ])
    });
    let widths = [
        Constraint::Length(7),
        Constraint::Length(11),
        Constraint::Length(8),
        Constraint::Length(9),
        Constraint::Min(20),
    ];
    let header = Row::new([
        right("block"),
        "hash".into(),
        "UTC".into(),
        "author".into(),
        "federations' news".into(),
    ]);
    let table = Table::new(rows, widths)
        .header(header.style(HEADER))
        .block(Block::bordered().title(" newest blocks "));
    frame.render_widget(table, area);
}

/// What a block did for federations.
fn news(block: &state::Block) -> String {
    let counted = |count: usize, what: &str| match count {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{count} {what}s")),
    };
    let parts = [
        counted(block.commits, "commit"),
        counted(block.reveals, "reveal"),
    ];
    let closed = block.closed.iter().map(|(federation, round, outcome)| {
        format!("federation {federation} round {round} {}", word(*outcome))
    });
    let news: Vec<String> = parts.into_iter().flatten().chain(closed).collect();
    news.join(", ")
}

/// How a round ended, in a word.
fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Adopted => "adopted",
        Outcome::Skipped => "skipped",
        Outcome::Crowded => "crowded",
        Outcome::Ungated => "unjudged",
        Outcome::Worse => "worse",
    }
}

fn right(text: impl ToString) -> Cell<'static> {
    Cell::new(Line::raw(text.to_string()).right_aligned())
}

/// A block's time within its day.
fn time_of_day(ms: u64) -> String {
    let second = ms / 1_000 % 86_400;
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!("{hour:02}:{minute:02}:{:02}", second % 60)
}

/// The first characters of an address: enough to tell a federation's members apart.
fn start_of_account(account: &AccountId) -> String {
    account.to_string().chars().take(8).chain(['…']).collect()
}

fn start_of_hash(hash: &H256) -> String {
    format!("{hash:?}").chars().take(10).chain(['…']).collect()
}
