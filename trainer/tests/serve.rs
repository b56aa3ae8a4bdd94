//! A served federation learns what the simulated one does, bit for bit.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    net::SocketAddr,
    path::PathBuf,
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use fedchain_commitment::spec_hash;
use fedchain_fl::{FederationSpec, view::Outcome};
use fedchain_learn::{
    Hyper,
    data::{Dataset, Reading},
    simulate::simulate,
};
use fedchain_test_support::{FIXED_SPLIT, Task, free_port};
use fedchain_trainer::{
    Error, keys,
    serve::{
        ServeError,
        api::{
            Bytes, JOIN, Join, Joined, MODEL, Model, Poll, Refusal, STATUS, Status, UPDATE, Update,
        },
        client,
        report::Event,
        server::{self, Served},
    },
    session::report::Summary,
};
use futures::future::{join, join_all, pending};
use jsonrpsee_client::{
    core::client::{ClientT, Error as CallError},
    rpc_params,
    ws_client::WsClientBuilder,
};
use subxt_signer::sr25519::{Keypair, dev};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::{Notify, oneshot},
};

fn hyper() -> Hyper {
    Hyper {
        epochs: 3,
        ..Hyper::default()
    }
}

/// Three clients, in the order of their accounts.
fn clients() -> [Keypair; 3] {
    let mut keys = [dev::alice(), dev::bob(), dev::charlie()];
    keys.sort_by_key(keys::account);
    keys
}

fn spec(task: Task) -> FederationSpec<u128> {
    let spec = task.spec().unwrap();
    FederationSpec {
        clients_min: 3,
        rounds_max: 3,
        ..spec.map_amounts(|_| 0)
    }
}

fn job(spec: &FederationSpec<u128>, listen: SocketAddr) -> server::Job {
    server::Job {
        spec: spec.clone(),
        listen,
        clients: clients().iter().map(keys::account).collect(),
        round_timeout: Duration::from_secs(600),
    }
}

fn any_port() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

async fn train(server: String, data: PathBuf, key: Keypair) -> Result<Summary, Error> {
    let job = client::Job {
        server,
        data,
        target: None,
        reading: Reading::default(),
        hyper: hyper(),
        patience: Duration::ZERO,
    };
    client::run(&job, &key, &|_| {}).await
}

