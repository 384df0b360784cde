import type { Signal } from '@preact/signals'
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Study } from '../../data/api.gen'

export interface StudyContext {
  /** Live; with the summary of all trials, whatever the filter. */
  study: Study
  /** What drives every chart and the table; always one that the server takes. */
  filter: string
  setFilter(text: string): void
  /** Numbers of chosen trials. */
  selection: Signal<ReadonlySet<number>>
  /** Whether parameters, attributes and metrics are asked for; pages set it when they may. */
  details: Signal<boolean>
}

export const Context = createContext<StudyContext | undefined>(undefined)

/** The study whose page this is. */
export function useStudy(): StudyContext {
  const context = useContext(Context)
  if (!context) throw new Error('useStudy() works inside of a StudyFrame')
  return context
}
