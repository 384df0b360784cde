import { joinList } from '../logic/lists'
import { keep, take } from './ahead'
import type { Note } from './api.gen'
import { ApiError, ConnectionError, type DataSource } from './source'

type Parameter = string | number | boolean | readonly (string | number)[] | undefined

/**
 * The data source that asks the server which the page came from.
 *
 * Answers to one that asks ahead are kept for another one, which takes each of them once.
 */
export function httpSource(base = new URL('..', document.baseURI), isAhead = false): DataSource {
  const url = (path: string, parameters: object = {}) => {
    const found = new URL(path.replace(/^\/+/, ''), base)
    for (const [name, value] of Object.entries(parameters) as [string, Parameter][]) {
      const text = textOf(value)
      if (text !== '') found.searchParams.set(name, text)
    }
    return found.href
  }
  const get = <T>(path: string, parameters?: object, signal?: AbortSignal) => {
    const address = url(path, parameters)
    if (isAhead) return keep(address, call<T>('GET', address, undefined))
    return take<T>(address) ?? call<T>('GET', address, undefined, signal)
  }
  const send = <T = void>(
    method: string,
    path: string,
    body?: unknown,
    parameters?: object,
    signal?: AbortSignal,
  ) => call<T>(method, url(path, parameters), body, signal)

  const of = (id: number) => `api/experiments/${id}`
  const preference = (id: number, answerId: string) =>
    `api/studies/${id}/preference/${encodeURIComponent(answerId)}`
  const artifacts = (id: number, trialId: number | null) =>
    `api/artifacts/${id}${trialId === null ? '' : `/${trialId}`}`
  const note = (path: string, { version, body }: Note) => send('PUT', path, { version, body })

  return {
    meta: (signal) => get('api/meta', {}, signal),
    changes: (since, signal) => get('api/changes', { since }, signal),
    experiments: (asked, signal) => get('api/experiments', asked, signal),
    createExperiment: (created) => send('POST', 'api/experiments', created),
    changeExperiment: (id, change) => send('PATCH', of(id), change),
    deleteExperiment: (id, remove = false) => send('DELETE', of(id), undefined, { artifacts: remove }),

    study: (id, details, signal) => get(of(id), details ? {} : { details }, signal),
    summary: (id, filter, signal) => get(`${of(id)}/summary`, { filter }, signal),
    figure: (id, figure, signal) =>
      get(`${of(id)}/figures/${encodeURIComponent(figure)}`, {}, signal),
    columns: (id, asked, signal) => get(`${of(id)}/columns`, asked, signal),
    importances: (id, asked, signal) => get(`${of(id)}/importances`, asked, signal),
    contour: (id, asked, signal) => get(`${of(id)}/contour`, asked, signal),
    edf: (id, asked, signal) => get(`${of(id)}/edf`, asked, signal),
    curves: (id, asked, signal) => get(`${of(id)}/curves`, asked, signal),
    trials: (id, asked, signal) => get(`${of(id)}/trials`, asked, signal),
    trial: (id, number, signal) => get(`${of(id)}/trials/${number}`, {}, signal),
    csvUrl: (id, filter, numbers) => url(`${of(id)}/csv`, { filter, numbers }),

    runCatalogue: (experiment, complete, signal) =>
      get('api/runs/catalogue', complete ? { experiment } : { experiment, complete }, signal),
    runPage: (asked, signal) => get('api/runs', asked, signal),
    runGroups: (asked, signal) => get('api/runs/groups', asked, signal),
    runPoints: (asked, signal) => get('api/runs/points', asked, signal),
    runCurves: (asked, signal) => get('api/runs/curves', asked, signal),
    runComparison: (runs, signal) => get('api/runs/compare', { runs }, signal),
    exportUrl: (asked) => url('api/runs/export', asked),

    run: (id, signal) => get(`api/runs/${id}`, {}, signal),
    runSketches: (id, signal) => get(`api/runs/${id}/sketches`, {}, signal),
    changeRun: (id, change) => send('PATCH', `api/runs/${id}`, change),
    deleteRun: (id) => send('DELETE', `api/runs/${id}`),
    uploadToRun: async (id, file) =>
      send('POST', `api/runs/${id}/artifacts`, { file: await dataUrl(file), filename: file.name }),
    deleteRunArtifact: (id, artifactId) => send('DELETE', `api/runs/${id}/artifacts/${artifactId}`),
    runRows: (id, artifactId, offset, limit, signal) =>
      get(`api/runs/${id}/artifacts/${artifactId}/table`, { offset, limit }, signal),

    views: (experiment, signal) => get('api/views', { experiment }, signal),
    saveView: (view) => send('POST', 'api/views', view),
    changeView: (id, change) => send('PUT', `api/views/${id}`, change),
    deleteView: (id) => send('DELETE', `api/views/${id}`),

    sql: (query, signal) => send('POST', 'api/sql', query, {}, signal),
    sqlSchema: (signal) => get('api/sql/schema', {}, signal),

    putStudyNote: (id, written) => note(`api/studies/${id}/note`, written),
    putTrialNote: (id, trialId, written) => note(`api/studies/${id}/${trialId}/note`, written),
    tell: (trialId, told) => send('POST', `api/trials/${trialId}/tell`, told),
    setUserAttrs: (trialId, attrs) =>
      send('POST', `api/trials/${trialId}/user-attrs`, { user_attrs: attrs }),
    enqueue: (id, queued) => send('POST', `${of(id)}/enqueue`, queued),
    feedback: (id, signal) => get(`${of(id)}/preferences`, {}, signal),
    answers: (id, asked, signal) => get(`${of(id)}/preferences/answers`, asked, signal),
    skipped: (id, signal) => get(`${of(id)}/preferences/skipped`, {}, signal),
    addAnswer: (id, answer) => send('POST', `api/studies/${id}/preference`, answer),
    removeAnswer: (id, answerId) => send('DELETE', preference(id, answerId)),
    restoreAnswer: (id, answerId) => send('POST', preference(id, answerId)),
    setFeedbackComponent: (id, component) =>
      send('PUT', `api/studies/${id}/preference_feedback_component`, component),
    skip: (id, trialId) => send('POST', `api/studies/${id}/${trialId}/skip`),
    unskip: (id, trialId) => send('DELETE', `api/studies/${id}/${trialId}/skip`),
    utility: (id, signal) => get(`${of(id)}/preferences/utility`, {}, signal),
    utilitySurface: (id, x, y, signal) => get(`${of(id)}/preferences/surface`, { x, y }, signal),

    upload: async (id, trialId, file) =>
      send('POST', artifacts(id, trialId), { file: await dataUrl(file), filename: file.name }),
    deleteArtifact: (id, trialId, artifactId) =>
      send('DELETE', `${artifacts(id, trialId)}/${encodeURIComponent(artifactId)}`),
    url: (path) => url(path),
  }
}

