//! Which methods take turns, and what parameters may be.

use super::turns::{Place, Turns};
use futures::FutureExt;
use jsonrpsee::{
    MethodCallback, MethodResponse, Methods,
    core::RegisterMethodError,
    types::{ErrorObjectOwned, Params, error::INVALID_PARAMS_CODE},
};
use serde_json::Value;
use std::{collections::HashSet, sync::Arc};

/// Bytes of parameters, where they hold no transaction or arguments of the runtime.
const BYTES_MAX: usize = 256 << 10;
/// Entries of a list among the parameters: as many as a page of `state_getKeysPaged` has.
const ENTRIES_MAX: usize = 1_000;
/// Entries of a list that is subscribed to, with which each block is compared: as many as polkadot.js asks for at
/// once.
const SUBSCRIBED_MAX: usize = 250;
/// Entries of a list that may repeat themselves.
const REPEATED_MAX: usize = 64;

/// What becomes of a method's requests. Names are matched by their beginning, and the first line that fits
/// counts; what fits none takes turns.
const KINDS: [(&str, Kind); 7] = [
    ("system_accountNextIndex", Kind::Turn),
    ("system_dryRun", Kind::Turn),
    ("system_", Kind::Free),
    ("chainSpec_", Kind::Free),
    // The pool and the followers have bounds of their own on work.
    ("author_submit", Kind::Counted),
    ("transaction_", Kind::Counted),
    ("chainHead_", Kind::Counted),
];

/// How the names of methods begin whose parameters hold a transaction or arguments of the runtime: the size of
/// a request bounds them, and the runtime what they do.
const CARRIERS: [&str; 6] = [
    "author_submit",
    "transaction",
    "state_call",
    "payment_",
    "system_dryRun",
    "chainHead_v1_call",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Neither reads the state nor makes the runtime work.
    Free,
    /// Waits for no turn, and counts among what its connection has asked.
    Counted,
    /// Waits for its turn.
    Turn,
}

fn kind(name: &str) -> Kind {
    let mut kinds = KINDS.iter();
    let found = kinds.find(|(start, _)| name.starts_with(start));
    found.map_or(Kind::Turn, |(_, kind)| *kind)
}

/// The same methods within bounds, in turns.
pub fn order(turns: &Turns, methods: &Methods) -> Result<Methods, RegisterMethodError> {
    let mut ordered = Methods::new();
    for name in methods.method_names() {
        if let Some(callback) = methods.method(name).cloned() {
            ordered.verify_and_insert(name, bounded(turns, name, callback))?;
        }
    }
    Ok(ordered)
}

fn bounded(turns: &Turns, name: &'static str, callback: MethodCallback) -> MethodCallback {
    let kind = kind(name);
    let is_carrier = CARRIERS.iter().any(|start| name.starts_with(start));
    let at_most = move |entries| (!is_carrier).then_some(entries);
    match callback {
        MethodCallback::Sync(work) if kind != Kind::Free => {
            let work = MethodCallback::Async(Arc::new(move |id, params, _, max, asks| {
                let work = work.clone();
                async move { work(id, params, max, asks) }.boxed()
            }));
            bounded(turns, name, work)
        }
        MethodCallback::Async(work) if kind != Kind::Free => {
            let turns = turns.clone();
            MethodCallback::Async(Arc::new(move |id, params, connection, max, asks| {
                let (turns, work) = (turns.clone(), work.clone());
                async move {
                    if let Err(error) = check(&params, at_most(ENTRIES_MAX)) {
                        return MethodResponse::error(id, error);
                    }
                    let place = match turns.count(connection, params.len_bytes()) {
                        Ok(place) => place,
                        Err(refusal) => {
                            return MethodResponse::error(id, ErrorObjectOwned::from(refusal));
                        }
                    };
                    let asked = id.clone();
                    let work = async move { work(id, params, connection, max, asks).await };
                    match kind {
                        Kind::Turn => in_turn(place, asked, work, max).await,
                        Kind::Counted | Kind::Free => work.await,
                    }
                }
                .boxed()
            }))
        }
        MethodCallback::Subscription(subscribe) => {
            MethodCallback::Subscription(Arc::new(move |id, params, sink, state, asks| {
                match check(&params, at_most(SUBSCRIBED_MAX)) {
                    Ok(()) => subscribe(id, params, sink, state, asks),
                    Err(error) => {
                        let id = id.into_owned();
                        async move {
                            // It fails where the connection is gone.
                            let _ = sink.send_error(id.clone(), error.clone()).await;
                            MethodResponse::subscription_error(id, error)
                        }
                        .boxed()
                    }
                }
            }))
        }
        other => other,
    }
}

async fn in_turn(
    place: Place,
    id: jsonrpsee::types::Id<'static>,
    work: impl Future<Output = MethodResponse> + Send + 'static,
    max: usize,
) -> MethodResponse {
    match place.work(work).await {
        Ok(answer) => place.until_sent(id, answer, max),
        Err(refusal) => MethodResponse::error(id, ErrorObjectOwned::from(refusal)),
    }
}

