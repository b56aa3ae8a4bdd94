//! Why a transaction failed, in sentences that say what to do.
//!
//! The runtime names its errors. Those of the federation pallet, and those of others that a trainer
//! meets, are said here in the words of this command line; of any other the documentation in the
//! runtime's metadata speaks, and where there is none its name.

mod sentences;

use subxt::{
    SubstrateConfig,
    client::OnlineClientAtBlock,
    error::{ArithmeticError, DispatchError, TokenError},
};

use super::call::PALLET;
use sentences::{FEDERATION, OTHERS, POOL};

/// Name of a failed call's error, empty for errors of no pallet, and what to tell of it.
pub(super) fn of(bytes: &[u8], at: &OnlineClientAtBlock<SubstrateConfig>) -> (String, String) {
    match DispatchError::decode_from(bytes, at.metadata()) {
        Ok(DispatchError::Module(error)) => match error.details() {
            Ok(details) => {
                let (pallet, variant) = (details.pallet.name(), details.variant);
                let sentence = of_pallet(pallet, &variant.name, &variant.docs);
                (variant.name.clone(), sentence)
            }
            Err(_) => (
                String::new(),
                "the runtime gives a reason that it does not explain: use the newest fedchain"
                    .into(),
            ),
        },
        Ok(error) => (String::new(), of_runtime(&error)),
        Err(error) => (String::new(), error.to_string()),
    }
}

/// The sentence for a pallet's error, given what the metadata says of it.
fn of_pallet(pallet: &str, name: &str, docs: &[String]) -> String {
    let table: &[(&str, &str)] = match pallet {
        PALLET => &FEDERATION,
        _ => &OTHERS,
    };
    if let Some((_, sentence)) = table.iter().find(|(known, _)| *known == name) {
        return (*sentence).to_owned();
    }
    match docs.join(" ").trim() {
        "" => format!("{pallet} says {name}"),
        docs => docs.to_owned(),
    }
}

/// The sentence for an error of no pallet.
fn of_runtime(error: &DispatchError) -> String {
    match error {
        DispatchError::Token(
            TokenError::FundsUnavailable | TokenError::NotExpendable | TokenError::Frozen,
        ) => "the free balance does not cover it: see `fedchain status --key`, or fund the account",
        DispatchError::Token(
            TokenError::BelowMinimum | TokenError::CannotCreate | TokenError::CannotCreateHold,
        ) => "an account must keep the smallest balance of this chain: send it more",
        DispatchError::Token(TokenError::OnlyProvider) | DispatchError::ConsumerRemaining => {
            "the account still holds deposits: it cannot be emptied before they are returned"
        }
        DispatchError::Arithmetic(
            ArithmeticError::Underflow
            | ArithmeticError::Overflow
            | ArithmeticError::DivisionByZero,
        ) => "an amount or a number is out of range",
        DispatchError::BadOrigin | DispatchError::RootNotAllowed => {
            "this account may not send this call"
        }
        DispatchError::NoProviders => "the account does not exist on chain yet: fund it first",
        DispatchError::Exhausted => "it takes more than a block has room for: send less at once",
        other => return other.to_string(),
    }
    .into()
}

/// What the transaction pool says of a transaction that it refuses, in words that say what to do.
pub(super) fn of_pool(reason: &str) -> String {
    let known = POOL.iter().find(|(start, _)| reason.starts_with(start));
    match (known, reason.strip_prefix("Custom error: ")) {
        (Some((_, sentence)), _) => (*sentence).to_owned(),
        (None, Some(code)) => {
            format!(
                "the node gives a reason ({code}) that this version does not know: use the newest fedchain"
            )
        }
        (None, None) => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The source of the pallet's errors.
    const PALLET_ERRORS: &str = include_str!("../../../pallets/federation/src/errors.rs");

    /// The names in the pallet's error enum.
    fn variants() -> Vec<&'static str> {
        let (_, body) = PALLET_ERRORS.split_once("pub enum Error<T> {").unwrap();
        let (body, _) = body.split_once('}').unwrap();
        let lines = body.lines().map(str::trim);
        lines
            .filter(|line| !line.starts_with("//"))
            .filter_map(|line| line.strip_suffix(','))
            .collect()
    }

    #[test]
    fn every_error_of_the_pallet_has_a_sentence_and_no_other_has() {
        let known: Vec<_> = FEDERATION.iter().map(|(name, _)| *name).collect();
        assert_eq!(known, variants());
    }

    #[test]
    fn the_documented_table_is_this_one() {
        let document = include_str!("../../../docs/rpc.md");
        let rows = document.lines().filter(|line| line.starts_with("| "));
        let rows: Vec<_> = rows.collect();
        for (number, (name, sentence)) in FEDERATION.iter().enumerate() {
            let row = format!("| {number} | `{name}` | {sentence} |");
            assert!(rows.contains(&row.as_str()), "not in docs/rpc.md: {row}");
        }
    }

    #[test]
    fn sentences_are_parts_of_a_message() {
        let all = FEDERATION.iter().chain(&OTHERS).chain(&POOL);
        for (name, sentence) in all {
            assert!(!sentence.ends_with('.'), "{name}: {sentence}");
            assert!(!sentence.contains("  "), "{name}: {sentence}");
            assert!(!sentence.contains(name), "{name}: {sentence}");
        }
    }

    #[test]
    fn what_is_not_known_is_said_in_the_runtimes_words() {
        let check = |pallet, name, docs: &[&str], expected| {
            let docs: Vec<_> = docs.iter().map(ToString::to_string).collect();
            assert_eq!(of_pallet(pallet, name, &docs), expected);
        };
        let known = "the account is no client: run `fedchain join` first";
        check(PALLET, "NotMember", &["Not a member."], known);
        check(
            "Sudo",
            "RequireSudo",
            &["Sender must be", "root."],
            "Sender must be root.",
        );
        check("Sudo", "RequireSudo", &[], "Sudo says RequireSudo");
    }

    #[test]
    fn errors_of_no_pallet_say_what_to_do() {
        let check = |error, expected: &str| assert_eq!(of_runtime(&error), expected);
        check(
            DispatchError::Token(TokenError::FundsUnavailable),
            "the free balance does not cover it: see `fedchain status --key`, or fund the account",
        );
        check(
            DispatchError::BadOrigin,
            "this account may not send this call",
        );
        check(
            DispatchError::Corruption,
            "The state is corrupt; this is generally not going to fix itself.",
        );
    }

    #[test]
    fn the_pools_refusals_say_what_to_do() {
        let check = |reason, expected| assert_eq!(of_pool(reason), expected);
        check(
            "Inability to pay some fees (e.g. account balance too low)",
            "the account cannot pay the fee: see `fedchain status --key`, or fund the account",
        );
        check(
            "Custom error: 99",
            "the node gives a reason (99) that this version does not know: use the newest fedchain",
        );
        check("No room", "No room");
    }
}
