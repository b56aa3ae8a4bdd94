//! What keys mean.

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// End.
    Quit,
    /// Choose the next federation.
    Next,
    /// Choose the one before.
    Previous,
    /// Explain the keys, or stop that.
    Help,
}

/// The keys in words.
pub const HELP: &str = "arrows or j k: choose a federation   ?: hide this   q or Ctrl-C: quit";
/// The same in less space.
pub const HELP_SHORT: &str = "j k choose   ? hide   q quit";

/// What an event of the terminal asks for; none where it is no key that means something.
pub fn action(event: &Event) -> Option<Action> {
    // Some terminals tell of keys that are let go as well.
    let Event::Key(KeyEvent {
        code,
        modifiers,
        kind: KeyEventKind::Press | KeyEventKind::Repeat,
        ..
    }) = event
    else {
        return None;
    };
    match (code, modifiers.contains(KeyModifiers::CONTROL)) {
        (KeyCode::Char('c'), true) | (KeyCode::Char('q'), false) => Some(Action::Quit),
        (KeyCode::Down | KeyCode::Right | KeyCode::Char('j'), false) => Some(Action::Next),
        (KeyCode::Up | KeyCode::Left | KeyCode::Char('k'), false) => Some(Action::Previous),
        (KeyCode::Char('?'), false) => Some(Action::Help),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers, kind: KeyEventKind) -> Event {
        Event::Key(KeyEvent::new_with_kind(code, modifiers, kind))
    }

    #[test]
    fn keys_choose_explain_and_quit() {
        let check = |code, modifiers, expected| {
            let event = key(code, modifiers, KeyEventKind::Press);
            assert_eq!(action(&event), expected, "{code:?}");
        };
        let (none, control) = (KeyModifiers::NONE, KeyModifiers::CONTROL);
        check(KeyCode::Char('q'), none, Some(Action::Quit));
        check(KeyCode::Char('c'), control, Some(Action::Quit));
        check(KeyCode::Char('c'), none, None);
        check(KeyCode::Char('j'), none, Some(Action::Next));
        check(KeyCode::Down, none, Some(Action::Next));
        check(KeyCode::Char('k'), none, Some(Action::Previous));
        check(KeyCode::Up, none, Some(Action::Previous));
        check(KeyCode::Char('k'), control, None);
        check(KeyCode::Char('?'), KeyModifiers::SHIFT, Some(Action::Help));
    }

    #[test]
    fn a_key_counts_when_it_is_pressed() {
        let check = |kind, expected| {
            let event = key(KeyCode::Char('j'), KeyModifiers::NONE, kind);
            assert_eq!(action(&event), expected);
        };
        check(KeyEventKind::Press, Some(Action::Next));
        check(KeyEventKind::Repeat, Some(Action::Next));
        check(KeyEventKind::Release, None);
    }
}
