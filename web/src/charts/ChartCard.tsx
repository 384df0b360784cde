import './charts.css'
import type { ComponentChildren } from 'preact'
import { Card, Failed, Spinner } from '../components'

export interface ChartCardProps {
  title: string
  controls?: ComponentChildren
  menu?: ComponentChildren
  class?: string | undefined
  /** Why there is nothing to see. */
  empty?: string | null | undefined
  error?: Error | undefined
  retry?: (() => void) | undefined
  /** Nothing has come yet. */
  waiting?: boolean | undefined
  /** What is shown is being replaced. */
  stale?: boolean | undefined
  notes?: readonly string[] | undefined
  height: number
  children?: ComponentChildren
}

/** The frame of a chart: its title and controls, and what is said in its place. */
export function ChartCard(props: ChartCardProps) {
  const { title, controls, menu, error, waiting, empty, notes = [], stale } = props
  const shown = !waiting && !empty && !(error && !props.children)
  return (
    <Card
      title={title}
      class={`chart-card ${props.class ?? ''}`}
      actions={
        <>
          {stale && <Spinner />}
          {controls}
          {shown && menu}
        </>
      }
    >
      {waiting && !error ? (
        <div class="chart-space" style={{ height: `${props.height}px` }}>
          <Spinner />
        </div>
      ) : error && waiting ? (
        <Failed error={error} retry={props.retry} />
      ) : empty ? (
        <p class="chart-empty">{empty}</p>
      ) : (
        <>
          {error && <Failed error={error} retry={props.retry} />}
          {props.children}
          {notes.map((note) => (
            <p key={note} class="chart-note">
              {note}
            </p>
          ))}
        </>
      )}
    </Card>
  )
}
