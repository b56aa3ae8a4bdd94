//! The command `fedchain`: runs what was asked and maps the outcome to an exit code.

use std::process::ExitCode;

use fedchain_trainer::{
    Error,
    cli::{
        Cli,
        output::{self, Output},
    },
};

fn main() -> ExitCode {
    let cli = Cli::read();
    let format = cli.as_ref().map(Cli::output).unwrap_or_default();
    let outcome = match (cli, tokio::runtime::Runtime::new()) {
        (Ok(cli), Ok(runtime)) => runtime.block_on(cli.run()),
        (Err(error), _) => Err(error),
        (_, Err(error)) => Err(Error::Usage(format!("cannot start: {error}"))),
    };
    let code = outcome.map_or_else(|error| tell(format, &error), |()| 0);
    let lost = output::finish().map_or_else(|error| tell(Output::Text, &error), |()| 0);
    ExitCode::from(if code == 0 { lost } else { code })
}

/// Tells of an error; its exit code.
fn tell(format: Output, error: &Error) -> u8 {
    let (code, message) = (error.exit_code(), error.to_string());
    let value = serde_json::json!({ "event": "error", "message": message, "exit_code": code });
    match format {
        Output::Text => output::hint(&format!("error: {message}")),
        Output::Json => output::print(format, &value, String::new),
    }
    code
}
