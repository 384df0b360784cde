import { useState } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { Button } from '../../../components'
import { Popover } from '../../../components/Popover'
import { useRestOfScreen } from '../../../components/useRestOfScreen'
import { formatCount } from '../../../logic/format'
import { runsPath } from '../../../logic/runs/address'
import { MEASURES, type Measure } from '../../../logic/runs/groups'
import { useMedia } from '../../../logic/useMedia'
import { useUrlState } from '../../../logic/urlState'
import { useRuns } from '../context'
import { ColumnChooser } from './ColumnChooser'
import { ExportMenu } from './ExportMenu'
import { FirstRun } from './FirstRun'
import { GroupGrid } from './GroupGrid'
import { GroupTools } from './GroupTools'
import { RunGrid } from './RunGrid'
import { useTable } from './useTable'
import '../../../components/grid.css'
import './table.css'

/** The runs as a table: of every one a row, or in groups. */
export default function RunTable() {
  const { catalogue } = useRuns()
  return catalogue.total ? <Runs /> : <FirstRun />
}

function Runs() {
  const [box, height] = useRestOfScreen()
  const [by, setBy] = useUrlState('group', '')
  const [measureState, setMeasure] = useUrlState('measure', 'best')
  const measure: Measure = MEASURES.find((each) => each === measureState) ?? 'best'
  const isNarrow = useMedia('(max-width: 640px)')
  const [showsTools, setShowsTools] = useState(false)
  const table = useTable(by)
  return (
    <div class="table-page" ref={box}>
      <div class="grid-frame" style={{ height }}>
        <div class="grid-tools">
          <Selected />
          <span class="spacer" />
          {isNarrow && (
            <Button aria-expanded={showsTools} onClick={() => setShowsTools(!showsTools)}>
              Tools
            </Button>
          )}
          {(!isNarrow || showsTools) && (
            <>
              <GroupTools by={by} setBy={setBy} measure={measure} setMeasure={setMeasure} />
              <Popover label="Columns">
                <ColumnChooser table={table} />
              </Popover>
              <ExportMenu />
            </>
          )}
        </div>
        {by ? <GroupGrid key={by} table={table} by={by} measure={measure} /> : <RunGrid table={table} />}
      </div>
    </div>
  )
}

/** How many runs are selected, and what can be done with them. */
function Selected() {
  const { id, selection } = useRuns()
  const count = selection.value.size
  if (!count) return <span class="muted">Select runs to compare them</span>
  const search = window.location.search
  return (
    <span class="row" role="status">
      <strong>{formatCount(count)} selected</strong>
      <Link class="button" href={runsPath(id, 'compare') + search}>
        Compare
      </Link>
      <Link class="button" href={runsPath(id, 'curves') + search}>
        Curves
      </Link>
      <Button onClick={() => (selection.value = new Set())}>Clear</Button>
    </span>
  )
}
