// Made from the server's annotations by `make types`: do not edit.

/** What somebody said, or a program reported. */
export interface Answer {
  id: string;
  mode: "ChooseBest" | "ChooseWorst" | "Equal" | "Rank" | "Reported";
  time: number | null;
  candidates: number[];
  clicked: number | null;
  order: number[];
  pairs: number[][];
  is_removed: boolean;
}

/** Answers, the latest first, and the trials that they are about. */
export interface AnswerPage {
  total: number;
  removed: number;
  answers: Answer[];
  trials: Candidate[];
  component: FeedbackComponent;
}

/** A stored file; its bytes are at ``url``, relative to the base path. */
export interface Artifact {
  artifact_id: string;
  filename: string;
  mimetype: string;
  encoding: string | null;
  url: string;
  size: number | null;
}

/** An attribute of a study or a trial; the value is any JSON. */
export interface Attr {
  key: string;
  value: unknown;
}

/** A user attribute that trials have. */
export interface Attribute {
  key: string;
  numeric: boolean;
  count: number;
}

/** A trial that people compare with others. */
export interface Candidate {
  number: number;
  id: number;
  status: string;
  params: Record<string, unknown>;
  note: Note;
  artifact: Artifact | null;
}

/** The versions of experiments; also the data of each server-sent event of ``/api/events``. */
export interface Changes {
  tick: number;
  experiments: Record<string, number>;
  deleted: number[];
}

/** One choice of a categorical parameter: its text as people read it, and its JSON type. */
export interface Choice {
  label: string;
  type: string;
}

/** Values of one column, one per trial; null where a trial has none. */
export interface Column {
  values: (number | "-inf" | "inf" | "nan" | null)[];
  labels: string[] | null;
}

/** Values of the asked-for columns for the same trials, in the order of their numbers. */
export interface Columns {
  version: number;
  total: number;
  sampled: boolean;
  complete: boolean;
  columns: Record<string, Column>;
}

/** A link from one of the runs to another one. */
export interface ComparedLink {
  from_id: number;
  kind: string;
  to_id: number;
}

/** A fact of runs, with the key of its column; one value for each, null where there is none. */
export interface ComparedRow {
  key: string;
  label: string;
  group: "args" | "attrs" | "env" | "extras" | "metrics" | "run";
  kind: "document" | "duration" | "number" | "status" | "tags" | "text" | "time";
  values: unknown[];
  differs: boolean;
  lower_is_better: boolean;
}

/** Values over two parameters, on a grid, interpolated between trials. */
export interface Contour {
  version: number;
  x: number[];
  y: number[];
  z: ((number | null)[])[];
  x_labels: string[] | null;
  y_labels: string[] | null;
  x_log: boolean;
  y_log: boolean;
}

/** Trials by status, in the words of Runbase. */
export interface Counts {
  total: number;
  PLANNED: number;
  RUNNING: number;
  COMPLETED: number;
  PRUNED: number;
  FAILED: number;
  CANCELLED: number;
  other: number;
}

/** One metric of one trial along its steps, at most as many points as asked for. */
export interface Curve {
  number: number;
  status: string;
  value: number | "-inf" | "inf" | "nan" | null;
  steps: number[];
  values: (number | "-inf" | "inf" | "nan" | null)[];
  name: string | null;
}

/** Curves of some trials of an experiment. */
export interface Curves {
  version: number;
  total: number;
  curves: Curve[];
}

/** The share of trials whose value is at most x: one y for each x. */
export interface Distribution {
  version: number;
  x: number[];
  y: number[];
  total: number;
}

/** The number of the queued trial; null if one with these parameters was there already. */
export interface Enqueued {
  number: number | null;
}

/** What to change; what is missing stays. */
export interface ExperimentChange {
  name?: string | null;
  tags?: string[] | null;
  comment?: string | null;
}

