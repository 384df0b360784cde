-- Ax experiments: Ax's own JSON, cut into rows. The observations are in "metrics" and nowhere else.
-- "version" is the experiment's version when the document last changed, "ax_version" the Ax that
-- wrote it. A trial's documents lie beside its row in "runs".

CREATE TABLE ax_experiments (
    experiment_id INTEGER PRIMARY KEY REFERENCES experiments (id) ON DELETE CASCADE,
    doc           TEXT NOT NULL,
    ax_version    TEXT NOT NULL,
    version       INTEGER NOT NULL
);

-- "layout" tells how the rows of "metrics" become Ax's observations again: their order, and the
-- little of them that has no place there.
CREATE TABLE ax_trials (
    run_id     INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    doc        TEXT NOT NULL,
    layout     TEXT NOT NULL,
    ax_version TEXT NOT NULL
);

CREATE TABLE ax_strategies (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER REFERENCES experiments (id) ON DELETE CASCADE,
    name          TEXT NOT NULL,
    node          TEXT,
    doc           TEXT NOT NULL,
    ax_version    TEXT NOT NULL,
    version       INTEGER NOT NULL
);
CREATE INDEX ax_strategies_experiment ON ax_strategies (experiment_id);

-- What a strategy generated, in order: generator run "position" of a trial, or, as long as no trial
-- has it, the document itself.
CREATE TABLE ax_generator_runs (
    strategy_id INTEGER NOT NULL REFERENCES ax_strategies (id) ON DELETE CASCADE,
    ordinal     INTEGER NOT NULL,
    run_id      INTEGER REFERENCES runs (id) ON DELETE CASCADE,
    position    INTEGER,
    doc         TEXT,
    PRIMARY KEY (strategy_id, ordinal)
) WITHOUT ROWID;
CREATE INDEX ax_generator_runs_run ON ax_generator_runs (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE ax_cards (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    doc           TEXT NOT NULL,
    ax_version    TEXT NOT NULL,
    time_created  TIMESTAMPTZ NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);
CREATE INDEX ax_cards_experiment ON ax_cards (experiment_id);
