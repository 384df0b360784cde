import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Link, useLocation } from 'wouter-preact'
import { Ago, Button, confirmDialog, Menu, type MenuItem, StatusChip, TextField, toast, toastError } from '../../components'
import type { RunDetails } from '../../data/api.gen'
import { source } from '../../data/source'
import { kindOf } from '../../logic/experimentList'
import { formatDuration, formatNumber, formatTime } from '../../logic/format'
import { remembered } from '../../logic/runs/address'
import { experimentPath, nameOf, seenOf, trialPath } from '../../logic/run/naming'
import { FormDialog } from '../home/FormDialog'
import { Tags } from './Tags'

/** Which run it is, what became of it and when, and what one can do with it. */
export function RunHead({ run, onChange }: { run: RunDetails; onChange(): void }) {
  const [renaming, setRenaming] = useState(false)
  const trial = trialPath(run)
  return (
    <header class="run-head">
      <div class="run-title">
        <Link href={experimentPath(run) + (run.kind === 'tracking' ? remembered(run.experiment_id) : '')} class="run-experiment">
          {run.experiment}
        </Link>
        <span aria-hidden="true" class="muted">/</span>
        <h1>{nameOf(run)}</h1>
        <StatusChip status={run.status} />
        {run.is_stale && (
          <span class="warning" title={`Last sign of life: ${formatTime(run.heartbeat ?? run.time_updated)}`}>
            ⚠ stale
          </span>
        )}
        {run.kind !== 'tracking' && <span class="chip">{kindOf({ kind: run.kind, is_preferential: false })}</span>}
        <div class="run-tools">
          <Neighbour label="Previous run" face="‹" id={run.previous} />
          <Neighbour label="Next run" face="›" id={run.next} />
          <Actions run={run} onRename={() => setRenaming(true)} />
        </div>
      </div>
      <Tags run={run} onChange={onChange} />
      <div class="facts">
        <Fact name="Run">
          {run.id} {run.kind !== 'tracking' && <span class="hint">number {run.number}</span>}
        </Fact>
        {run.values.map((value, place) => (
          <Fact key={place} name={run.objective_names[place] ?? 'Value'} title={String(value)}>
            {formatNumber(value, 6)}
          </Fact>
        ))}
        <Fact name="Duration" title={run.duration === null ? undefined : `${run.duration} s`}>
          {formatDuration(run.duration)}
        </Fact>
        {run.time_started === null ? (
          <Fact name="Created"><Ago ms={run.time_created} /></Fact>
        ) : (
          <Fact name="Started"><Ago ms={run.time_started} /></Fact>
        )}
        {run.time_finished !== null && <Fact name="Finished"><Ago ms={run.time_finished} /></Fact>}
        {run.time_finished === null && run.time_updated !== null && (
          <Fact name="Updated"><Ago ms={run.time_updated} /></Fact>
        )}
        {run.heartbeat !== null && run.status === 'RUNNING' && (
          <Fact name="Last sign of life"><Ago ms={run.heartbeat} /></Fact>
        )}
        {trial && (
          <Fact name="In its study">
            <Link href={trial} class="small">Page of the trial</Link>
          </Fact>
        )}
      </div>
      {renaming && <RenameDialog run={run} onChange={onChange} onClose={() => setRenaming(false)} />}
    </header>
  )
}

const Fact = ({ name, title, children }: { name: string; title?: string | undefined; children: ComponentChildren }) => (
  <div class="fact" title={title}>
    <span class="fact-name">{name}</span>
    <span class="fact-value">{children}</span>
  </div>
)

function Neighbour({ label, face, id }: { label: string; face: string; id: number | null }) {
  const [, navigate] = useLocation()
  return (
    <Button kind="icon" aria-label={label} title={label} disabled={id === null} onClick={() => navigate(`/runs/${id}`)}>
      {face}
    </Button>
  )
}

function Actions({ run, onRename }: { run: RunDetails; onRename(): void }) {
  const [, navigate] = useLocation()
  const remove = async () => {
    const question = {
      title: `Delete run ${run.id}?`,
      body: <p>Its metrics, links and files go with it, and cannot be brought back.</p>,
      action: 'Delete',
      danger: true,
    }
    if (!(await confirmDialog(question))) return
    try {
      await source().deleteRun(run.id)
      toast(`Run ${run.id} is deleted.`)
      navigate(experimentPath(run))
    } catch (error) {
      toastError(error)
    }
  }
  const items: MenuItem[] = [
    { label: 'Copy as Python', onClick: () => void copy(`runbase.Run(client, run_id=${run.id})`) },
    { label: 'Copy arguments as JSON', onClick: () => void copy(JSON.stringify(run.args ?? {}, null, 2)) },
  ]
  if (run.can_edit && run.kind === 'tracking') items.push({ label: 'Rename', onClick: onRename })
  if (run.can_delete) items.push({ label: 'Delete', danger: true, onClick: () => void remove() })
  return <Menu label="Actions of the run" items={items} />
}

function RenameDialog({ run, onChange, onClose }: { run: RunDetails; onChange(): void; onClose(): void }) {
  const [name, setName] = useState(run.name ?? '')
  const save = async () => {
    await source().changeRun(run.id, { name: name.trim(), seen: seenOf(run) })
    onChange()
  }
  return (
    <FormDialog title={`Name of run ${run.id}`} action="Save" disabled={false} save={save} onClose={onClose}>
      <TextField label="Name" value={name} onChange={setName} autoFocus />
    </FormDialog>
  )
}

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    toast('It is in the clipboard.')
  } catch {
    toast(text)
  }
}
