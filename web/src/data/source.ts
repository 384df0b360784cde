import type {
  AnswerPage, Changes, Columns, Contour, Curves, Distribution, Enqueued, ExperimentChange, ExperimentRow,
  Experiments, Feedback, FeedbackComponent, Importances, Meta, NewAnswer, NewExperiment, NewView, Note, Queued, RunArtifact, RunCatalogue,
  RunChange, RunComparison, RunCurves, RunDetails, RunGroups, RunPage, RunPoints, RunSheet,
  RunSketches, SavedView, SavedViews, SkippedTrials, SqlQuery, SqlResult, SqlSchema, Study, Summary, Told, Trial,
  TrialPage, Uploaded, Utility, UtilitySurface, ViewChange,
} from './api.gen'

export type Sample = 'spread' | 'latest' | 'best'

/** Parameters of a request; what is undefined, empty or an empty list is left out. */
export interface ExperimentsAsked {
  q?: string | undefined
  kind?: string[] | undefined
  tag?: string[] | undefined
}
export interface ColumnsAsked {
  names: string[]
  filter?: string | undefined
  limit?: number | undefined
  sample?: Sample | undefined
  objective?: number | undefined
  since?: number | undefined
}
export interface ImportancesAsked {
  filter?: string | undefined
  quantile?: number | undefined
  baseline?: number | undefined
  params?: string[] | undefined
}
export interface ContourAsked {
  x: string
  y: string
  target?: string | undefined
  filter?: string | undefined
  size?: number | undefined
}
export interface EdfAsked {
  target?: string | undefined
  filter?: string | undefined
}
export interface CurvesAsked {
  metric?: string | undefined
  filter?: string | undefined
  which?: 'best' | 'latest' | 'running' | 'numbers' | undefined
  numbers?: number[] | undefined
  limit?: number | undefined
  points?: number | undefined
}
export interface TrialsAsked {
  filter?: string | undefined
  sort?: string | undefined
  descending?: boolean | undefined
  offset?: number | undefined
  limit?: number | undefined
  numbers?: number[] | undefined
}

/** A part of what people said; with `removed` only of what was removed since. */
export interface AnswersAsked {
  offset?: number
  limit?: number
  removed?: boolean | undefined
}

/** Runs of one experiment, or of all where there is none. */
export interface RunsAsked {
  experiment?: number | undefined
  filter?: string | undefined
  columns: readonly string[]
}
export interface RunPageAsked extends RunsAsked {
  sort?: string | undefined
  descending?: boolean | undefined
  offset?: number | undefined
  limit?: number | undefined
}
export interface RunGroupsAsked extends RunsAsked {
  by: string
  limit?: number | undefined
}
export interface RunPointsAsked extends RunsAsked {
  limit?: number | undefined
  runs?: readonly number[] | undefined
}
export interface RunCurvesAsked {
  runs: readonly number[]
  metric: string
  x?: string | undefined
  start?: number | undefined
  end?: number | undefined
  points?: number | undefined
  merged?: boolean | undefined
  group_by?: string | undefined
}
export interface ExportAsked extends RunsAsked {
  sort?: string | undefined
  descending?: boolean | undefined
  runs?: readonly number[] | undefined
  format: 'csv' | 'json' | 'parquet'
}

/** Where all data come from, and all changes go. The meaning of each is in the server's API. */
export interface DataSource {
  meta(signal?: AbortSignal): Promise<Meta>
  changes(since: number, signal?: AbortSignal): Promise<Changes>
  experiments(asked?: ExperimentsAsked, signal?: AbortSignal): Promise<Experiments>
  createExperiment(created: NewExperiment): Promise<ExperimentRow>
  changeExperiment(id: number, change: ExperimentChange): Promise<ExperimentRow>
  deleteExperiment(id: number, artifacts?: boolean): Promise<void>

  /** Without details there are no parameters, attributes and metrics, and it is much faster. */
  study(id: number, details: boolean, signal?: AbortSignal): Promise<Study>
  summary(id: number, filter?: string, signal?: AbortSignal): Promise<Summary>
  figure(id: number, figure: string, signal?: AbortSignal): Promise<unknown>
  columns(id: number, asked: ColumnsAsked, signal?: AbortSignal): Promise<Columns>
  importances(id: number, asked?: ImportancesAsked, signal?: AbortSignal): Promise<Importances>
  contour(id: number, asked: ContourAsked, signal?: AbortSignal): Promise<Contour>
  edf(id: number, asked?: EdfAsked, signal?: AbortSignal): Promise<Distribution>
  curves(id: number, asked?: CurvesAsked, signal?: AbortSignal): Promise<Curves>
  trials(id: number, asked?: TrialsAsked, signal?: AbortSignal): Promise<TrialPage>
  trial(id: number, number: number, signal?: AbortSignal): Promise<Trial>
  /** Where the browser downloads the trials from. */
  csvUrl(id: number, filter?: string, numbers?: number[]): string

