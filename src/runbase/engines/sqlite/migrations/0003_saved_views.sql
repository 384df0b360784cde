-- Names for what pages of runs show: "state" is the query string of such a page. Those without an
-- experiment are of the runs of all. "version" counts the changes, so that nobody overwrites what
-- another one changed unseen.
CREATE TABLE views (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER REFERENCES experiments (id) ON DELETE CASCADE,
    name          TEXT NOT NULL,
    state         TEXT NOT NULL,
    time_created  TIMESTAMPTZ NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')),
    time_updated  TIMESTAMPTZ,
    version       INTEGER NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX views_name ON views (COALESCE(experiment_id, 0), name);
CREATE INDEX views_experiment ON views (experiment_id);
