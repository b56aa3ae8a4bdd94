//! How far long work is, on standard error: only on a terminal, and only where people read the output.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::Output;

/// How often the bar is drawn while nothing moves.
const TICK: Duration = Duration::from_millis(500);

/// A bar that comes with the first step and goes with the last.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// A bar that counts `unit`s, like "blocks".
    pub(super) fn new(output: Output, unit: &str) -> Self {
        let target = match output {
            // It draws on terminals only.
            Output::Text => ProgressDrawTarget::stderr(),
            Output::Json => ProgressDrawTarget::hidden(),
        };
        let template =
            format!("[{{elapsed}}] {{wide_bar}} {{pos}} of {{len}} {unit}, {{eta}} left");
        let style = ProgressStyle::with_template(&template);
        let bar = ProgressBar::with_draw_target(None, target);
        Self(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
    }

    /// Shows that `done` of `all` is there.
    pub(super) fn show(&self, done: u32, all: u32) {
        let bar = &self.0;
        if done >= all {
            return self.hide();
        }
        let is_new = !self.is_shown();
        if is_new {
            bar.reset();
        }
        bar.set_length(all.into());
        bar.set_position(done.into());
        // Not before: it would draw a bar of nothing.
        if is_new {
            bar.enable_steady_tick(TICK);
        }
    }

    /// Takes the bar away.
    pub(super) fn hide(&self) {
        self.0.finish_and_clear();
    }

    /// Prints something else without tearing the bar.
    pub(super) fn aside(&self, print: impl FnOnce()) {
        match self.is_shown() {
            true => self.0.suspend(print),
            false => print(),
        }
    }

    /// Whether there is a bar now.
    fn is_shown(&self) -> bool {
        self.0.length().is_some() && !self.0.is_finished()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.hide();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_see_no_bar() {
        let progress = Progress::new(Output::Json, "blocks");
        assert!(progress.0.is_hidden());
    }

    #[test]
    fn a_bar_goes_with_the_last_step_and_comes_back_with_the_next_work() {
        let progress = Progress::new(Output::Json, "parts");
        progress.aside(|| ());
        assert!(!progress.is_shown());
        progress.show(1, 3);
        assert!(progress.is_shown());
        assert_eq!((progress.0.position(), progress.0.length()), (1, Some(3)));
        assert!(!progress.0.is_finished());
        progress.show(3, 3);
        assert!(progress.0.is_finished());
        progress.show(1, 2);
        assert_eq!((progress.0.position(), progress.0.length()), (1, Some(2)));
        assert!(!progress.0.is_finished());
    }
}