/** One line of the home page. */
export interface ExperimentRow {
  id: number;
  kind: string;
  name: string;
  directions: ("maximize" | "minimize" | "not_set")[];
  tags: string[];
  counts: Counts;
  best: number | "-inf" | "inf" | "nan" | null;
  best_trial: number | null;
  objective_names: string[];
  time_created: number;
  last_activity: number | null;
  trend: (number | "-inf" | "inf" | "nan")[];
  stale: number;
  is_preferential: boolean;
  comment: string | null;
  version: number;
}

/** All experiments, newest first, and the state of the database that they show. */
export interface Experiments {
  experiments: ExperimentRow[];
  total: number;
}

/** What waits for an answer. */
export interface Feedback {
  version: number;
  component: FeedbackComponent;
  artifact_keys: string[];
  n_generate: number | null;
  candidates: Candidate[];
  best: number[];
  skipped: number[];
  answers: number;
  pairs: number;
}

/** What of a trial people look at: its note, or the file whose id is in a user attribute. */
export interface FeedbackComponent {
  output_type: "artifact" | "note";
  artifact_key?: string | null;
}

/** A user-defined Plotly figure; its JSON is at ``figures/{id}``. */
export interface Figure {
  id: string;
  hash: string;
}

/** What people are asked about a running trial: its objective values or user attributes. */
export interface Form {
  output_type: "objective" | "user_attr";
  widgets: Widget[];
}

/** How much a parameter matters, as a share of 1. */
export interface Importance {
  name: string;
  importance: number;
}

/** Importances of the parameters, the largest first. */
export interface Importances {
  version: number;
  importances: Importance[][];
  trials: number;
  reason: string | null;
}

/** What this server can do. */
export interface Meta {
  version: string;
  storage: string;
  read_only: boolean;
  artifact_is_available: boolean;
  live: "events" | "poll";
  saves_views: boolean;
  sql: boolean;
  sql_refusal: string | null;
  llm_is_available: boolean;
  plotlypy_is_available: boolean;
  allow_unsafe: boolean;
}

/** What a run's metric came to. */
export interface MetricSummary {
  name: string;
  count: number;
  last: number | "-inf" | "inf" | "nan" | null;
  min: number | "-inf" | "inf" | "nan" | null;
  max: number | "-inf" | "inf" | "nan" | null;
  last_step: number | null;
  sem: number | "-inf" | "inf" | "nan" | null;
}

/** An answer; ``id`` is a new UUID of the asker's, so that it can be sent twice. */
export interface NewAnswer {
  mode: "ChooseBest" | "ChooseWorst" | "Equal" | "Rank";
  candidates: number[];
  clicked?: number | null;
  order?: number[];
  id?: string | null;
}

/** A study (kind "optuna") or a tracking experiment to create. */
export interface NewExperiment {
  name: string;
  kind?: string;
  directions?: ("maximize" | "minimize" | "not_set")[];
}

/** A new name of a study. */
export interface NewName {
  study_name: string;
}

/** A study to create. */
export interface NewStudy {
  study_name: string;
  directions: string[];
}

/** A view to save. */
export interface NewView {
  experiment: number | null;
  name: string;
  state: string;
}

/** A note in Markdown; a writer sends version + 1. */
export interface Note {
  version: number;
  body: string;
}

/** A parameter of the trials of an experiment. */
export interface Parameter {
  name: string;
  kind: "categorical" | "float" | "int" | "other";
  low: number | null;
  high: number | null;
  log: boolean;
  step: number | null;
  choices: Choice[];
  count: number;
  in_all: boolean;
}

export interface Problem {
  reason: string;
}

/** A trial to try: values of some or all parameters. */
export interface Queued {
  params: Record<string, unknown>;
  user_attrs?: Record<string, unknown>;
  skip_if_exists?: boolean;
}

/** What to delete with a study. */
export interface Removal {
  remove_associated_artifacts?: boolean;
}

/** A file of the run; its bytes are at ``url``, relative to the base path. */
export interface RunArtifact {
  artifact_id: string;
  filename: string;
  mimetype: string;
  encoding: string | null;
  url: string;
  size: number | null;
  sha256: string | null;
  time_created: number | null;
  older: number;
  is_table: boolean;
  is_own: boolean;
}

