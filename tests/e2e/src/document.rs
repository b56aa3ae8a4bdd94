//! Documents whose commands are run and whose output is compared.
//!
//! In a ```` ```console ```` block a line that begins with `$ ` is a command, `> ` continues it, and the
//! lines after it are what it prints; `...` stands for any number of lines. Words with a digit in them
//! (numbers, hashes, accounts, times) may differ.

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

/// A command of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Where it stands, from 1.
    pub line: usize,
    /// What is typed.
    pub command: String,
    /// What should be printed, by either output.
    pub output: Vec<String>,
}

/// All commands of a document in Markdown, in order.
pub fn steps(text: &str) -> Vec<Step> {
    let (mut steps, mut is_console) = (Vec::<Step>::new(), false);
    for (line, text) in (1..).zip(text.lines()) {
        if text.starts_with("```") {
            is_console = text == "```console";
        } else if is_console && let Some(command) = text.strip_prefix("$ ") {
            steps.push(Step {
                line,
                command: command.to_owned(),
                output: Vec::new(),
            });
        } else if is_console && let Some(step) = steps.last_mut() {
            let more = text.strip_prefix("> ").or(text.strip_prefix('>'));
            match more {
                Some(more) if step.output.is_empty() => {
                    step.command.push('\n');
                    step.command.push_str(more);
                }
                _ => step.output.push(text.to_owned()),
            }
        }
    }
    steps
}

/// Runs all steps in one shell in `folder`, where `programs` are found first and `variables` are set.
/// Whatever the shell left in the background is ended.
///
/// # Errors
/// The first step that fails or prints something else.
pub fn run(
    steps: &[Step],
    folder: &Path,
    programs: &Path,
    variables: &[(&str, String)],
) -> Result<()> {
    let mut script = String::from("trap 'kill $(jobs -p) 2>/dev/null' EXIT\n");
    for step in steps {
        let number = step.line;
        let command = &step.command;
        script.push_str(&format!(
            "{command}\nprintf '\\n{MARK}%d %d\\n' {number} $?\n"
        ));
        if let Some(log) = log(command) {
            script.push_str(&format!(
                "for _ in {{1..300}}; do [ -s {log} ] && break; sleep 0.1; done\n"
            ));
        }
    }
    let output = folder.join("output");
    let file = File::create(&output)?;
    let path = std::env::var("PATH").unwrap_or_default();
    Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", programs.display()))
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()?;
    let said = fs::read_to_string(output)?;
    let mut rest = said.as_str();
    for step in steps {
        let (printed, after) = rest
            .split_once(MARK)
            .with_context(|| format!("line {}: the shell ended: {rest}", step.line))?;
        let (mark, after) = after.split_once('\n').unwrap_or((after, ""));
        ensure!(
            mark == format!("{} 0", step.line),
            "line {}: `{}` failed:\n{printed}",
            step.line,
            step.command
        );
        if let Err(error) = compare(&step.output, printed) {
            bail!("line {}: `{}`: {error}", step.line, step.command);
        }
        rest = after;
    }
    Ok(())
}

const MARK: &str = "### step ";

/// The file to which a command in the background writes. The next command comes after its first line, as
/// it would from somebody who looks.
fn log(command: &str) -> Option<&str> {
    let mut words = command.strip_suffix('&')?.split_whitespace();
    words.find(|word| *word == ">")?;
    words.next()
}

/// Whether a command printed what its document says.
fn compare(expected: &[String], printed: &str) -> Result<()> {
    let expected: Vec<String> = expected.iter().map(|line| normal(line)).collect();
    let found: Vec<String> = printed.trim_end().lines().map(normal).collect();
    let expected = expected.strip_suffix(&[String::new()]).unwrap_or(&expected);
    ensure!(
        matches(expected, &found),
        "it should print\n{}\nbut printed\n{printed}",
        expected.join("\n")
    );
    Ok(())
}

fn matches(expected: &[String], found: &[String]) -> bool {
    match expected.split_first() {
        None => found.is_empty(),
        Some((line, rest)) if line == "..." => {
            (0..=found.len()).any(|skipped| matches(rest, &found[skipped..]))
        }
        Some((line, rest)) => found
            .split_first()
            .is_some_and(|(first, after)| first == line && matches(rest, after)),
    }
}

/// A line with one space between its words, and `#` for each that has a digit in it.
fn normal(line: &str) -> String {
    let words = line.split_whitespace();
    let words = words.map(|word| match word.contains(|c: char| c.is_ascii_digit()) {
        true => "#",
        false => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Title\n```console\n$ echo a\\\n> b\nab\n$ printf 'x 12\\n\\ny\\n'\nx 34\n...\ny\n```\n\
                        ```sh\n$ no\n```\n```console\n$ (exit 3)\n```\n";

    #[test]
    fn commands_and_outputs_are_found() {
        let found = steps(TEXT);
        let commands: Vec<&str> = found.iter().map(|step| step.command.as_str()).collect();
        assert_eq!(
            commands,
            ["echo a\\\nb", "printf 'x 12\\n\\ny\\n'", "(exit 3)"]
        );
        assert_eq!(found[1].output, ["x 34", "...", "y"]);
        assert_eq!((found[0].line, found[2].line), (3, 15));
    }

    #[test]
    fn the_next_command_waits_for_the_first_line_of_one_in_the_background() {
        let folder = tempfile::tempdir().unwrap();
        let text = "```console\n$ (sleep 0.5; echo up) > up.log 2>&1 &\n$ cat up.log\nup\n```\n";
        run(&steps(text), folder.path(), Path::new("/"), &[]).unwrap();
        assert_eq!(
            log("fedchain serve \\\n    > server.log 2>&1 &"),
            Some("server.log")
        );
        assert_eq!(log("echo a > b"), None);
    }

    #[test]
    fn what_differs_or_fails_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let run = |steps: &[Step]| run(steps, folder.path(), Path::new("/"), &[]);
        let mut found = steps(TEXT);
        assert!(run(&found[..2]).is_ok());
        let failed = run(&found).unwrap_err().to_string();
        assert!(failed.starts_with("line 15: `(exit 3)` failed"), "{failed}");
        found[0].output = vec!["ba".into()];
        let differs = run(&found).unwrap_err().to_string();
        assert!(differs.starts_with("line 3:"), "{differs}");
        assert!(
            differs.contains("it should print\nba\nbut printed\nab"),
            "{differs}"
        );
    }
}
