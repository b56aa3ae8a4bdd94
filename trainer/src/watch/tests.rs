//! Screens as text, drawn from literal states.

use fedchain_fl::{
    H256,
    gate::{GateRecord, Scores},
    view::{ClientView, EvaluatorView, HoldoutView, Outcome, PhaseView, RoundRecord},
    window::Deadline,
};

use super::{
    keys::Action,
    state::{Block, Detail, Picture, Round, State, Update},
    text,
};
use crate::{
    chain::{AccountId, Clock, FederationSummary},
    session::decide::tests::view,
};

const COMMIT: PhaseView = PhaseView::Commit {
    deadline: Deadline {
        block: 45,
        time_ms: 0,
    },
};

fn summary(federation: u32, name: &str, phase: PhaseView) -> FederationSummary {
    FederationSummary {
        federation,
        name: name.parse().unwrap(),
        owner: AccountId([9; 32]),
        phase,
        round: 3,
        rounds_max: 3,
        clients: 2,
    }
}

fn client(byte: u8, committed: bool) -> ClientView<AccountId> {
    ClientView {
        account: AccountId([byte; 32]),
        first_round: 1,
        missed: 0,
        leaving: false,
        committed,
        received: 0,
        revealed: false,
    }
}

/// Round `round`, judged by one evaluator with losses at 2^-32.
fn round(round: u32, outcome: Outcome, losses: Option<(u64, u64)>) -> Round {
    Round {
        round,
        record: RoundRecord {
            outcome,
            model_root: H256::repeat_byte(7),
            accepted_root: H256::zero(),
            accepted: 2,
            opened_at: 10 * round,
            closed_at: 10 * round + 7,
        },
        judgement: losses.map(|(base, new)| GateRecord {
            federation: 0,
            round,
            candidate_root: H256::zero(),
            scores: vec![Scores {
                evaluator: AccountId([5; 32]),
                holdout_root: H256::zero(),
                base,
                new,
            }]
            .try_into()
            .unwrap(),
            change: new as i64 - base as i64,
            contributions: Default::default(),
        }),
    }
}

fn picture(rounds: Vec<Round>) -> Picture {
    let mut view = view(COMMIT);
    view.round = 3;
    view.clients = vec![client(1, true), client(2, false)];
    view.evaluators = vec![EvaluatorView {
        account: AccountId([5; 32]),
        holdouts: vec![HoldoutView {
            round: 3,
            commitment: H256::zero(),
            received: 0,
            revealed: false,
        }],
    }];
    Picture {
        clock: Clock {
            block: 40,
            time_ms: 3_723_000,
            block_time_ms: 12_000,
        },
        federations: vec![
            summary(0, "iris", COMMIT),
            summary(4, "diabetes", PhaseView::Finished),
        ],
        detail: Some(Detail {
            view,
            rounds,
            own_losses: vec![],
        }),
        blocks: vec![
            Block {
                number: 40,
                hash: H256::repeat_byte(0xab),
                parent: H256::repeat_byte(0xcd),
                time_ms: 3_723_000,
                author: Some(AccountId([3; 32])),
                commits: 1,
                reveals: 0,
                closed: vec![],
            },
            Block {
                number: 39,
                hash: H256::repeat_byte(0xcd),
                parent: H256::zero(),
                time_ms: 3_711_000,
                author: None,
                commits: 0,
                reveals: 2,
                closed: vec![(0, 2, Outcome::Adopted)],
            },
        ],
    }
}

fn state(picture: Picture) -> State {
    let mut state = State::new("ws://127.0.0.1:9944".into(), Some(0));
    state.apply(Update::Picture(Box::new(picture)));
    state
}

/// A loss of `quarters` / 4 at 2^-32.
fn loss(quarters: u64) -> u64 {
    quarters << 30
}

#[track_caller]
fn check(state: &State, (width, height): (u16, u16), expected: &str) {
    let found = text(state, width, height);
    assert_eq!(found.trim_end(), expected.trim_matches('\n'), "\n{found}");
}

