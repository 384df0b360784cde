import type {
  Changes, Columns, Contour, Curves, Distribution, Enqueued, ExperimentChange, ExperimentRow,
  Experiments, Importances, Meta, NewExperiment, Note, Queued, Study, Summary, Told, Trial,
  TrialPage, Uploaded,
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

  putStudyNote(id: number, note: Note): Promise<void>
  putTrialNote(id: number, trialId: number, note: Note): Promise<void>
  tell(trialId: number, told: Told): Promise<void>
  setUserAttrs(trialId: number, attrs: Record<string, unknown>): Promise<void>
  enqueue(id: number, queued: Queued): Promise<Enqueued>
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