/** What a metric is on average in runs with the same value of a column. */
export interface RunBand {
  value: unknown;
  runs: number[];
  x: number[];
  mean: number[];
  low: number[];
  high: number[];
  std: number[];
  count: number[];
}

/** What there is to show of the runs of an experiment, or of all. */
export interface RunCatalogue {
  experiment: string | null;
  kind: string | null;
  total: number;
  is_complete: boolean;
  columns: RunColumn[];
  shown: string[];
  metrics: string[];
  tags: TagCount[];
  statuses: string[];
}

/** What to change; what is missing stays, and an empty text takes away. */
export interface RunChange {
  name?: string | null;
  comment?: string | null;
  tags?: string[] | null;
  seen?: RunSeen | null;
}

/** A column that a table of runs can have. */
export interface RunColumn {
  key: string;
  label: string;
  group: "args" | "attrs" | "env" | "extras" | "metrics" | "run";
  kind: "document" | "duration" | "number" | "status" | "tags" | "text" | "time";
  lower_is_better: boolean;
}

/** Runs side by side. */
export interface RunComparison {
  runs: RunHead[];
  rows: ComparedRow[];
  links: ComparedLink[];
  missing: number[];
}

/** A metric of a run; of runs that resume one another, of the last one of them. */
export interface RunCurve {
  id: number;
  runs: number[];
  x: number[];
  y: (number | "-inf" | "inf" | "nan")[];
}

/** A metric of chosen runs. */
export interface RunCurves {
  metric: string;
  curves: RunCurve[];
  bands: RunBand[];
  estimated: boolean;
  left_out: number;
}

/** Everything about a run but its curves. */
export interface RunDetails {
  id: number;
  experiment_id: number;
  experiment: string;
  kind: string;
  number: number;
  name: string | null;
  status: string;
  time_created: number;
  time_started: number | null;
  time_updated: number | null;
  time_finished: number | null;
  heartbeat: number | null;
  duration: number | null;
  is_stale: boolean;
  comment: string | null;
  tags: string[];
  args: Record<string, unknown> | null;
  env: Record<string, unknown> | null;
  extras: unknown;
  user_attrs: Attr[];
  values: (number | "-inf" | "inf" | "nan")[];
  objective_names: string[];
  directions: ("maximize" | "minimize" | "not_set")[];
  metrics: RunMetric[];
  links: RunLink[];
  chain: RunHead[];
  parent: RunHead | null;
  children: RunHead[];
  child_count: number;
  artifacts: RunArtifact[];
  previous: number | null;
  next: number | null;
  note: Note | null;
  can_edit: boolean;
  can_upload: boolean;
  can_delete: boolean;
}

/** Runs that have the same value in a column. */
export interface RunGroup {
  value: unknown;
  filter: string;
  count: number;
  means: Record<string, number | "-inf" | "inf" | "nan" | null>;
  lows: Record<string, number | "-inf" | "inf" | "nan" | null>;
  highs: Record<string, number | "-inf" | "inf" | "nan" | null>;
}

/** Runs grouped by a column, the largest group first. */
export interface RunGroups {
  total: number;
  groups: RunGroup[];
  left_out: number;
}

/** What names a run. */
export interface RunHead {
  id: number;
  experiment_id: number;
  experiment: string;
  kind: string;
  number: number;
  name: string | null;
  status: string;
}

/** A link between this run and another one. */
export interface RunLink {
  kind: string;
  is_from_here: boolean;
  run: RunHead;
}

/** What a metric of the run came to; null where no value was a number. */
export interface RunMetric {
  name: string;
  n: number;
  n_nan: number;
  last: number | "-inf" | "inf" | "nan" | null;
  last_step: number | null;
  min: number | "-inf" | "inf" | "nan" | null;
  min_step: number | null;
  max: number | "-inf" | "inf" | "nan" | null;
  max_step: number | null;
  mean: number | "-inf" | "inf" | "nan" | null;
  lower_is_better: boolean;
}

/** A part of a table of runs, by columns. */
export interface RunPage {
  total: number;
  offset: number;
  ids: number[];
  columns: Record<string, unknown[]>;
}

