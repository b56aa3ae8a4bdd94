//! A view of the chain in the terminal: federations, one of them from near, newest blocks.
//!
//! ```text
//! node --read--> Update --> State --draw--> terminal
//!                             ^
//!              keys --> Action
//! ```
//!
//! [`State`] follows from what was read and typed, [`draw::draw`] from the state alone; neither knows
//! node or terminal. Reading is a task beside the view, which a slow node therefore never stops.

pub mod draw;
pub mod keys;
mod read;
pub mod state;

#[cfg(test)]
mod tests;

use std::{io, thread, time::Duration};

use ratatui::{
    DefaultTerminal, Terminal,
    backend::TestBackend,
    buffer::Buffer,
    crossterm::event::{self, Event},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc, watch},
};

use fedchain_learn::data::Dataset;

use crate::{Error, chain::Chain};
use state::{State, Update};

/// Rows of the user's own, on which a federation's server models are measured.
#[derive(Debug)]
pub struct Rows {
    /// The federation whose schema they have.
    pub federation: u32,
    /// The rows.
    pub data: Dataset,
}

/// Pause between looks for somebody who still wants keys.
const KEY_POLL: Duration = Duration::from_millis(100);
/// Pictures and events that may wait for the view.
const QUEUE_MAX: usize = 16;

/// Shows the chain until its user quits, beginning with the federation `chosen`, where it exists. The
/// terminal is left as it was found, whatever happens.
///
/// # Errors
/// [`Error::Usage`] when the terminal cannot be used. A node that goes away is no error: it is asked
/// again.
pub async fn run(
    chain: Chain,
    url: String,
    chosen: Option<u32>,
    rows: Option<Rows>,
) -> Result<(), Error> {
    let mut state = State::new(url.clone(), chosen);
    let (choice, chosen) = watch::channel(chosen);
    let (sender, mut updates) = mpsc::channel(QUEUE_MAX);
    tokio::spawn(read::follow(chain, url, rows, chosen, sender));
    let mut terminated = signal(SignalKind::terminate()).map_err(unusable)?;
    let mut hung_up = signal(SignalKind::hangup()).map_err(unusable)?;
    let mut screen = Screen::open()?;
    let mut events = events();
    loop {
        let drawn = screen.0.draw(|frame| draw::draw(frame, &state));
        drawn.map_err(unusable)?;
        tokio::select! {
            update = updates.recv() => {
                let stopped = || Error::Protocol("reading the chain has stopped".into());
                state.apply(update.ok_or_else(stopped)?);
            }
            event = events.recv() => {
                let lost = || io::Error::from(io::ErrorKind::UnexpectedEof);
                let event = event.ok_or_else(lost).and_then(|event| event).map_err(unusable)?;
                if let Some(action) = keys::action(&event) && !state.act(action) {
                    return Ok(());
                }
            }
            _ = terminated.recv() => return Ok(()),
            _ = hung_up.recv() => return Ok(()),
        }
        choice.send_if_modified(|chosen| {
            let is_other = *chosen != state.chosen();
            *chosen = state.chosen();
            is_other
        });
    }
}

/// One screen of `width` by `height` cells as lines of text.
///
/// # Errors
/// When the node does not answer.
pub async fn once(
    chain: &Chain,
    url: String,
    chosen: Option<u32>,
    rows: Option<Rows>,
    (width, height): (u16, u16),
) -> Result<String, Error> {
    let mut state = State::new(url, chosen);
    let mut reader = read::Reader::new(chain, rows.as_ref());
    let picture = reader.picture(chosen).await?;
    state.apply(Update::Picture(Box::new(picture)));
    if state.chosen() != chosen {
        let picture = reader.picture(state.chosen()).await?;
        state.apply(Update::Picture(Box::new(picture)));
    }
    Ok(text(&state, width, height))
}

/// What [`draw::draw`] makes of a state, as lines without trailing space.
fn text(state: &State, width: u16, height: u16) -> String {
    let Ok(mut terminal) = Terminal::new(TestBackend::new(width, height));
    let Ok(_) = terminal.draw(|frame| draw::draw(frame, state));
    lines(terminal.backend().buffer()).join("\n")
}

/// The cells of a buffer as lines. A wide character fills two cells, of which the second is blank.
fn lines(buffer: &Buffer) -> Vec<String> {
    let width = usize::from(buffer.area.width).max(1);
    let line = |cells: &[ratatui::buffer::Cell]| {
        let symbols: String = cells.iter().map(|cell| cell.symbol()).collect();
        symbols.trim_end().to_owned()
    };
    buffer.content.chunks(width).map(line).collect()
}

/// The terminal, taken over until this is dropped.
struct Screen(DefaultTerminal);

impl Screen {
    fn open() -> Result<Self, Error> {
        // A panic's message comes after the restored terminal by a hook that this sets.
        ratatui::try_init().map(Self).map_err(|error| {
            ratatui::restore();
            unusable(error)
        })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// Events of the terminal, which can only be waited for by a thread.
fn events() -> mpsc::Receiver<io::Result<Event>> {
    let (sender, events) = mpsc::channel(QUEUE_MAX);
    thread::spawn(move || {
        while !sender.is_closed() {
            let event = match event::poll(KEY_POLL) {
                Ok(false) => continue,
                Ok(true) => event::read(),
                Err(error) => Err(error),
            };
            let failed = event.is_err();
            if sender.blocking_send(event).is_err() || failed {
                return;
            }
        }
    });
    events
}

fn unusable(error: io::Error) -> Error {
    Error::Usage(format!(
        "the terminal cannot be used ({error}): `fedchain watch --once` needs none"
    ))
}
