//! Whole federations: who takes part, who cheats, and that neither threads nor anything else but the
//! setup changes a bit.

use fedchain_commitment::values_root;
use fedchain_fl::{H256, Initial, LeastSquares, ModelSpec, NormRule, Strategy, Target};
use ndarray::Array2;
use rand::{Rng, SeedableRng, rngs::StdRng};
use rayon::ThreadPoolBuilder;

use super::{attack::by_name, *};
use crate::{Method, data::Targets};

/// How all clients train.
const HYPER: Hyper = Hyper {
    method: Method::Sgd { momentum: 0.0 },
    epochs: 2,
    batch_size: 4,
    learning_rate: 0.5,
    proximal: 0.0,
    l2: 0.0,
    seed: 5,
};

/// Softmax of two features and three labels in `rounds` rounds.
fn spec(rounds: u32) -> FederationSpec<u128> {
    let text = format!(
        r#"{{"name":"colours","membership":"invited","clients_min":1,"clients_max":1,
        "rounds_max":{rounds},"windows":{{"commit_blocks":1,"settle_blocks":1,"reveal_blocks":2}},
        "sample_count_max":1000,"bond":"0","join_deposit":"0","reward":"0",
        "task":{{"model":"softmax","initial":"zeros","strategy":"fed_avg","schema":
        {{"features":[{{"name":"a","offset":"0","scale":"1"}},{{"name":"b","offset":"0","scale":"1"}}],
        "target":{{"classes":{{"name":"y","labels":["red","green","blue"]}}}}}}}}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

/// Rows whose label says which of `a`, `b` and 0 is the largest.
fn rows(count: usize, seed: u64) -> Dataset {
    let mut random = StdRng::seed_from_u64(seed);
    let features = Array2::from_shape_simple_fn((count, 2), || random.random_range(-2.0..2.0));
    let label = |row: ndarray::ArrayView1<f64>| match (row[0], row[1]) {
        (a, b) if a > b && a > 0.0 => 0,
        (_, b) if b > 0.0 => 1,
        _ => 2,
    };
    let classes = features.outer_iter().map(label).collect();
    Dataset {
        features,
        targets: Some(Targets::Classes(classes)),
    }
}

/// Clients with 5 rows and more.
fn clients(count: usize) -> Vec<Dataset> {
    (0..count)
        .map(|client| rows(5 + client % 4, client as u64))
        .collect()
}

fn run(setup: Setup<'_, u128>) -> Vec<Round> {
    Simulation::new(setup)
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

fn error(setup: Setup<'_, u128>) -> String {
    let stopped = Simulation::new(setup).and_then(|rounds| rounds.collect::<Result<Vec<_>, _>>());
    stopped.unwrap_err().to_string()
}

fn attackers(name: &str, count: usize) -> Option<Attackers> {
    let attack = by_name(name).unwrap();
    Some(Attackers { count, attack })
}

#[test]
fn the_roots_are_those_of_a_server_run_by_hand() {
    let (spec, clients) = (spec(3), clients(4));
    let mut server = Server::new(&spec).unwrap();
    let root = |model: &[i32]| values_root(&spec.task.format.encode(model).unwrap());
    let mut roots = vec![root(server.model())];
    let mut models = vec![server.model().to_vec()];
    for round in 1..=3 {
        let updates = clients.iter().map(|rows| Update {
            values: train(&spec.task, server.model(), rows, &HYPER, round)
                .unwrap()
                .values,
            sample_count: rows.rows() as u32,
        });
        let updates: Vec<Update> = updates.collect();
        server.close(&updates).unwrap();
        roots.push(root(server.model()));
        models.push(server.model().to_vec());
    }
    let rounds = run(Setup::new(&spec, &clients, HYPER));
    let found: Vec<H256> = rounds.iter().map(|round| round.model_root).collect();
    assert_eq!(found, roots);
    assert_eq!(simulate(&spec, &clients, &HYPER).unwrap(), models);
    // Nine zeros of four bytes.
    assert_eq!(roots[0], values_root(&[0; 36]));
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let (spec, clients) = (spec(4), clients(23));
    let run = |threads| {
        let setup = Setup {
            sampling: Sampling::Share(0.6),
            drop_out: 0.2,
            attackers: attackers("gaussian_noise", 3),
            seed: 9,
            ..Setup::new(&spec, &clients, HYPER)
        };
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| run(setup))
    };
    let (alone, together) = (run(1), run(4));
    assert_eq!(alone, together);
    assert_eq!(report::csv(&alone), report::csv(&together));
}

#[test]
fn so_many_are_sampled_and_so_many_drop_out() {
    let (spec, clients) = (spec(6), clients(20));
    let rounds = run(Setup {
        sampling: Sampling::Count(10),
        drop_out: 0.3,
        seed: 1,
        ..Setup::new(&spec, &clients, HYPER)
    });
    let counts: Vec<_> = rounds
        .iter()
        .map(|round| (round.round, round.sampled, round.dropped, round.accepted))
        .collect();
    assert_eq!(counts[0], (0, 0, 0, 0));
    assert!(
        counts[1..]
            .iter()
            .all(|(_, sampled, dropped, accepted)| { *sampled == 10 && dropped + accepted == 10 })
    );
    let dropped: usize = counts.iter().map(|round| round.2).sum();
    assert!(
        (10..=26).contains(&dropped),
        "{dropped} of 60 by a chance of 0.3"
    );
    assert!(rounds[6].metrics.loss < rounds[0].metrics.loss);
}

#[test]
fn a_round_with_too_few_updates_is_skipped() {
    let (mut spec, clients) = (spec(8), clients(5));
    spec.task.strategy = Strategy::Krum { f: 1 };
    let rounds = run(Setup {
        drop_out: 0.2,
        seed: 2,
        ..Setup::new(&spec, &clients, HYPER)
    });
    assert_eq!(rounds[0].outcome, Outcome::Initial);
    for pair in rounds.windows(2) {
        let (before, after) = (&pair[0], &pair[1]);
        // Krum with one bad client needs all five.
        let expected = match after.dropped {
            0 => Outcome::Aggregated,
            _ => Outcome::Skipped,
        };
        assert_eq!(after.outcome, expected);
        assert_eq!(after.model_root == before.model_root, after.dropped > 0);
    }
    let skipped = rounds.iter().filter(|it| it.outcome == Outcome::Skipped);
    assert!((1..8).contains(&skipped.count()), "some, but not all");
}

#[test]
fn updates_beyond_a_bound_are_refused_and_honest_clients_keep_it() {
    let (mut spec, clients) = (spec(2), clients(6));
    spec.task.norm = Some(NormRule::Reject { max: 20_000 });
    let setup = || Setup::new(&spec, &clients, HYPER);
    assert_eq!(run(setup()).last().unwrap().accepted, 6);
    let attacked = Setup {
        attackers: attackers("scaler", 2),
        ..setup()
    };
    assert_eq!(run(attacked).last().unwrap().accepted, 4);
}

#[test]
fn attackers_spoil_a_mean_and_not_a_median() {
    let (mut spec, clients) = (spec(5), clients(10));
    let held_out = [rows(200, 99)];
    let mut accuracy = |strategy, attackers| {
        spec.task.strategy = strategy;
        let rounds = run(Setup {
            held_out: &held_out,
            attackers,
            ..Setup::new(&spec, &clients, HYPER)
        });
        let last = rounds.last().unwrap();
        assert_eq!((last.accepted, last.metrics.rows), (10, 200));
        last.metrics.accuracy.unwrap()
    };
    let scaler = || attackers("scaler", 2);
    assert!(accuracy(Strategy::FedAvg, None) > 0.85);
    assert!(accuracy(Strategy::FedAvg, scaler()) < 0.5);
    assert!(accuracy(Strategy::Median, scaler()) > 0.8);
    // Relabelled rows are learned honestly.
    assert!(accuracy(Strategy::FedAvg, attackers("label_flipper", 10)) < 0.6);
}

#[test]
fn an_inflated_sample_count_weighs_up_to_the_cap() {
    let (mut spec, clients) = (spec(1), clients(2));
    let root = |spec: &FederationSpec<u128>, name| {
        let setup = Setup {
            attackers: attackers(name, 1),
            ..Setup::new(spec, &clients, HYPER)
        };
        run(setup)[1].model_root
    };
    // Both turn their update around, one of them weighs 1,000 rows instead of 5.
    assert_ne!(
        root(&spec, "sign_flipper"),
        root(&spec, "sample_count_inflator")
    );
    spec.sample_count_max = 5;
    assert_eq!(
        root(&spec, "sign_flipper"),
        root(&spec, "sample_count_inflator")
    );
}

#[test]
fn parts_of_the_rows_measure_as_the_whole() {
    let (spec, clients) = (spec(2), clients(3));
    let whole = rows(90, 7);
    let part = |range: std::ops::Range<usize>| whole.select(&range.collect::<Vec<_>>());
    let measure = |held_out: &[Dataset]| {
        let setup = Setup {
            held_out,
            ..Setup::new(&spec, &clients, HYPER)
        };
        run(setup)[2].metrics
    };
    let (whole, parts) = (
        measure(std::slice::from_ref(&whole)),
        measure(&[part(0..20), part(20..21), part(21..90)]),
    );
    assert_eq!((parts.rows, parts.rmse), (90, None));
    assert!((parts.loss - whole.loss).abs() < 1e-12);
    assert!((parts.accuracy.unwrap() - whole.accuracy.unwrap()).abs() < 1e-12);
}

#[test]
fn impossible_setups_say_what_to_change() {
    let (spec, some) = (spec(1), clients(3));
    let setup = || Setup::new(&spec, &some, HYPER);
    let many = clients(1_025);
    let mut krum = spec.clone();
    krum.task.strategy = Strategy::Krum { f: 1 };
    let mut uploaded = spec.clone();
    uploaded.task.initial = Initial::Uploaded { root: H256::zero() };
    for (setup, expected) in [
        (Setup::new(&spec, &[], HYPER), "there are no clients"),
        (
            Setup {
                sampling: Sampling::Count(4),
                ..setup()
            },
            "cannot sample 4 of 3 clients: take a share above 0 and up to 1.0, or a number from 1 to 3",
        ),
        (
            Setup {
                drop_out: 1.0,
                ..setup()
            },
            "a drop-out probability of 1 is not possible",
        ),
        (
            Setup {
                attackers: attackers("copier", 4),
                ..setup()
            },
            "4 of 3 clients cannot attack",
        ),
        (
            Setup::new(&spec, &many, HYPER),
            "1025 clients in each round are too many: the federation's strategy takes up to 1024",
        ),
        (Setup::new(&krum, &many[..129], HYPER), "takes up to 128"),
        (
            Setup::new(&uploaded, &some, HYPER),
            "the initial model is uploaded",
        ),
        (
            Setup {
                hyper: Hyper {
                    learning_rate: 1e300,
                    ..HYPER
                },
                ..setup()
            },
            "client 1 in round 1: ",
        ),
    ] {
        let found = error(setup);
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn an_error_ends_the_rounds() {
    let (spec, clients) = (spec(3), clients(2));
    let hyper = Hyper {
        learning_rate: 1e300,
        ..HYPER
    };
    let rounds = Simulation::new(Setup::new(&spec, &clients, hyper)).unwrap();
    let found: Vec<bool> = rounds.map(|round| round.is_ok()).collect();
    assert_eq!(found, [true, false]);
}

#[test]
fn a_table_has_a_line_for_each_round() {
    let (spec, clients) = (spec(1), clients(3));
    let rounds = run(Setup::new(&spec, &clients, HYPER));
    let text = report::csv(&rounds);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(
        lines[0],
        "round,sampled,dropped,accepted,outcome,model_root,rows,loss,accuracy"
    );
    let initial = format!("0,0,0,0,initial,{:?},18,1.098612", values_root(&[0; 36]));
    assert!(lines[1].starts_with(&initial), "{}", lines[1]);
    assert!(
        lines[2].starts_with("1,3,0,3,aggregated,0x"),
        "{}",
        lines[2]
    );
}

#[test]
fn charts_name_their_axes() {
    let (spec, clients) = (spec(2), clients(3));
    let rounds = run(Setup::new(&spec, &clients, HYPER));
    let loss = plot::loss(&rounds).unwrap();
    for text in ["<svg", "Loss of the server model", "round", "mean loss"] {
        assert!(loss.contains(text), "{text}");
    }
    let (name, chart) = plot::quality(&rounds).unwrap().unwrap();
    assert_eq!(name, "accuracy");
    assert!(chart.contains("accuracy in %"), "{chart}");
    // One point per round and for the initial model.
    assert_eq!(chart.matches("<circle").count(), 3);
}

#[test]
fn a_certificate_is_of_all_clients_rows() {
    let mut spec = spec(1);
    let task = &mut spec.task;
    task.model = ModelSpec::Linear;
    task.schema.target = Target::Real(task.schema.features[0].clone());
    let line = |slope: f64| Dataset {
        features: ndarray::array![[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]],
        targets: Some(Targets::Real(
            ndarray::array![0.0, 1.0, 2.0, 3.0].mapv(|x: f64| slope * x),
        )),
    };
    let clients = [line(1.0), line(2.0)];
    let found = |spec: &FederationSpec<u128>, clients: &[Dataset]| {
        certify(&Setup::new(spec, clients, HYPER)).map_err(|error| error.to_string())
    };
    let said = found(&spec, &clients).unwrap_err();
    assert!(
        said.ends_with("its strategy is not least_squares"),
        "{said}"
    );
    let mut terms = LeastSquares {
        penalty: "1e-6".parse().unwrap(),
        epsilon: "1e-3".parse().unwrap(),
    };
    spec.task.strategy = Strategy::LeastSquares(terms);
    let certified = found(&spec, &clients).unwrap();
    assert_eq!((certified.clients, certified.rows), (2, 8));
    assert!(certified.distance < 1e-3, "{certified:?}");
    // The best slope is 1.5, which is wrong by x / 2: its mean square is 14 / 16.
    assert!(
        (certified.metrics.rmse.unwrap() - 0.875f64.sqrt()).abs() < 1e-3,
        "{certified:?}"
    );
    terms.epsilon = "1e-9".parse().unwrap();
    spec.task.strategy = Strategy::LeastSquares(terms);
    let said = found(&spec, &clients).unwrap_err();
    assert!(
        said.starts_with("there would be no certificate: the model that is rounded"),
        "{said}"
    );
    let said = found(&spec, &[line(1.0), line(9.0)]).unwrap_err();
    assert!(said.starts_with("client 2 in round 1: "), "{said}");
}