#[test]
fn a_judged_federation_shows_its_curve() {
    let rounds = vec![
        round(1, Outcome::Adopted, Some((loss(8), loss(4)))),
        // The worse model was not adopted, so the loss stays.
        round(2, Outcome::Worse, Some((loss(4), loss(12)))),
    ];
    check(
        &state(picture(rounds)),
        (92, 28),
        r"
fedchain ws://127.0.0.1:9944                                          block 40, 01:02:03 UTC
┌ federations ─────────────────────────────────────────────────────────────────────────────┐
│  number name                           phase     left                       round clients│
│>      0 iris                           commit    5 blocks, about 1 min        3/3       2│
│       4 diabetes                       finished                               3/3       2│
└──────────────────────────────────────────────────────────────────────────────────────────┘
┌ federation 0 ────────────────────────────────────────────────────────────────────────────┐
│round 3 of 3   window left 5 blocks, 60 s   model root 0x07070707…                        │
│commit window closes at block 45, now 40 (5 blocks, about 1 min)                          │
│2 clients: 1 committed, 0 revealed            median loss on holdouts 1.000               │
│member    account   committed revealed missed 2.000│⠑⠢⡀                                   │
│client    5C62Ck4U… yes       -        0           │  ⠈⠑⠤⡀                                │
│client    5C7LYpP2… -         -        0           │     ⠈⠒⢄⡀                             │
│evaluator 5CBHb3Lf… yes       -                    │        ⠈⠒⢄                           │
│                                                   │           ⠉⠢⢄                        │
│                                                   │              ⠑⠢⣀                     │
│                                              1.000│                 ⠑⠤⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀│
│                                                   └──────────────────────────────────────│
│                                                   0                               round 2│
│                                              round 2: median change 2.00000              │
│                                              5CBHb3Lf… 1.00000 -> 3.00000                │
└──────────────────────────────────────────────────────────────────────────────────────────┘
┌ newest blocks ───────────────────────────────────────────────────────────────────────────┐
│  block hash        UTC      author    federations' news                                  │
│     40 0xabababab… 01:02:03 5C8ettha… 1 commit                                           │
│     39 0xcdcdcdcd… 01:01:51 none      2 reveals, federation 0 round 2 adopted            │
└──────────────────────────────────────────────────────────────────────────────────────────┘
?: keys   q: quit
",
    );
}

#[test]
fn a_federation_without_a_gate_shows_rounds() {
    let rounds = vec![
        round(1, Outcome::Adopted, None),
        round(2, Outcome::Skipped, None),
    ];
    check(
        &state(picture(rounds)),
        (80, 24),
        r"
fedchain ws://127.0.0.1:9944                              block 40, 01:02:03 UTC
┌ federations ─────────────────────────────────────────────────────────────────┐
│  number name               phase     left                       round clients│
│>      0 iris               commit    5 blocks, about 1 min        3/3       2│
│       4 diabetes           finished                               3/3       2│
└──────────────────────────────────────────────────────────────────────────────┘
┌ federation 0 ────────────────────────────────────────────────────────────────┐
│round 3 of 3   window left 5 blocks, 60 s   model root 0x07070707…            │
│commit window closes at block 45, now 40 (5 blocks, about 1 min)              │
│2 clients: 1 committed, 0 revealed            no gate: --data FILE adds losses│
│member    account   committed revealed missed round outcome  accepted blocks  │
│client    5C62Ck4U… yes       -        0          2 skipped         2 20 to 27│
│client    5C7LYpP2… -         -        0          1 adopted         2 10 to 17│
│evaluator 5CBHb3Lf… yes       -                                               │
│                                                                              │
│                                                                              │
│                                                                              │
└──────────────────────────────────────────────────────────────────────────────┘
┌ newest blocks ───────────────────────────────────────────────────────────────┐
│  block hash        UTC      author    federations' news                      │
│     40 0xabababab… 01:02:03 5C8ettha… 1 commit                               │
│     39 0xcdcdcdcd… 01:01:51 none      2 reveals, federation 0 round 2 adopted│
└──────────────────────────────────────────────────────────────────────────────┘
?: keys   q: quit
",
    );
}

