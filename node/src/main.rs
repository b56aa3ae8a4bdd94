//! fedchain-node: the program around the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    match fedchain_node::command::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}
