//! What each error says: parts of a message, without a capital or a full stop.

/// How the pool's refusals begin.
pub(super) const POOL: [(&str, &str); 7] = [
    (
        "Inability to pay some fees",
        "the account cannot pay the fee: see `fedchain status --key`, or fund the account",
    ),
    (
        "Transaction will be valid in the future",
        "an earlier transaction of the account is missing: wait for it, or try again",
    ),
    (
        "Transaction is outdated",
        "the account sent another transaction meanwhile: try again",
    ),
    (
        "Transaction has a bad signature",
        "its signature does not fit this chain: do node and client have the same version?",
    ),
    (
        "Transaction has an ancient birth block",
        "it was signed too long ago: try again",
    ),
    (
        "Transaction would exhaust the block limits",
        "it takes more than a block has room for: send less at once",
    ),
    (
        "Transaction call is not expected",
        "this chain does not take such a call",
    ),
];

/// Errors of other pallets that a trainer's calls can meet.
pub(super) const OTHERS: [(&str, &str); 6] = [
    (
        "InsufficientBalance",
        "the free balance does not cover it: see `fedchain status --key`, or fund the account",
    ),
    (
        "LiquidityRestrictions",
        "a part of the balance is locked: see `fedchain status --key`, or fund the account",
    ),
    (
        "ExistentialDeposit",
        "the amount is below the smallest balance of this chain: send more",
    ),
    (
        "Expendability",
        "the account must keep the smallest balance of this chain: send less",
    ),
    (
        "TooManyHolds",
        "the account holds deposits for too many reasons: leave a federation first",
    ),
    ("CallFiltered", "this chain does not take such a call"),
];

