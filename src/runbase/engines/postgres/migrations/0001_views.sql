-- One row for each metric of each run, without a join to write.
-- The mean is NULL where a value is infinite.
CREATE VIEW run_last AS
SELECT m.run_id, k.name, m.last_step AS step, m.last_progress AS progress, m.last AS value
  FROM run_metrics AS m
  JOIN metric_names AS k ON k.id = m.metric_id;

CREATE VIEW run_best AS
SELECT m.run_id, k.name, m.n, m.n_nan,
       m.min, m.min_step, m.max, m.max_step,
       CASE WHEN m.min > '-Infinity' AND m.max < 'Infinity' THEN m.sum / (m.n - m.n_nan) END AS mean
  FROM run_metrics AS m
  JOIN metric_names AS k ON k.id = m.metric_id;

-- Runs with the name of their experiment and their duration in seconds.
CREATE VIEW run_summary AS
SELECT r.id, e.kind, e.name AS experiment, r.number, r.name, r.status,
       r.time_created, r.time_started, r.time_updated, r.time_finished,
       CAST(EXTRACT(EPOCH FROM COALESCE(r.time_finished, r.time_updated) - r.time_started) AS DOUBLE PRECISION) AS seconds,
       r.comment, r.tags, r.args, r.value
  FROM runs AS r
  JOIN experiments AS e ON e.id = r.experiment_id;
