-- Runbase on SQLite. A try is a row in "runs"; what it measured are rows in "metrics".
-- Times are UTC as ISO text of fixed length, which sorts and which SQLite's date functions read.
-- Ids are never used twice (AUTOINCREMENT).

CREATE TABLE applied_migrations (
    name         TEXT PRIMARY KEY,
    checksum     TEXT NOT NULL,
    time_applied TIMESTAMPTZ NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);

-- "next_number" is the number of the next run. "version" counts the changes of a study: each change
-- of a trial gives it the study's next version, so that a reader asks only for what is new.
CREATE TABLE experiments (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    kind         TEXT NOT NULL DEFAULT 'tracking',
    name         TEXT NOT NULL,
    comment      TEXT,
    tags         JSONB,
    extras       JSONB,
    directions   JSONB,
    time_created TIMESTAMPTZ NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    time_updated TIMESTAMPTZ,
    next_number  INTEGER NOT NULL DEFAULT 0,
    version      INTEGER NOT NULL DEFAULT 0,
    UNIQUE (kind, name)
);

CREATE TABLE experiment_links (
    from_id INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    kind    TEXT NOT NULL,
    to_id   INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    PRIMARY KEY (from_id, kind, to_id)
) WITHOUT ROWID;
CREATE INDEX experiment_links_to ON experiment_links (to_id);

CREATE TABLE runs (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id    INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    number           INTEGER NOT NULL,
    parent_id        INTEGER REFERENCES runs (id) ON DELETE CASCADE,
    name             TEXT,
    status           TEXT NOT NULL DEFAULT 'PLANNED',
    time_created     TIMESTAMPTZ NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    time_started     TIMESTAMPTZ,
    time_updated     TIMESTAMPTZ,
    time_finished    TIMESTAMPTZ,
    heartbeat        TIMESTAMPTZ,
    comment          TEXT,
    tags             JSONB,
    args             JSONB,
    env              JSONB,
    extras           JSONB,
    value            DOUBLE,
    objective_values JSONB,
    version          INTEGER NOT NULL DEFAULT 0,
    UNIQUE (experiment_id, number)
);
CREATE INDEX runs_version ON runs (experiment_id, version) WHERE version > 0;
CREATE INDEX runs_parent ON runs (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE run_links (
    from_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    kind    TEXT NOT NULL,
    to_id   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    PRIMARY KEY (from_id, kind, to_id)
) WITHOUT ROWID;
CREATE INDEX run_links_to ON run_links (to_id);

-- Attributes that other tools own (Optuna's user and system attributes): exact JSON text.
CREATE TABLE experiment_attrs (
    owner_id INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    scope    TEXT NOT NULL,
    key      TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (owner_id, scope, key)
) WITHOUT ROWID;

CREATE TABLE run_attrs (
    owner_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    scope    TEXT NOT NULL,
    key      TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (owner_id, scope, key)
) WITHOUT ROWID;

CREATE TABLE distributions (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    json TEXT NOT NULL UNIQUE
);

CREATE TABLE run_params (
    run_id          INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    seq             INTEGER NOT NULL,
    name            TEXT NOT NULL,
    value           DOUBLE,
    distribution_id INTEGER NOT NULL REFERENCES distributions (id),
    PRIMARY KEY (run_id, seq)
) WITHOUT ROWID;

-- One row for each point in time, one column for each metric, added when a metric first comes.
-- Without rowid the rows of a run lie together in the order of its steps.
CREATE TABLE metrics (
    run_id   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step     INTEGER NOT NULL DEFAULT 0,
    progress DOUBLE NOT NULL DEFAULT 0.0,
    PRIMARY KEY (run_id, step, progress)
) WITHOUT ROWID;

-- The exact names of metrics. column_name is NULL where values live in metrics_more.
CREATE TABLE metric_names (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT NOT NULL UNIQUE,
    column_name  TEXT UNIQUE,
    kind         TEXT NOT NULL,
    user_defined INTEGER NOT NULL DEFAULT 0
);

-- Metrics beyond the columns: {"name": value, ...}
CREATE TABLE metrics_more (
    run_id   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step     INTEGER NOT NULL DEFAULT 0,
    progress DOUBLE NOT NULL DEFAULT 0.0,
    data     JSONB NOT NULL,
    PRIMARY KEY (run_id, step, progress)
) WITHOUT ROWID;

-- NaN, which SQLite has not; and infinities of metrics without a column.
CREATE TABLE metric_specials (
    run_id    INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    metric_id INTEGER NOT NULL REFERENCES metric_names (id) ON DELETE CASCADE,
    step      INTEGER NOT NULL DEFAULT 0,
    progress  DOUBLE NOT NULL DEFAULT 0.0,
    value     TEXT NOT NULL,
    PRIMARY KEY (run_id, metric_id, step, progress)
) WITHOUT ROWID;

-- What tables of runs show: kept in the transaction that writes the metrics.
CREATE TABLE run_metrics (
    run_id        INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    metric_id     INTEGER NOT NULL REFERENCES metric_names (id) ON DELETE CASCADE,
    n             INTEGER NOT NULL,
    n_nan         INTEGER NOT NULL DEFAULT 0,
    first_step    INTEGER,
    last_step     INTEGER,
    last_progress DOUBLE,
    last          DOUBLE,
    min           DOUBLE,
    min_step      INTEGER,
    max           DOUBLE,
    max_step      INTEGER,
    sum           DOUBLE,
    PRIMARY KEY (run_id, metric_id)
) WITHOUT ROWID;

CREATE TABLE artifacts (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER REFERENCES experiments (id) ON DELETE CASCADE,
    run_id        INTEGER REFERENCES runs (id) ON DELETE CASCADE,
    filename      TEXT NOT NULL,
    mimetype      TEXT,
    encoding      TEXT,
    size          INTEGER,
    sha256        TEXT,
    uri           TEXT NOT NULL,
    time_created  TIMESTAMPTZ NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'))
);
CREATE INDEX artifacts_run ON artifacts (run_id);
CREATE INDEX artifacts_experiment ON artifacts (experiment_id);