/// Refuses parameters that are too long, and lists with too many entries, or long ones with one of them twice.
/// Without a bound on entries all may pass.
fn check(params: &Params, entries_max: Option<usize>) -> Result<(), ErrorObjectOwned> {
    let Some(entries_max) = entries_max else {
        return Ok(());
    };
    let refused = |text: String| ErrorObjectOwned::owned(INVALID_PARAMS_CODE, text, None::<()>);
    if params.len_bytes() > BYTES_MAX {
        return Err(refused(format!(
            "the parameters have more than {BYTES_MAX} bytes"
        )));
    }
    // What cannot be read, the method refuses.
    let parameters = match params.parse::<Value>() {
        Ok(Value::Array(list)) => list,
        Ok(Value::Object(named)) => named.into_iter().map(|(_, value)| value).collect(),
        _ => return Ok(()),
    };
    if parameters
        .iter()
        .all(|value| is_bounded(value, entries_max))
    {
        return Ok(());
    }
    Err(refused(format!(
        "a list among the parameters has more than {entries_max} entries, or more than {REPEATED_MAX} and one of \
         them twice: ask in parts"
    )))
}

/// Whether all lists in it are short, and those of some length name each entry once.
fn is_bounded(value: &Value, entries_max: usize) -> bool {
    match value {
        Value::Array(list) => {
            let mut seen = HashSet::new();
            let mut is_new = |entry: &Value| seen.insert(entry.to_string());
            list.len() <= entries_max
                && (list.len() <= REPEATED_MAX || list.iter().all(&mut is_new))
                && list.iter().all(|entry| is_bounded(entry, entries_max))
        }
        Value::Object(fields) => fields.values().all(|entry| is_bounded(entry, entries_max)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonrpsee::{ConnectionId, RpcModule, core::StringError};
    use std::time::Duration;
    use tokio::{runtime::Handle, sync::Semaphore, time::timeout};

    const WORKING: [&str; 3] = [
        "system_accountNextIndex",
        "state_getStorageSize",
        "state_call",
    ];

    fn turns() -> Turns {
        Turns::new(Handle::current(), 1)
    }

    #[tokio::test]
    async fn all_that_works_takes_turns() {
        let mut module = RpcModule::new(());
        for name in ["system_health", WORKING[0], WORKING[1]] {
            module.register_method(name, |_, _, _| 7).unwrap();
        }
        for name in ["chainHead_v1_call", WORKING[2]] {
            module
                .register_async_method(name, |_, _, _| async { 7 })
                .unwrap();
        }
        let (turns, gate) = (turns(), Arc::new(Semaphore::new(0)));
        let methods = order(&turns, &module).unwrap();
        let (place, held) = (turns.count(ConnectionId(1), 0).unwrap(), gate.clone());
        let work = async move { held.acquire().await.unwrap().forget() };
        let first = tokio::spawn(async move { place.work(work).await });
        tokio::task::yield_now().await;
        let call = async |name: &str| {
            let call = methods.call::<_, u32>(name, [(); 0]);
            timeout(Duration::from_millis(20), call).await
        };
        for name in ["system_health", "chainHead_v1_call"] {
            assert_eq!(call(name).await.unwrap().unwrap(), 7, "{name}");
        }
        for name in WORKING {
            assert!(call(name).await.is_err(), "{name}");
        }
        gate.add_permits(1);
        assert_eq!(first.await.unwrap(), Ok(()));
        for name in WORKING {
            let answer = methods.call::<_, u32>(name, [(); 0]).await;
            assert_eq!(answer.unwrap(), 7, "{name}");
        }
    }

    #[tokio::test]
    async fn long_lists_and_repetitions_are_refused() {
        let mut module = RpcModule::new(());
        for name in ["state_queryStorageAt", "state_call"] {
            module.register_method(name, |_, _, _| 7).unwrap();
        }
        module
            .register_subscription::<Result<(), StringError>, _, _>(
                "state_subscribeStorage",
                "state_storage",
                "state_unsubscribeStorage",
                |_, pending, _, _| async {
                    let _sink = pending.accept().await;
                    Ok(())
                },
            )
            .unwrap();
        let methods = order(&turns(), &module).unwrap();
        let keys = |count: usize| (0..count).map(|key| key.to_string()).collect::<Vec<_>>();
        let list = async |keys: Vec<String>| {
            let answer = methods.call::<_, u32>("state_queryStorageAt", [keys]).await;
            answer.is_ok()
        };
        assert!(list(keys(1_000)).await);
        assert!(!list(keys(1_001)).await);
        assert!(list(vec!["7".into(); 64]).await);
        assert!(!list(vec!["7".into(); 65]).await);
        assert!(!list(vec!["7".repeat(BYTES_MAX)]).await);
        let long = methods.call::<_, u32>("state_call", ["7".repeat(BYTES_MAX)]);
        assert_eq!(long.await.unwrap(), 7);
        let subscribe = async |keys: Vec<String>| {
            let answer = methods.subscribe("state_subscribeStorage", [keys], 1).await;
            answer.is_ok()
        };
        assert!(subscribe(keys(250)).await);
        assert!(!subscribe(keys(251)).await);
    }

    #[test]
    fn every_kind_is_found_by_its_name() {
        let kinds = [
            "system_health",
            "system_dryRunAt",
            "author_submitExtrinsic",
            "author_pendingExtrinsics",
            "account_nextIndex",
        ];
        let expected = [
            Kind::Free,
            Kind::Turn,
            Kind::Counted,
            Kind::Turn,
            Kind::Turn,
        ];
        assert_eq!(kinds.map(kind), expected);
    }
}