/** Columns of runs for charts: the same runs in each, newest last. */
export interface RunPoints {
  total: number;
  sampled: boolean;
  ids: number[];
  columns: Record<string, Column>;
}

/** What a writer believes to replace. */
export interface RunSeen {
  name: string | null;
  comment: string | null;
  tags: string[];
}

/** Some rows of a table in a file; numbers beyond all floats are texts. */
export interface RunSheet {
  columns: string[];
  rows: ((string | number | boolean | null)[])[];
  total: number | null;
  is_cut: boolean;
}

/** The course of each metric of a run in a few numbers, averages of equal spans. */
export interface RunSketches {
  curves: Record<string, (number | "-inf" | "inf" | "nan")[]>;
}

/** A name for what a page of runs shows. */
export interface SavedView {
  id: number;
  experiment: number | null;
  name: string;
  state: string;
  created: number;
  updated: number | null;
  version: number;
}

/** The views of one experiment, or of the runs of all, by name. */
export interface SavedViews {
  views: SavedView[];
}

/** Trials that people are not asked about, the 100 latest, the latest first. */
export interface SkippedTrials {
  total: number;
  trials: Candidate[];
  component: FeedbackComponent;
}

/** A column of a result; columns may share a name. */
export interface SqlColumn {
  name: string;
  kind: "number" | "text" | "time";
}

/** A query: one statement that reads. */
export interface SqlQuery {
  query: string;
  limit?: number;
}

/** What a query found. */
export interface SqlResult {
  columns: SqlColumn[];
  rows: unknown[][];
  seconds: number;
  truncated: "bytes" | "rows" | null;
}

/** What there is to query. */
export interface SqlSchema {
  dialect: "mysql" | "postgresql" | "sqlite";
  tables: SqlTable[];
  seconds: number;
}

/** A table or view. */
export interface SqlTable {
  name: string;
  is_view: boolean;
  rows: number | null;
  columns: SqlType[];
}

/** A column of a table: its name, and the type that the database has for it. */
export interface SqlType {
  name: string;
  type: string;
}

/** The arm of an Ax experiment that all others are compared with. */
export interface StatusQuo {
  name: string;
  trials: TrialRef[];
}

/** An experiment with everything but its trials. */
export interface Study {
  id: number;
  kind: string;
  name: string;
  comment: string | null;
  tags: string[];
  directions: ("maximize" | "minimize" | "not_set")[];
  objective_names: string[];
  time_created: number;
  user_attrs: Attr[];
  system_attrs: Attr[];
  note: Note;
  artifacts: Artifact[];
  form: Form | null;
  figures: Figure[];
  params: Parameter[];
  attributes: Attribute[];
  metrics: string[];
  has_intermediate_values: boolean;
  has_constraints: boolean;
  is_preferential: boolean;
  has_arms: boolean;
  status_quo: StatusQuo | null;
  has_errors: boolean;
  summary: Summary;
}

/** What changes while trials run; small, and asked for at every change. */
export interface Summary {
  version: number;
  counts: Counts;
  best: TrialRef[];
  front_size: number;
  running: TrialRef[];
  stale: number[];
  last_activity: number | null;
  rate: number | null;
  mean_duration: number | null;
  time_left: number | null;
  improvement: number | null;
}

/** An answer that the model finds unlikely, in one of its pairs. */
export interface Surprise {
  answer: Answer;
  place: number;
  better: number;
  worse: number;
  probability: number;
}

/** A tag, and how many runs have it. */
export interface TagCount {
  name: string;
  count: number;
}

/** The end of a trial. */
export interface Told {
  state: "Complete" | "Fail" | "Pruned";
  values?: (number | "-inf" | "inf" | "nan")[] | null;
}