#[test]
fn own_rows_come_before_holdouts() {
    let rounds = vec![round(1, Outcome::Adopted, Some((loss(8), loss(4))))];
    let mut picture = picture(rounds);
    let own = vec![(0.0, 0.5), (1.0, 0.25)];
    picture.detail.as_mut().unwrap().own_losses = own;
    let screen = text(&state(picture), 80, 24);
    assert!(screen.contains("loss on your rows 0.2500"), "\n{screen}");
    assert!(!screen.contains("holdouts"), "\n{screen}");
}

#[test]
fn a_small_terminal_gets_lines() {
    let rounds = vec![round(2, Outcome::Adopted, None)];
    check(
        &state(picture(rounds)),
        (40, 10),
        r"
fedchain ws://127 block 40, 01:02:03 UTC
0 test
round 3 of 3, commit
window left 5 blocks, 60 s
2 clients: 1 committed, 0 revealed
round 2 adopted, 2 accepted
block 40 0xabababab… 01:02:03


?: keys   q: quit
",
    );
}

#[test]
fn a_lost_node_is_said_and_the_picture_stays() {
    let mut state = state(picture(vec![]));
    state.apply(Update::Lost("connection refused".into()));
    let screen = text(&state, 80, 24);
    assert!(screen.contains("NODE GONE, as of block 40"), "\n{screen}");
    assert!(
        screen.contains("trying again: connection refused"),
        "\n{screen}"
    );
    assert!(screen.contains("diabetes"), "\n{screen}");
    state.apply(Update::Picture(Box::new(picture(vec![]))));
    assert!(!text(&state, 80, 24).contains("GONE"));
}

#[test]
fn before_the_first_picture_and_without_federations_there_is_a_sentence() {
    let mut state = State::new("ws://127.0.0.1:9944".into(), None);
    assert!(text(&state, 80, 24).contains("reading the chain"));
    state.apply(Update::Picture(Box::new(Picture {
        federations: vec![],
        detail: None,
        ..picture(vec![])
    })));
    for size in [(80, 24), (40, 10)] {
        let screen = text(&state, size.0, size.1);
        assert!(screen.contains("no federations yet"), "\n{screen}");
    }
}

#[test]
fn no_size_is_too_small() {
    let state = state(picture(vec![round(
        1,
        Outcome::Adopted,
        Some((loss(8), loss(4))),
    )]));
    for (width, height) in [(1, 1), (2, 3), (20, 2), (72, 20), (73, 20), (300, 90)] {
        text(&state, width, height);
    }
}

#[test]
fn keys_move_within_the_list() {
    let mut state = state(picture(vec![]));
    assert!(state.act(Action::Previous));
    assert_eq!(state.chosen(), Some(0));
    assert!(state.act(Action::Next));
    assert_eq!(state.chosen(), Some(4));
    // The detail at hand is another federation's.
    assert!(state.detail().is_none());
    assert!(state.act(Action::Next));
    assert_eq!(state.chosen(), Some(4));
    assert!(!state.act(Action::Quit));
}

#[test]
fn a_federation_that_is_gone_gives_way_to_its_neighbour() {
    let mut state = state(picture(vec![]));
    state.act(Action::Next);
    let mut picture = picture(vec![]);
    picture.federations.pop();
    state.apply(Update::Picture(Box::new(picture)));
    assert_eq!(state.chosen(), Some(0));
}

#[test]
fn help_explains_the_keys() {
    let mut state = state(picture(vec![]));
    assert!(!text(&state, 80, 24).contains("Ctrl-C"));
    state.act(Action::Help);
    assert!(text(&state, 80, 24).contains("q or Ctrl-C: quit"));
}