/// All errors of the federation pallet.
pub(super) const FEDERATION: [(&str, &str); 72] = [
    (
        "UnknownFederation",
        "no federation has this number: see `fedchain federation list`",
    ),
    (
        "NotOwner",
        "only the federation's owner may do this: sign with the key of the account that `fedchain \
         federation show` calls the owner",
    ),
    (
        "FederationOver",
        "the federation is over, or ends with this round: nothing more can be done in it",
    ),
    (
        "FederationRuns",
        "the federation still runs: wait for its end, or end it by `fedchain federation cancel`",
    ),
    (
        "NotInvited",
        "the account is not invited: ask the owner for `fedchain federation invite`",
    ),
    (
        "AlreadyInvited",
        "the account is invited already: it can run `fedchain join`",
    ),
    (
        "InvitationNotNeeded",
        "the federation is open: the account can run `fedchain join` without an invitation",
    ),
    (
        "AlreadyMember",
        "the account is a client already: it can run `fedchain train`",
    ),
    (
        "NotMember",
        "the account is no client: run `fedchain join` first",
    ),
    (
        "AlreadyLeaving",
        "the account leaves when this round ends already: there is nothing to do",
    ),
    (
        "Full",
        "all seats are taken or promised: wait until a client leaves",
    ),
    (
        "NotOnRoster",
        "the account is not on the roster of this round: a client takes part from the round after it \
         joined",
    ),
    (
        "WrongRound",
        "the federation is in another round: see `fedchain federation show`",
    ),
    (
        "CommitClosed",
        "the commit window is closed: wait for the next round",
    ),
    (
        "StaleBase",
        "the server model has changed: train again from the newest one",
    ),
    (
        "AlreadyCommitted",
        "the account has committed in this round already: wait for the reveal window",
    ),
    (
        "RevealClosed",
        "the reveal window is closed: see the phase in `fedchain federation show`",
    ),
    (
        "NoCommitment",
        "the account has no open commitment in this round: it must commit before it reveals",
    ),
    (
        "WrongOpening",
        "salt, sample count or values are not those committed to: reveal with the --state-dir that the \
         commitment was made with, before the window closes",
    ),
    (
        "NotOverdue",
        "the phase is not overdue yet: see its end in `fedchain federation show`",
    ),
    (
        "PartTaken",
        "this part is on chain already: send the next one",
    ),
    (
        "PartOutOfOrder",
        "parts are taken in order: send the one that follows those on chain",
    ),
    (
        "WrongPart",
        "the part is not 1 to 16 whole chunks of what was committed to, or the end of it: do node and \
         client have the same version?",
    ),
    (
        "NothingToUpload",
        "the initial model is on chain already: there is nothing to do",
    ),
    (
        "WrappedCall",
        "commit, reveal and upload are transactions of their own: send them outside batch and sudo",
    ),
    (
        "LowBalance",
        "the free balance does not cover the deposit, bond or escrow: see `fedchain status --key`, or fund \
         the account",
    ),
    (
        "InvalidName",
        "a name has 1 to 64 bytes of printable UTF-8: shorten or change it in the spec",
    ),
    (
        "InvalidScale",
        "a column's scale is not above zero, or a number not decimal: correct it in the spec",
    ),
    (
        "DuplicateName",
        "two columns or two class labels have the same name: rename one in the spec",
    ),
    (
        "BadCategory",
        "a column has numbers or labels, not both, and a real target neither a label nor a rule for empty \
         cells: correct it in the spec",
    ),
    (
        "InvalidParamCount",
        "the model has no parameters or more than 8 MiB of them, or is seeded and has more than 4 MiB: make \
         it smaller, or give it by --initial-model",
    ),
    (
        "TargetMismatch",
        "the target does not fit the model: linear models need a real one, softmax models two classes or \
         more",
    ),
    (
        "InvalidFracBits",
        "the number format has too many fractional bits for its width: take fewer",
    ),
    (
        "SeededOpaque",
        "an opaque model starts from zeros: write `initial = \"zeros\"` in the spec",
    ),
    (
        "InvalidClients",
        "`clients_min` must be 1 to `clients_max`, and that within the chain's limit",
    ),
    (
        "TooFewClients",
        "the strategy needs more clients: raise `clients_min`, or take another strategy",
    ),
    (
        "NeedsInvitation",
        "this strategy is for invited clients: write `membership = \"invited\"`, or take `fed_avg`",
    ),
    (
        "InvalidRounds",
        "`rounds_max` is zero or above the chain's limit: correct it in the spec",
    ),
    (
        "InvalidWindow",
        "a window is empty or above the chain's limit: correct it in the spec",
    ),
    (
        "RevealWindowTooShort",
        "the reveal window is too short for all clients to upload: raise `reveal_blocks`",
    ),
    (
        "InvalidSampleCountCap",
        "`sample_count_max` is zero or above the chain's limit: correct it in the spec",
    ),
    (
        "StagingTooLarge",
        "the clients' updates together need more room than the chain gives: take fewer clients or a \
         smaller model",
    ),
    (
        "AggregationTooHeavy",
        "one block cannot aggregate so many clients and parameters: take fewer clients or another \
         strategy",
    ),
    (
        "TooManyClients",
        "this strategy compares every pair of updates: take at most 128 clients",
    ),
    (
        "InvalidKeep",
        "Multi-Krum must keep at least one update: raise `keep`",
    ),
    (
        "InvalidCertificate",
        "least_squares needs a linear model of at most 200 features in 32-bit weights from zeros, a penalty \
         above 0 and at most 64, an epsilon above 0, and neither norm rule nor optimiser: correct the spec",
    ),
    (
        "CertifyClosed",
        "the federation takes no such call now, a solution or a refutation: see the phase in `fedchain federation show`",
    ),
    (
        "ImpossibleMoments",
        "these moments cannot be those of so many rows: are values and targets within 8 after offset and \
         scale?",
    ),
    (
        "NoMoments",
        "there are no moments of this client, or of this federation: name clients that revealed, as \
         `fedchain certificate` lists them",
    ),
    (
        "NobodyLeftOutAtFirst",
        "the first certificate is of everybody: leave clients out, as the owner, in a later one",
    ),
    (
        "LeftOutUnsorted",
        "a client is left out twice: name each once",
    ),
    (
        "WrongSolution",
        "the solution's numbers are not as many as the schema says: do node and client have the same \
         version?",
    ),
    (
        "UnprovenCurvature",
        "the witness does not prove the curvature that the solution claims: solve again with `fedchain \
         certify`",
    ),
    (
        "SolutionTooFar",
        "the solution may be further from the optimum than the federation's epsilon: solve again with \
         `fedchain certify`",
    ),
    (
        "InvalidOptimiser",
        "a parameter of the server optimiser is out of range: correct it in the spec",
    ),
    (
        "ValueOverflow",
        "a value does not fit the federation's number format: train with a smaller --learning-rate",
    ),
    (
        "SampleCountOutOfRange",
        "the sample count is zero or above the federation's `sample_count_max`: use a file with rows",
    ),
    (
        "EmptyLayer",
        "a hidden layer has no units: give it some in the spec, or leave it out",
    ),
    (
        "InvalidGate",
        "a gate needs a model with layers or a linear one that is trained round by round, 3 to 16 \
         evaluators and a quorum of 3 or more of them, rows that a holdout can have, a tolerance of 0 or \
         more, and at most 64 clients where contributions are measured: correct it in the spec",
    ),
    (
        "PaidUnbounded",
        "contributions can be paid only where something bounds a client's pull: choose a norm rule, or a \
         strategy that bounds bad clients",
    ),
    (
        "InvalidQuorum",
        "the quorum must be 0 to 99 per cent: correct it in the spec",
    ),
    (
        "BondNeeded",
        "with a bond of nothing, or below the reward, rounds can be skipped at a profit, by committing and not \
         revealing: set a higher bond, or a quorum of 0 with a strategy that has no bound on bad clients",
    ),
    (
        "InvalidCertificateFormat",
        "the certificate asks for more than numbers can give, whatever the rows: take a larger epsilon (the \
         certificate says how close the model is), more `frac_bits`, or fewer where the penalty is small, so \
         that weights of 8 / sqrt(penalty) fit",
    ),
    (
        "NoRefutation",
        "this does not prove that the client's moments are of no rows: `fedchain certify` finds whose are",
    ),
    (
        "GateWindowTooShort",
        "the gate's window is too short for all evaluators to upload: raise its `blocks`",
    ),
    (
        "NoGate",
        "the federation has no quality gate: its models are adopted unjudged",
    ),
    (
        "NotEvaluator",
        "the account is no evaluator: ask the owner for `fedchain federation appoint`",
    ),
    (
        "AlreadyEvaluator",
        "the account is an evaluator, and an evaluator is no client: take another account",
    ),
    (
        "HoldoutBonded",
        "the account's holdout for this round is bonded: leave when the round is over",
    ),
    (
        "RejectBesideBound",
        "this strategy needs all but a few updates, and `reject` loses more of them for nothing: write \
         `norm = { clip = .. }`",
    ),
    (
        "HoldoutUsed",
        "these very rows judged a round before: a holdout is used once",
    ),
    (
        "WrongRows",
        "a holdout's rows do not fit the task, or a class is none of the target's: do node and client have \
         the same version?",
    ),
];