/** Everything about a trial. */
export interface Trial {
  id: number;
  experiment_id: number;
  number: number;
  status: string;
  name: string | null;
  comment: string | null;
  values: (number | "-inf" | "inf" | "nan")[];
  params: TrialParam[];
  fixed_params: Attr[];
  constraints: (number | "-inf" | "inf" | "nan")[];
  feasible: boolean;
  is_best: boolean;
  is_stale: boolean;
  user_attrs: Attr[];
  system_attrs: Attr[];
  tags: string[];
  env: Record<string, unknown> | null;
  metrics: MetricSummary[];
  note: Note;
  artifacts: Artifact[];
  wants_answer: boolean;
  skipped: boolean;
  time_created: number | null;
  time_started: number | null;
  time_finished: number | null;
  duration: number | null;
  heartbeat: number | null;
  previous: number | null;
  next: number | null;
  trial: number;
  sems: (number | "-inf" | "inf" | "nan" | null)[];
}

/** A part of the table. */
export interface TrialPage {
  version: number;
  total: number;
  offset: number;
  rows: TrialRow[];
}

/** A parameter of a trial with what it was chosen from. */
export interface TrialParam {
  name: string;
  value: unknown;
  distribution: string;
}

/** A trial in a few words. */
export interface TrialRef {
  number: number;
  id: number;
  status: string;
  values: (number | "-inf" | "inf" | "nan")[];
  params: Record<string, unknown>;
  feasible: boolean;
  time_started: number | null;
  time_finished: number | null;
  trial: number;
  name: string | null;
  sems: (number | "-inf" | "inf" | "nan" | null)[];
}

/** One line of the table of trials. */
export interface TrialRow {
  id: number;
  number: number;
  status: string;
  values: (number | "-inf" | "inf" | "nan" | null)[];
  params: Record<string, unknown>;
  user_attrs: Record<string, unknown>;
  feasible: boolean;
  is_best: boolean;
  time_started: number | null;
  time_finished: number | null;
  duration: number | null;
  name: string | null;
  has_note: boolean;
  artifacts: Artifact[];
  trial: number;
  sems: (number | "-inf" | "inf" | "nan" | null)[];
  skipped: boolean;
}

/** A file as a data URL: ``data:image/png;base64,...`` */
export interface Upload {
  file: string;
  filename: string;
}

/** The new file, and all of the study or trial. */
export interface Uploaded {
  artifact_id: string;
  artifacts: Artifact[];
}

/** User attributes to set. */
export interface UserAttrs {
  user_attrs: Record<string, unknown>;
}

/** The estimated utility: in units of its own spread before any answer, 0 in the mean. */
export interface Utility {
  version: number;
  reason: string | null;
  component: FeedbackComponent;
  trials: UtilityTrial[];
  best: Candidate[];
  ahead: number;
  lines: UtilityLine[];
  agreeing: number;
  pairs: number;
  expected: number;
  ties: number;
  left_out: number;
  surprises: Surprise[];
  noise: number;
}

/** A parameter that all compared trials have. */
export interface UtilityAxis {
  param: string;
  labels: string[] | null;
  log: boolean;
  integer: boolean;
  trials: number[];
}

/** The estimate over one parameter, with all others as in the best trial. */
export interface UtilityLine {
  axis: UtilityAxis;
  x: number[];
  mean: number[];
  std: number[];
  range: number;
}

/** The estimate over two parameters, with all others as in the best trial: rows are of y. */
export interface UtilitySurface {
  version: number;
  x: number[];
  y: number[];
  mean: number[][];
  std: number[][];
}

/** A compared trial, and how good the model thinks it is. */
export interface UtilityTrial {
  number: number;
  mean: number;
  std: number;
  best: number;
}

/** What a view is from now on, and the version that its writer has seen. */
export interface ViewChange {
  name: string;
  state: string;
  version: number;
}

/** One part of a form for people; which fields have a meaning depends on the type. */
export interface Widget {
  type: "choice" | "slider" | "text" | "user_attr";
  description: string | null;
  user_attr_key: string | null;
  choices: string[];
  values: (number | string)[];
  min: number | null;
  max: number | null;
  step: number | null;
  labels: WidgetLabel[];
  optional: boolean;
  key: string | null;
}

/** A text at a place of a slider. */
export interface WidgetLabel {
  value: number;
  label: string;
}
