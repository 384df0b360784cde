import type { ComponentChildren } from 'preact'
import { Checkbox, Select, Slider } from '../../../components'
import type { ComparedRow } from '../../../data/api.gen'
import { useRuns } from '../context'
import { Picker } from './Picker'
import type { CurveSettings } from './useCurveSettings'

interface CurveToolsProps {
  settings: CurveSettings
  /** The facts that are not the same in all runs: what can give colours and groups. */
  differing: readonly ComparedRow[]
  children?: ComponentChildren
}

const AXES = [
  { value: 'step', label: 'Step' },
  { value: 'progress', label: 'Progress' },
  { value: 'relative', label: 'Time since the start' },
  { value: 'time', label: 'Time' },
]

/** What the curves are of, and how they are drawn. */
export function CurveTools({ settings, differing, children }: CurveToolsProps) {
  const { catalogue } = useRuns()
  const { metrics } = settings
  const facts = differing.map(({ key, label }) => ({ value: key, label }))
  return (
    <div class="run-tools" role="group" aria-label="How curves are drawn">
      <Picker
        label="Metrics"
        face={metrics.length === 1 ? metrics[0]! : `${metrics.length} metrics`}
        choices={catalogue.metrics.map((name) => ({ key: name, label: name }))}
        chosen={metrics}
        onChange={settings.setMetrics}
      />
      <Select
        label="X"
        value={settings.x}
        options={[...AXES, ...catalogue.metrics.map((name) => ({ value: `metric:${name}`, label: name }))]}
        onChange={settings.setX}
      />
      <Slider
        label="Smooth"
        value={settings.smoothing}
        min={0}
        max={0.99}
        step={0.01}
        onChange={settings.setSmoothing}
      />
      <Checkbox label="Log x" checked={settings.logX} onChange={settings.setLogX} />
      <Checkbox label="Log y" checked={settings.logY} onChange={settings.setLogY} />
      <Select
        label="Group by"
        value={settings.group}
        options={[{ value: '', label: '(no groups)' }, ...withKnown(facts, settings.group)]}
        onChange={settings.setGroup}
      />
      {settings.group ? (
        <Select
          label="Band"
          value={settings.spread}
          options={[
            { value: 'range', label: 'least to greatest' },
            { value: 'std', label: 'standard deviation' },
          ]}
          onChange={settings.setSpread}
        />
      ) : (
        <Select
          label="Colour by"
          value={settings.colour}
          options={[{ value: '', label: 'run' }, ...withKnown(facts, settings.colour)]}
          onChange={settings.setColour}
        />
      )}
      <Checkbox label="Resumed runs in one" checked={settings.merged} onChange={settings.setMerged} />
      {children}
    </div>
  )
}

type Option = { value: string; label: string }

/** With what is chosen, also while it does not differ. */
function withKnown(options: Option[], key: string): Option[] {
  if (!key || options.some(({ value }) => value === key)) return options
  return [...options, { value: key, label: key }]
}
