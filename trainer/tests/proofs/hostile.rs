//! Chains that were made to hang or crash whoever audits them: paid for, each header in its place, and
//! proven to the last bit.

use codec::{Compact, Encode};
use scale_info::TypeInfo;

use crate::{
    chain::{Chain, State},
    code::{answering, endless, event, metadata, signed, state_of, unsigned},
    run, said,
};

#[derive(Encode, TypeInfo)]
#[allow(dead_code, reason = "only its bytes are needed")]
enum Nested {
    End,
    More(Box<Nested>),
}

#[derive(TypeInfo)]
#[allow(dead_code, reason = "a type without a value")]
struct Itself(Box<Itself>);

/// What an audit says of a chain whose second block has this body and state.
async fn audit(code: Vec<u8>, body: Vec<Vec<u8>>, state: State) -> String {
    let mut chain = Chain::new(&state_of(code));
    chain.push(Vec::new(), &Vec::new(), Vec::new());
    chain.push(body, &state, Vec::new());
    let node = chain.serve().await;
    let output = run(&node.url, &["audit"]).await;
    let said = said(&output, 1);
    assert!(said.starts_with("error: "), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    said
}

/// The same of a runtime whose only call holds a `T`.
async fn audit_call<T: TypeInfo + 'static>(argument: &[u8]) -> String {
    let code = answering(&metadata::<T, ()>());
    audit(code, vec![unsigned(argument)], Vec::new()).await
}

/// The same of a runtime whose only event holds a `T`.
async fn audit_event<T: TypeInfo + 'static>(field: &[u8]) -> String {
    let code = answering(&metadata::<(), T>());
    audit(code, vec![signed(&[])], event(field)).await
}

#[tokio::test]
async fn types_that_contain_themselves() {
    for said in [
        audit_call::<Itself>(&[]).await,
        audit_event::<Itself>(&[]).await,
    ] {
        assert!(said.contains("nested too deeply"), "{said}");
    }
}

#[tokio::test]
async fn values_nested_a_million_times() {
    let deep = vec![1; 1 << 20];
    for said in [
        audit_call::<Nested>(&deep).await,
        audit_event::<Nested>(&deep).await,
    ] {
        assert!(said.contains("nested too deeply"), "{said}");
    }
}

#[tokio::test]
async fn lists_of_four_billion_values_without_a_byte() {
    let many = Compact(u32::MAX).encode();
    for said in [
        audit_call::<Vec<()>>(&many).await,
        audit_event::<Vec<()>>(&many).await,
        audit_call::<[(); 4_000_000_000]>(&[]).await,
        audit_event::<[[(); 100_000]; 100_000]>(&[]).await,
    ] {
        assert!(said.contains("more values than"), "{said}");
    }
}

#[tokio::test]
async fn lengths_beyond_the_end() {
    let many = Compact(u32::MAX).encode();
    audit_call::<Vec<u8>>(&many).await;
    audit_event::<Vec<u64>>(&many).await;
    // Of the extrinsic, and of the list of events.
    let code = || answering(&metadata::<(), ()>());
    audit(code(), vec![many.clone()], Vec::new()).await;
    let key = fedchain_receipt::storage_key("System", "Events");
    audit(code(), vec![signed(&[])], vec![(key, many)]).await;
}

#[tokio::test]
async fn metadata_that_is_none() {
    let whole = metadata::<(), ()>();
    let cut = &whole[..whole.len() / 2];
    // The magic number, the version, and four billion types.
    let many = [&whole[..5], &Compact(u32::MAX).encode()].concat();
    for metadata in [cut, &many[..], &[][..]] {
        let said = audit(answering(metadata), Vec::new(), Vec::new()).await;
        assert!(
            said.contains("the runtime's code in the state of block 0"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn code_that_never_ends() {
    let said = audit(endless(), Vec::new(), Vec::new()).await;
    assert!(
        said.contains("the runtime's code in the state of block 0"),
        "{said}"
    );
    assert!(said.contains("fuel"), "{said}");
}

#[tokio::test]
async fn without_malice_the_same_chain_is_audited() {
    let code = answering(&metadata::<Nested, Nested>());
    let mut chain = Chain::new(&state_of(code));
    let nested = Nested::More(Box::new(Nested::End)).encode();
    chain.push(vec![signed(&nested)], &event(&nested), Vec::new());
    let node = chain.serve().await;
    let output = run(&node.url, &["audit"]).await;
    let said = said(&output, 6);
    assert!(said.contains("audited: blocks 0 to 1 follow"), "{said}");
}