  /** Columns, metrics, tags and statuses of the runs of an experiment, or of all; of the newest it is much faster. */
  runCatalogue(experiment: number | undefined, complete: boolean, signal?: AbortSignal): Promise<RunCatalogue>
  runPage(asked: RunPageAsked, signal?: AbortSignal): Promise<RunPage>
  runGroups(asked: RunGroupsAsked, signal?: AbortSignal): Promise<RunGroups>
  runPoints(asked: RunPointsAsked, signal?: AbortSignal): Promise<RunPoints>
  /** A metric of chosen runs. */
  runCurves(asked: RunCurvesAsked, signal?: AbortSignal): Promise<RunCurves>
  runComparison(runs: readonly number[], signal?: AbortSignal): Promise<RunComparison>
  /** Where the browser downloads runs from. */
  exportUrl(asked: ExportAsked): string

  run(id: number, signal?: AbortSignal): Promise<RunDetails>
  /** Small curves of its metrics. */
  runSketches(id: number, signal?: AbortSignal): Promise<RunSketches>
  /** Conflicts (409) with a change that somebody made since; `body.stored` is how it is now. */
  changeRun(id: number, change: RunChange): Promise<RunDetails>
  deleteRun(id: number): Promise<void>
  uploadToRun(id: number, file: File): Promise<RunArtifact>
  deleteRunArtifact(id: number, artifactId: string): Promise<void>
  /** Rows of a table in a file. */
  runRows(id: number, artifactId: string, offset: number, limit: number, signal?: AbortSignal): Promise<RunSheet>

  /** Saved views of an experiment, or of the runs of all. */
  views(experiment?: number, signal?: AbortSignal): Promise<SavedViews>
  saveView(view: NewView): Promise<SavedView>
  /** Conflicts (409) with a change that somebody made since; `body.view` is how it is now. */
  changeView(id: number, change: ViewChange): Promise<SavedView>
  deleteView(id: number): Promise<void>

  /** Runs a query that only reads; giving up the request ends it. */
  sql(query: SqlQuery, signal?: AbortSignal): Promise<SqlResult>
  sqlSchema(signal?: AbortSignal): Promise<SqlSchema>

  putStudyNote(id: number, note: Note): Promise<void>
  putTrialNote(id: number, trialId: number, note: Note): Promise<void>
  tell(trialId: number, told: Told): Promise<void>
  setUserAttrs(trialId: number, attrs: Record<string, unknown>): Promise<void>
  enqueue(id: number, queued: Queued): Promise<Enqueued>

  /** What people are asked about a preferential study, and what they said: the latest first. */
  feedback(id: number, signal?: AbortSignal): Promise<Feedback>
  answers(id: number, asked: AnswersAsked, signal?: AbortSignal): Promise<AnswerPage>
  skipped(id: number, signal?: AbortSignal): Promise<SkippedTrials>
  /** Can be sent again, as long as its id is the same. */
  addAnswer(id: number, answer: NewAnswer): Promise<void>
  removeAnswer(id: number, answerId: string): Promise<void>
  restoreAnswer(id: number, answerId: string): Promise<void>
  setFeedbackComponent(id: number, component: FeedbackComponent): Promise<void>
  skip(id: number, trialId: number): Promise<void>
  unskip(id: number, trialId: number): Promise<void>
  /** What a model learnt of the answers. */
  utility(id: number, signal?: AbortSignal): Promise<Utility>
  utilitySurface(id: number, x: string, y: string, signal?: AbortSignal): Promise<UtilitySurface>

  /** Store a file of a trial, or of the study where there is no trial. */
  upload(id: number, trialId: number | null, file: File): Promise<Uploaded>
  deleteArtifact(id: number, trialId: number | null, artifactId: string): Promise<void>

  /** The address of a path of the server, such as the `url` of an artifact. */
  url(path: string): string
}

/** The server refused or failed; `reason` is a sentence for people. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    readonly body: unknown,
  ) {
    super(reason)
    this.name = 'ApiError'
  }
}

/** The server did not answer at all. */
export class ConnectionError extends Error {
  constructor() {
    super('The server does not answer.')
    this.name = 'ConnectionError'
  }
}

let inUse: DataSource | undefined

/** The data source in use. */
export function source(): DataSource {
  if (!inUse) throw new Error('setSource() comes first')
  return inUse
}

export function setSource(chosen: DataSource): void {
  inUse = chosen
}