/// Runs a server, and `visit` with its address once it listens, until both are done. `watch` sees what
/// the server tells.
async fn with_server<T>(
    job: &server::Job,
    watch: &dyn Fn(&Event),
    stop: impl Future<Output = ()>,
    visit: impl AsyncFnOnce(String) -> T,
) -> (Served, T) {
    let (found, url) = oneshot::channel();
    let found = Mutex::new(Some(found));
    let tell = |event: &Event| {
        if let Event::Listening { url, .. } = event {
            found
                .lock()
                .unwrap()
                .take()
                .unwrap()
                .send(url.clone())
                .unwrap();
        }
        watch(event);
    };
    let (served, answer) = join(server::run(job, &tell, stop), async {
        visit(url.await.unwrap()).await
    })
    .await;
    (served.unwrap(), answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_served_federation_learns_what_the_simulated_one_does() {
    for task in [Task::Diabetes, Task::Wine] {
        let spec = spec(task);
        let folder = tempfile::tempdir().unwrap();
        let files = task.split(folder.path(), FIXED_SPLIT, 3).unwrap().clients;
        let (served, summaries) = with_server(
            &job(&spec, any_port()),
            &|_| {},
            pending(),
            async |url: String| {
                // The last account comes first: the order of joining must not matter.
                let pairs = files.iter().cloned().zip(clients()).rev();
                join_all(pairs.map(|(file, key)| train(url.clone(), file, key))).await
            },
        )
        .await;
        let rows: Vec<Dataset> = files
            .iter()
            .map(|file| Dataset::read(file, &Reading::default(), &spec.task.schema, None).unwrap())
            .collect();
        let models = simulate(&spec, &rows, &hyper()).unwrap();
        assert_eq!(Some(&served.model), models.last(), "{task:?}");
        assert_eq!(served.rounds, 3);
        for summary in summaries {
            let summary = summary.unwrap();
            assert_eq!(summary.model_root, served.model_root);
            assert_eq!((summary.rounds, summary.revealed), (3, 3));
            // Three updates and four models in hex, and little else.
            let model = 2 * u64::from(spec.task.model_bytes().unwrap());
            let traffic = summary.traffic.unwrap();
            assert!((3 * model..3 * model + 4_000).contains(&traffic.sent));
            assert!((4 * model..4 * model + 8_000).contains(&traffic.received));
        }
    }
}

/// Why a server did not take a message.
fn refusal<T: std::fmt::Debug>(answer: Result<T, CallError>) -> Refusal {
    match answer {
        Err(CallError::Call(refused)) => {
            serde_json::from_str(refused.data().unwrap().get()).unwrap()
        }
        answer => panic!("{answer:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_oversized_messages_are_refused() {
    let spec = spec(Task::Diabetes);
    let folder = tempfile::tempdir().unwrap();
    let file = Task::Diabetes
        .split(folder.path(), FIXED_SPLIT, 1)
        .unwrap()
        .central;
    let stop = Notify::new();
    let visit = async |url: String| {
        let key = dev::eve();
        let account = keys::account(&key);
        let error = train(url.clone(), file, key.clone()).await.unwrap_err();
        let text = error.to_string();
        let expected =
            format!("the server refused serve_join: {account} is not among the accounts");
        assert!(text.starts_with(&expected), "{text}");
        assert_eq!(error.exit_code(), 4);

        let socket = url.replace("http", "ws");
        let connect = async || WsClientBuilder::new().build(&socket).await.unwrap();
        let visitor = connect().await;
        let status: Status = visitor.request(STATUS, rpc_params![]).await.unwrap();
        let update = |bytes: usize| Update {
            run: status.run,
            round: 1,
            account,
            base_root: status.run,
            sample_count: 1,
            values: Bytes(vec![0; bytes]),
            signature: Bytes(vec![0; 64]),
        };
        let fitting = visitor.request::<(), _>(UPDATE, rpc_params![update(44)]);
        assert_eq!(refusal(fitting.await), Refusal::NotJoined { account });
        let poll = Poll::sign(&key, status.run, spec_hash(&status.spec.task), 1);
        let model = visitor.request::<Model, _>(MODEL, rpc_params![poll]);
        assert_eq!(refusal(model.await), Refusal::NotJoined { account });

        // More than the model in hex and 4 KiB: not read at all, so without an answer to it.
        let large = visitor.request::<(), _>(UPDATE, rpc_params![update(4_096)]);
        let large = large.await.unwrap_err();
        assert!(!matches!(large, CallError::Call(_)), "{large}");
        let status: Status = connect()
            .await
            .request(STATUS, rpc_params![])
            .await
            .unwrap();
        assert_eq!(status.clients, 0);
        stop.notify_one();
    };
    let (served, ()) = with_server(&job(&spec, any_port()), &|_| {}, stop.notified(), visit).await;
    assert_eq!(served.rounds, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_closes_without_who_is_silent() {
    let spec = FederationSpec {
        rounds_max: 1,
        ..spec(Task::Diabetes)
    };
    let job = server::Job {
        round_timeout: Duration::from_millis(1),
        ..job(&spec, any_port())
    };
    let (served, ()) = with_server(&job, &|_| {}, pending(), async |url: String| {
        let socket = url.replace("http", "ws");
        let client = WsClientBuilder::new().build(socket).await.unwrap();
        let status: Status = client.request(STATUS, rpc_params![]).await.unwrap();
        let (run, round) = (status.run, 1);
        let spec_hash = spec_hash(&status.spec.task);
        for key in clients() {
            let seat = Join::sign(&key, run, spec_hash, round);
            let _: Joined = client.request(JOIN, rpc_params![seat]).await.unwrap();
        }
        let account = keys::account(&clients()[0]);
        let forged = Poll {
            account,
            ..Poll::sign(&dev::eve(), run, spec_hash, 2)
        };
        let answer = client.request::<Model, _>(MODEL, rpc_params![forged]);
        assert_eq!(refusal(answer.await), Refusal::Signature { account });
        for key in clients() {
            let poll = Poll::sign(&key, run, spec_hash, 2);
            let model: Model = client.request(MODEL, rpc_params![poll]).await.unwrap();
            let Model::Finished { last, .. } = model else {
                panic!("{model:?}");
            };
            let closed = last.unwrap();
            assert_eq!((closed.results, closed.failures), (0, 3));
            assert_eq!(closed.outcome, Outcome::Skipped);
        }
    })
    .await;
    assert_eq!((served.rounds, served.model), (1, vec![0; 11]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_says_when_the_server_is_not_there_or_has_forgotten_it() {
    let spec = spec(Task::Diabetes);
    let folder = tempfile::tempdir().unwrap();
    let parts = Task::Diabetes.split(folder.path(), FIXED_SPLIT, 1).unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
    let [key, ..] = clients();
    let job = job(&spec, address);
    let start = || {
        train(
            format!("http://{address}"),
            parts.central.clone(),
            key.clone(),
        )
    };

    let error = start().await.unwrap_err();
    assert!(
        matches!(error, Error::Serve(ServeError::NoServer { .. })),
        "{error}"
    );
    assert_eq!(error.exit_code(), 3);

    let mut trainer = pin!(start());
    let (joined, stop) = (Notify::new(), Notify::new());
    let tell_of_join = |event: &Event| {
        if let Event::Joined { .. } = event {
            joined.notify_one();
        }
    };
    with_server(&job, &tell_of_join, stop.notified(), async |_| {
        tokio::select! {
            end = &mut trainer => panic!("{end:?}"),
            () = joined.notified() => stop.notify_one(),
        }
    })
    .await;
    let (_, end) = with_server(&job, &|_| {}, stop.notified(), async |_| {
        let end = (&mut trainer).await;
        stop.notify_one();
        end
    })
    .await;
    let error = end.unwrap_err();
    assert!(
        matches!(error, Error::Serve(ServeError::NewRun { .. })),
        "{error}"
    );
    assert_eq!(error.exit_code(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_goes_on_after_a_broken_connection() {
    let spec = FederationSpec {
        clients_min: 1,
        rounds_max: 2,
        ..spec(Task::Diabetes)
    };
    let folder = tempfile::tempdir().unwrap();
    let parts = Task::Diabetes.split(folder.path(), FIXED_SPLIT, 1).unwrap();
    let [key, ..] = clients();
    let job = server::Job {
        clients: vec![keys::account(&key)],
        ..job(&spec, any_port())
    };
    let cut = Arc::new(Notify::new());
    let cut_after_round_1 = |event: &Event| {
        if let Event::Update { round: 1, .. } = event {
            cut.notify_waiters();
        }
    };
    let (served, summary) = with_server(&job, &cut_after_round_1, pending(), async |url| {
        let relay = relay(url.replace("http://", ""), cut.clone()).await;
        train(relay, parts.central, key).await
    })
    .await;
    assert_eq!(served.rounds, 2);
    let summary = summary.unwrap();
    assert_eq!((summary.rounds, summary.adopted), (2, 2));
}

/// An address whose connections lead to `to`, and break at `cut`.
async fn relay(to: String, cut: Arc<Notify>) -> String {
    let listener = TcpListener::bind(any_port()).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = TcpStream::connect(&to).await.unwrap();
            let cut = cut.clone();
            tokio::spawn(async move {
                tokio::select! {
                    _ = copy_bidirectional(&mut client, &mut server) => {}
                    () = cut.notified() => {}
                }
            });
        }
    });
    url
}
