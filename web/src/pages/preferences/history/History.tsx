import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Empty, Failed, Select, Spinner } from '../../../components'
import { useRows } from '../../../components/useRows'
import { useWindowRows } from '../../../components/useWindowRows'
import { source } from '../../../data/source'
import { countOf, countText } from '../../../logic/preferences/history'
import { useMedia } from '../../../logic/useMedia'
import { useUrlState } from '../../../logic/urlState'
import { readOnly } from '../../../state/session'
import { useStudy } from '../../study/context'
import { AnswerRow, type Told } from './AnswerRow'
import { useRemoving } from '../useRemoving'
import { Skipped } from './Skipped'
import './history.css'

// As in history.css: rows of known height let thousands scroll smoothly.
const ROW = 196
const NARROW = 216
const HEAD = 60
const QUIET = 1000

type Which = 'all' | 'removed' | 'skipped'

/** What people said so far, the latest first, or what they skipped. */
export default function History() {
  const [which, setWhich] = useUrlState('answers', 'all')
  const choice = (
    <Select<Which>
      label="Show"
      value={which === 'removed' || which === 'skipped' ? which : 'all'}
      options={[
        { value: 'all', label: 'All answers' },
        { value: 'removed', label: 'Only removed ones' },
        { value: 'skipped', label: 'Skipped trials' },
      ]}
      onChange={setWhich}
    />
  )
  return which === 'skipped' ? <Skipped choice={choice} /> : <Answers removed={which === 'removed'} choice={choice} />
}

function Answers({ removed, choice }: { removed: boolean; choice: ComponentChildren }) {
  const { study } = useStudy()
  const [at] = useUrlState('at', '')
  const [wanted] = useUrlState('answer', '')
  const [gone, setGone] = useState(0)
  const [count, setCount] = useState(0)
  const view = useWindowRows(count, useMedia('(max-width: 640px)') ? NARROW : ROW, HEAD)
  const { total, rows, error, reload } = useRows<Told>(
    {
      list: `answers/${study.id}/${removed}`,
      live: study.id,
      quiet: QUIET,
      load: async (offset, limit, signal) => {
        const page = await source().answers(study.id, { offset, limit, removed: removed || undefined }, signal)
        setGone(page.removed)
        const trials = new Map(page.trials.map((trial) => [trial.number, trial]))
        return { total: page.total, offset, rows: page.answers.map((answer) => ({ answer, trials, component: page.component })) }
      },
    },
    view.first,
    view.last,
  )
  const { isRemoved, change } = useRemoving(study.id, rows, reload)
  useEffect(() => {
    if (total !== undefined) setCount(total)
  }, [total])
  const isThere = useRef(false)
  useEffect(() => {
    if (isThere.current || !at || count === 0) return
    isThere.current = true
    view.reveal(Math.min(Number(at), count - 1))
  }, [count])
  return (
    <section class="answers" aria-label="Answers">
      <header class="answers-head">
        <strong class="count" role="status">
          {total !== undefined && (removed ? `${countOf(total, 'answer')} removed` : countText(total, gone))}
        </strong>
        <span class="spacer" />
        {choice}
      </header>
      {error && <Failed error={error} retry={reload} />}
      {total === undefined && !error && (
        <div class="centred">
          <Spinner />
        </div>
      )}
      {total === 0 && (
        <Empty>
          {removed ? 'No answer was removed.' : 'Nobody has answered yet. As soon as somebody does, it appears here.'}
        </Empty>
      )}
      <ol class="answer-rows" ref={view.box as never}>
        {view.before > 0 && <li class="space" aria-hidden="true" style={{ height: view.before }} />}
        {Array.from({ length: Math.max(0, view.last - view.first) }, (_, i) => (
          <AnswerRow
            key={rows[view.first + i]?.answer.id ?? view.first + i}
            told={rows[view.first + i]}
            studyId={study.id}
            place={view.first + i + 1}
            count={count}
            isWanted={rows[view.first + i]?.answer.id === wanted}
            isRemoved={isRemoved}
            change={readOnly.value ? undefined : change}
          />
        ))}
        {view.after > 0 && <li class="space" aria-hidden="true" style={{ height: view.after }} />}
      </ol>
    </section>
  )
}
