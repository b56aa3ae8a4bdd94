//! Documents whose commands are run and whose output is compared.
//!
//! A ```` ```sh ```` block is typed as it stands. A ```` ```text ```` block behind it, with nothing but empty lines between
//! them, is what it prints; without one it prints nothing. `...` stands for any number of lines. Words with a digit in
//! them (numbers, hashes, accounts, times) may differ.

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

/// Commands of a document that are typed together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Where they begin, from 1.
    pub line: usize,
    /// What is typed.
    pub command: String,
    /// What should be printed, by either output.
    pub output: Vec<String>,
}

/// A block between fences.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Commands,
    Output,
    Other,
}

/// All commands of a document in Markdown, in order.
pub fn steps(text: &str) -> Vec<Step> {
    let mut steps = Vec::<Step>::new();
    let (mut block, mut are_commands_last) = (None, false);
    for (line, text) in (1..).zip(text.lines()) {
        match (block, text) {
            (None, "```sh") => {
                block = Some(Block::Commands);
                steps.push(Step {
                    line: line + 1,
                    command: String::new(),
                    output: Vec::new(),
                });
            }
            (None, "```text") if are_commands_last => block = Some(Block::Output),
            (None, text) if text.starts_with("```") => block = Some(Block::Other),
            (None, "") => {}
            (None, _) => are_commands_last = false,
            (Some(ended), "```") => {
                are_commands_last = ended == Block::Commands;
                block = None;
            }
            (Some(Block::Other), _) => {}
            (Some(kind), text) => {
                if let Some(step) = steps.last_mut() {
                    match kind {
                        Block::Output => step.output.push(text.to_owned()),
                        _ if step.command.is_empty() => step.command.push_str(text),
                        _ => {
                            step.command.push('\n');
                            step.command.push_str(text);
                        }
                    }
                }
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
    let mut script =
        String::from("trap 'kill $(jobs -p) 2>/dev/null' EXIT\ntrap 'failed=$?' ERR\n");
    for step in steps {
        script.push_str(&format!(
            "failed=0\n{}printf '\\n{MARK}%d %d\\n' {} $failed\n",
            patient(&step.command),
            step.line
        ));
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

/// Commands of which each that follows one in the background comes after that one's first line, as it would from
/// somebody who looks.
fn patient(commands: &str) -> String {
    let (mut script, mut command) = (String::new(), String::new());
    for line in commands.lines() {
        script.push_str(line);
        script.push('\n');
        match line.strip_suffix('\\') {
            Some(beginning) => command.push_str(beginning),
            None => {
                command.push_str(line);
                if let Some(log) = log(&command) {
                    script.push_str(&format!(
                        "for _ in {{1..300}}; do [ -s {log} ] && break; sleep 0.1; done\n"
                    ));
                }
                command.clear();
            }
        }
    }
    script
}

/// The file to which a command in the background writes.
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

    const TEXT: &str = "# Title\n```sh\necho a\\\nb\n```\n\n```text\nab\n```\n\n\
                        ```sh\ntrue\nprintf 'x 12\\n\\ny\\n'\n```\n\n```text\nx 34\n...\ny\n```\n\
                        ```toml\nno = 1\n```\n```sh\n(exit 3)\ntrue\n```\nwords\n```text\nno output\n```\n";

    #[test]
    fn commands_and_outputs_are_found() {
        let found = steps(TEXT);
        let commands: Vec<&str> = found.iter().map(|step| step.command.as_str()).collect();
        assert_eq!(
            commands,
            [
                "echo a\\\nb",
                "true\nprintf 'x 12\\n\\ny\\n'",
                "(exit 3)\ntrue"
            ]
        );
        assert_eq!(found[0].output, ["ab"]);
        assert_eq!(found[1].output, ["x 34", "...", "y"]);
        assert!(found[2].output.is_empty());
        assert_eq!((found[0].line, found[1].line, found[2].line), (3, 12, 25));
    }

    #[test]
    fn the_next_command_waits_for_the_first_line_of_one_in_the_background() {
        let folder = tempfile::tempdir().unwrap();
        let text = "```sh\n(sleep 0.5; echo up) > \\\n  up.log 2>&1 &\ncat up.log\n```\n```text\nup\n```\n";
        run(&steps(text), folder.path(), Path::new("/"), &[]).unwrap();
        assert_eq!(
            log("fedchain serve     > server.log 2>&1 &"),
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
        assert!(
            failed.starts_with("line 25: `(exit 3)\ntrue` failed"),
            "{failed}"
        );
        found[0].output = vec!["ba".into()];
        let differs = run(&found).unwrap_err().to_string();
        assert!(differs.starts_with("line 3:"), "{differs}");
        assert!(
            differs.contains("it should print\nba\nbut printed\nab"),
            "{differs}"
        );
    }
}
