import { useMemo } from 'preact/hooks'
import type { Importance as Share } from '../data/api.gen'
import { toCsv } from '../logic/charts/csv'
import { category } from '../logic/charts/palette'
import { shortened } from '../logic/charts/axis'
import { formatNumber } from '../logic/format'
import { SMALL } from './drawAxes'
import type { Picture } from './picture'

export interface ImportanceRow {
  name: string
  /** One for each objective. */
  shares: number[]
}

/** Parameters by the largest of their importances. */
export function importanceRows(importances: readonly (readonly Share[])[]): ImportanceRow[] {
  const rows = new Map<string, number[]>()
  importances.forEach((list, k) => {
    for (const { name, importance } of list) {
      if (!rows.has(name))
        rows.set(
          name,
          importances.map(() => 0),
        )
      rows.get(name)![k] = importance
    }
  })
  const most = (row: ImportanceRow) => Math.max(...row.shares)
  return [...rows].map(([name, shares]) => ({ name, shares })).sort((a, b) => most(b) - most(a))
}

interface ImportanceProps {
  rows: readonly ImportanceRow[]
  objectives: readonly string[]
  chosen: string | null
  onChoose: (name: string) => void
}

/** Bars, longest first, one for each objective; a parameter can be chosen. */
export function Importance({ rows, objectives, chosen, onChoose }: ImportanceProps) {
  const largest = useMemo(() => Math.max(1e-9, ...rows.flatMap((row) => row.shares)), [rows])
  return (
    <ul class="importance" aria-label="Importances of the parameters">
      {rows.map((row) => (
        <li key={row.name}>
          <button
            type="button"
            aria-pressed={row.name === chosen}
            title={describe(row, objectives)}
            aria-label={describe(row, objectives)}
            onClick={() => onChoose(row.name)}
          >
            <span class="importance-name">{row.name}</span>
            <span class="importance-bars">
              {row.shares.map((share, k) => (
                <span key={k} class="importance-bar">
                  <i
                    style={{
                      width: `${(share / largest) * 82}%`,
                      background: `var(${category(k)})`,
                    }}
                  />
                  {shareText(share)}
                </span>
              ))}
            </span>
          </button>
        </li>
      ))}
    </ul>
  )
}

function describe(row: ImportanceRow, objectives: readonly string[]): string {
  return `${row.name}: ${row.shares.map((share, k) => `${shareText(share)} of ${objectives[k]}`).join(', ')}`
}

export function shareText(share: number): string {
  return share > 0 && share < 0.001
    ? '<0.1 %'
    : `${formatNumber(share * 100, share < 0.1 ? 2 : 3)} %`
}

export function importancePicture(
  rows: readonly ImportanceRow[],
  objectives: readonly string[],
): Picture {
  return {
    legend:
      objectives.length > 1
        ? objectives.map((label, k) => ({ label, ink: category(k), shape: 'bar' as const }))
        : [],
    csv: () =>
      toCsv(
        ['parameter', ...objectives],
        rows.map((row) => [row.name, ...row.shares]),
      ),
    draw: (pen, width, height, paint) => {
      const each = Math.min(30, (height - 16) / Math.max(1, rows.length))
      const largest = Math.max(1e-9, ...rows.flatMap((row) => row.shares))
      pen.font = SMALL
      pen.textBaseline = 'middle'
      rows.forEach((row, i) => {
        pen.textAlign = 'right'
        pen.fillStyle = paint('--text')
        pen.fillText(shortened(row.name, 26), 170, 8 + (i + 0.5) * each)
        pen.textAlign = 'left'
        row.shares.forEach((share, k) => {
          const thick = (each * 0.8) / row.shares.length
          const [top, length] = [
            8 + i * each + each * 0.1 + k * thick,
            (share / largest) * (width - 260),
          ]
          pen.fillStyle = paint(category(k))
          pen.fillRect(180, top, Math.max(1, length), Math.max(1, thick - 1))
          pen.fillStyle = paint('--muted')
          pen.fillText(shareText(share), 186 + length, top + thick / 2)
        })
      })
    },
  }
}
