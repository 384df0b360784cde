import { Link } from 'wouter-preact'
import { Ago } from '../../components/Ago'
import type { Summary } from '../../data/api.gen'
import { formatCount } from '../../logic/format'
import { useFeedback } from '../preferences/useFeedback'
import { Fact, trialPath } from './facts'

const SOME = 4

/** What people have said about the trials of a study, and which of them nothing was better than. */
export function PreferenceFacts({ id, summary }: { id: number; summary: Summary }) {
  const { data } = useFeedback(id).query
  if (!data) return null
  const { answers, candidates, best } = data
  return (
    <>
      <Fact name="Answers" title={`${formatCount(data.pairs)} pairs of a better and a worse trial`}>
        <Link href={`/studies/${id}/preference-history`}>{formatCount(answers)}</Link>
        <span class="small muted">{formatCount(candidates.length)} waiting</span>
      </Fact>
      <Fact name="Unbeaten" title="Trials that won a comparison, and lost none">
        {best.length === 0 && '–'}
        {best.slice(0, SOME).map((number) => (
          <Link key={number} href={trialPath(id, number)}>
            #{number}
          </Link>
        ))}
        {best.length > SOME && <span class="small muted">and {best.length - SOME} more</span>}
      </Fact>
      <Fact name="Last activity">
        <Ago ms={summary.last_activity} />
      </Fact>
    </>
  )
}
