import { useEffect, useState } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { Button, StatusChip } from '../../../components'
import type { ComparedRow, RunHead } from '../../../data/api.gen'
import { toggled } from '../../../charts/SceneCard'
import { bestPlaces, comparedText, deltaOf, isLike, rowName, type ComparedGroup } from '../../../logic/runs/compared'
import { exactText, isNumeric } from '../../../logic/runs/cells'
import { runPath } from '../../../logic/runs/address'

interface ComparedTableProps {
  runs: readonly RunHead[]
  names: ReadonlyMap<number, string>
  groups: readonly ComparedGroup[]
  /** The place of the run that the others are compared with. */
  baseline: number
  onDrop: (run: number) => void
}

/** A row for each fact, a column for each run. */
export function ComparedTable({ runs, names, groups, baseline, onDrop }: ComparedTableProps) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const total = groups.reduce((sum, { rows }) => sum + rows.length, 0)
  const drawn = useGrowing(total)
  const before = groups.map((_, i) => groups.slice(0, i).reduce((sum, { rows }) => sum + rows.length, 0))
  return (
    <div class="compare-scroll" tabIndex={0} role="region" aria-label="Runs side by side">
      <table class="compare-table">
        <thead>
          <tr>
            <td />
            {runs.map((run, i) => (
              <th key={run.id} scope="col" class={i === baseline ? 'baseline' : ''}>
                <span class="compare-head">
                  <Link href={runPath(run.id)}>{names.get(run.id)}</Link>
                  {runs.length > 1 && (
                    <Button
                      kind="icon"
                      aria-label={`Leave out ${names.get(run.id)}`}
                      title="Leave out"
                      onClick={() => onDrop(run.id)}
                    >
                      ✕
                    </Button>
                  )}
                </span>
                <StatusChip status={run.status} />
                {i === baseline && runs.length > 1 && <span class="muted small"> baseline</span>}
              </th>
            ))}
          </tr>
        </thead>
        {groups.map(({ group, title, rows, left }, i) => (
          <tbody key={group}>
            <tr class="compare-group">
              <th scope="rowgroup" colSpan={runs.length + 1}>
                <button
                  type="button"
                  aria-expanded={!closed.has(group)}
                  onClick={() => setClosed(toggled(closed, group))}
                >
                  <span aria-hidden="true">{closed.has(group) ? '▸' : '▾'}</span> {title}
                  <span class="muted small">
                    {rows.length}
                    {left > 0 && `, ${left} hidden`}
                  </span>
                </button>
              </th>
            </tr>
            {!closed.has(group) &&
              rows.slice(0, Math.max(0, drawn - before[i]!)).map((row) => <Row key={row.key} row={row} baseline={baseline} />)}
          </tbody>
        ))}
      </table>
    </div>
  )
}

const FIRST = 30
const MORE = 60

/** How many of so many rows are drawn: those in sight at once, the rest a few in each frame. */
function useGrowing(total: number): number {
  const [drawn, setDrawn] = useState(FIRST)
  useEffect(() => {
    if (drawn >= total) return undefined
    const frame = requestAnimationFrame(() => setDrawn(drawn + MORE))
    return () => cancelAnimationFrame(frame)
  }, [drawn, total])
  return drawn
}

function Row({ row, baseline }: { row: ComparedRow; baseline: number }) {
  const { name, word } = rowName(row)
  const best = bestPlaces(row)
  const numeric = isNumeric(row.kind)
  return (
    <tr class={row.differs ? 'differs' : ''}>
      <th scope="row" title={row.key}>
        {row.differs && (
          <span class="compare-mark" title="Not the same in all runs">
            ≠
          </span>
        )}
        {name} {word && <span class="muted small">{word}</span>}
      </th>
      {row.values.map((value, i) => {
        const delta = deltaOf(row, i, baseline)
        const looks = [numeric && 'number', !isLike(row, i, baseline) && 'other', best.has(i) && 'best']
        return (
          <td key={i} class={looks.filter(Boolean).join(' ')} title={exactText(value)}>
            <span class="compare-value">{comparedText(row, i)}</span>
            {numeric && (
              <span class={`compare-delta ${delta?.better === true ? 'better' : delta?.better === false ? 'worse' : ''}`}>
                {delta?.text}
              </span>
            )}
          </td>
        )
      })}
    </tr>
  )
}
