import { useEffect, useRef, useState } from 'preact/hooks'
import { Failed } from '../components'
import { shownTheme } from '../state/preferences'

export interface FigureJson {
  data?: unknown[]
  layout?: Record<string, unknown>
}

interface PlotlyProps {
  figure: FigureJson
  label: string
  /** The place in `customdata` of what was clicked. */
  onPick?: ((datum: unknown) => void) | undefined
}

type Plotly = typeof import('plotly.js-dist-min')

/** A Plotly figure, as wide as its place; the library comes with the first one. */
export default function PlotlyFigure({ figure, label, onPick }: PlotlyProps) {
  const frame = useRef<HTMLDivElement>(null)
  const pick = useRef(onPick)
  pick.current = onPick
  const [error, setError] = useState<Error | undefined>()
  const theme = shownTheme.value
  useEffect(() => {
    const element = frame.current!
    let gone = false
    let plotly: Plotly | undefined
    const draw = async () => {
      plotly = await import('plotly.js-dist-min')
      if (gone) return
      const drawn = await plotly.react(
        element,
        (figure.data ?? []) as never,
        themed(figure.layout ?? {}, element) as never,
        CONFIG,
      )
      drawn.removeAllListeners('plotly_click')
      drawn.on('plotly_click', (event) => pick.current?.(event.points[0]?.customdata))
    }
    draw().catch((thrown: unknown) =>
      setError(thrown instanceof Error ? thrown : new Error(String(thrown))),
    )
    const observer = new ResizeObserver(() => {
      if (plotly && element.clientWidth > 0) plotly.Plots.resize(element)
    })
    observer.observe(element)
    return () => {
      gone = true
      observer.disconnect()
    }
  }, [figure, theme])
  useEffect(() => {
    const element = frame.current
    return () =>
      void import('plotly.js-dist-min').then((plotly) => element && plotly.purge(element))
  }, [])
  if (error) return <Failed error={error} />
  return <div ref={frame} class="figure-frame" role="img" aria-label={label} />
}

const CONFIG = {
  responsive: false,
  displaylogo: false,
  toImageButtonOptions: { format: 'svg' as const },
}

/** The page's colours, unless the figure has a theme of its own; never wider than its place. */
export function themed(layout: Record<string, unknown>, element: Element): Record<string, unknown> {
  const { width: _, title: __, ...own } = layout
  const place = { autosize: true, height: 380, margin: { t: 20, r: 20, b: 50, l: 60 } }
  if (hasTheme(own.template)) return { ...place, ...own }
  const style = getComputedStyle(element)
  const ink = (name: string) => style.getPropertyValue(name).trim()
  const axis = {
    gridcolor: ink('--grid'),
    zerolinecolor: ink('--border'),
    linecolor: ink('--border'),
    automargin: true,
  }
  const names = ['xaxis', 'yaxis', ...Object.keys(own).filter((key) => /^[xyz]axis\d*$/.test(key))]
  return {
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    ...place,
    ...own,
    ...Object.fromEntries(names.map((name) => [name, { ...axis, ...(own[name] as object) }])),
    font: { color: ink('--text'), ...(own.font as object) },
    template: undefined,
  }
}

/** Whether somebody chose a template: Plotly's Python library sends its light default with all. */
function hasTheme(template: unknown): boolean {
  const layout = (template as { layout?: { plot_bgcolor?: string } } | undefined)?.layout
  return layout !== undefined && layout.plot_bgcolor !== '#E5ECF6'
}
