import type { SqlSchema } from '../../data/api.gen'

export interface Example {
  title: string
  query: string
}

type Dialect = SqlSchema['dialect']

/** Something inside of a JSON document as text. */
const inJson: Record<Dialect, (column: string, key: string) => string> = {
  sqlite: (column, key) => `${column} ->> '${key}'`,
  postgresql: (column, key) => `${column} ->> '${key}'`,
  mysql: (column, key) => `JSON_VALUE(${column}, '$.${key}')`,
}

const day: Record<Dialect, string> = {
  sqlite: 'DATE(time_created)',
  postgresql: "CAST(time_created AT TIME ZONE 'UTC' AS DATE)",
  mysql: 'DATE(time_created)',
}

/** Queries to begin with. */
export function examples(dialect: Dialect): Example[] {
  const model = inJson[dialect]('r.args', 'model')
  return [
    {
      title: 'The newest runs',
      query: 'SELECT id, experiment, name, status, time_started, seconds\n  FROM run_summary\n ORDER BY id DESC\n LIMIT 100',
    },
    {
      title: 'Lowest and highest values of each metric',
      query:
        'SELECT e.name AS experiment, b.name AS metric, COUNT(*) AS runs,\n       MIN(b.min) AS lowest, MAX(b.max) AS highest\n  FROM run_best AS b\n  JOIN runs AS r ON r.id = b.run_id\n  JOIN experiments AS e ON e.id = r.experiment_id\n GROUP BY e.name, b.name\n ORDER BY e.name, b.name',
    },
    {
      title: 'Runs and hours a day',
      query: `SELECT ${day[dialect]} AS day, COUNT(*) AS runs, SUM(seconds) / 3600 AS hours\n  FROM run_summary\n GROUP BY 1\n ORDER BY 1`,
    },
    {
      title: 'An argument beside the lowest and highest values',
      query: `SELECT r.id AS run_id, ${model} AS model, b.name AS metric,\n       b.min AS lowest, b.max AS highest\n  FROM runs AS r\n  JOIN run_best AS b ON b.run_id = r.id\n ORDER BY b.name, r.id\n LIMIT 1000`,
    },
    {
      title: 'The curves of one metric',
      query:
        'SELECT run_id, step, value\n  FROM metrics_long\n WHERE name = (SELECT MIN(name) FROM metric_names)\n ORDER BY run_id, step\n LIMIT 10000',
    },
    {
      title: 'Runs by status',
      query: 'SELECT status, COUNT(*) AS runs\n  FROM runs\n GROUP BY status\n ORDER BY runs DESC',
    },
    {
      title: 'What failed last',
      query:
        "SELECT id, experiment, name, time_updated, comment\n  FROM run_summary\n WHERE status = 'FAILED'\n ORDER BY time_updated DESC\n LIMIT 50",
    },
  ]
}