function textOf(value: Parameter): string {
  if (value === undefined) return ''
  return typeof value === 'object' ? joinList(value) : String(value)
}

async function call<T>(
  method: string,
  url: string,
  body: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const request: RequestInit = { method, credentials: 'same-origin' }
  if (signal) request.signal = signal
  if (body !== undefined) {
    request.body = JSON.stringify(body)
    request.headers = { 'Content-Type': 'application/json' }
  }
  const response = await fetch(url, request).catch((error: unknown) => {
    throw signal?.aborted ? error : new ConnectionError()
  })
  const answer: unknown = response.status === 204 ? undefined : await read(response)
  if (!response.ok) throw new ApiError(response.status, reasonOf(response, answer), answer)
  return answer as T
}

async function read(response: Response): Promise<unknown> {
  const text = await response.text()
  try {
    return JSON.parse(text)
  } catch {
    if (response.ok) throw new ApiError(response.status, 'The answer is not JSON.', text)
    return text
  }
}

function reasonOf(response: Response, answer: unknown): string {
  if (typeof answer === 'object' && answer !== null && 'reason' in answer) return String(answer.reason)
  return `The server answered ${response.status} ${response.statusText}`.trim()
}

function dataUrl(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(reader.result as string)
    reader.onerror = () => reject(reader.error ?? new Error(`${file.name} cannot be read.`))
    reader.readAsDataURL(file)
  })
}
