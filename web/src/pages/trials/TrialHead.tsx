import { useState } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { Button, confirmDialog, toast } from '../../components'
import { EnqueueDialog } from '../../components/EnqueueDialog'
import { Menu } from '../../components/Menu'
import { TellDialog } from '../../components/TellDialog'
import { toastError } from '../../components/toast'
import { TrialChips } from '../../components/TrialChips'
import { source } from '../../data/source'
import { paramsOf } from '../../logic/trials/differing'
import { inSentence, trialName } from '../../logic/trials/naming'
import { enqueueLine } from '../../logic/trials/python'
import { readOnly } from '../../state/session'
import { useStudy } from '../study/context'
import type { TrialDetailProps } from './TrialDetail'

/** Which trial it is, and what one can do with it. */
export function TrialHead({ trial, isAlone, nextRunning, onShow, onClose, onChange }: TrialDetailProps) {
  const { study } = useStudy()
  const [dialog, setDialog] = useState<'tell' | 'enqueue' | undefined>()
  const isOpen = trial.status === 'RUNNING' || trial.status === 'PLANNED'
  const isStudy = study.kind === 'optuna'
  const canWrite = !readOnly.value && isStudy
  const isAx = study.kind === 'ax'
  const title = `${trialName(trial)} (${isAx ? 'run ' : 'trial_id='}${trial.id})`

  const fail = async () => {
    const body = <p>For trials whose worker is gone: one that is still at it gets an error when it reports next, which ends it.</p>
    if (!(await confirmDialog({ title: `Fail trial ${trial.number}?`, body, action: 'Fail', danger: true }))) return
    try {
      await source().tell(trial.id, { state: 'Fail' })
      onChange()
    } catch (error) {
      toastError(error)
    }
  }
  const exports = [
    ...(isAx ? [] : [{ label: 'Copy as Python', onClick: () => void copy(enqueueLine(paramsOf(trial)), 'The line') }]),
    { label: 'Copy as JSON', onClick: () => void copy(asJson(trial), 'The JSON') },
    { label: 'Download JSON', onClick: () => download(asJson(trial), `trial-${trial.number}.json`, 'application/json') },
  ]
  return (
    <header class="trial-head">
      <div class="trial-title">
        <h2>{title}</h2>
        {trial.name && trial.number >= 0 && <span class="trial-run-name">{trial.name}</span>}
        <span class="spacer" />
        <Neighbour label="Previous trial" face="‹" number={trial.previous} onShow={onShow} />
        <Neighbour label="Next trial" face="›" number={trial.next} onShow={onShow} />
        {!isAlone && (
          <Button kind="icon" aria-label={`Close ${inSentence(trial)}`} title="Close" onClick={onClose}>
            ✕
          </Button>
        )}
      </div>
      <TrialChips trial={trial} isPreferential={study.is_preferential} />
      <div class="trial-actions">
        {canWrite && trial.status === 'RUNNING' && (
          <Button kind="danger" onClick={() => void fail()}>
            Fail Trial
          </Button>
        )}
        {canWrite && isOpen && !study.is_preferential && <Button onClick={() => setDialog('tell')}>Tell values</Button>}
        {canWrite && <Button onClick={() => setDialog('enqueue')}>Enqueue again</Button>}
        <Link class="button" href={`/runs/${trial.id}`}>Page of the run</Link>
        <Menu label="Export this trial" items={exports}>
          Export
        </Menu>
        {nextRunning !== undefined && study.form && (
          <Button onClick={() => onShow(nextRunning)}>Next running trial: {nextRunning}</Button>
        )}
      </div>
      {dialog === 'tell' && <TellDialog trial={trial} objectiveNames={study.objective_names} onClose={() => setDialog(undefined)} onDone={onChange} />}
      {dialog === 'enqueue' && <EnqueueDialog study={study} params={paramsOf(trial)} onClose={() => setDialog(undefined)} />}
    </header>
  )
}

interface NeighbourProps {
  label: string
  face: string
  number: number | null
  onShow(number: number): void
}

const Neighbour = ({ label, face, number, onShow }: NeighbourProps) => (
  <Button kind="icon" aria-label={label} title={label} disabled={number === null} onClick={() => number !== null && onShow(number)}>
    {face}
  </Button>
)

function download(text: string, filename: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  Object.assign(document.createElement('a'), { href: url, download: filename }).click()
  setTimeout(() => URL.revokeObjectURL(url))
}

const asJson = (trial: unknown): string => JSON.stringify(trial, null, 2)

async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    toast(`${what} is in the clipboard.`)
  } catch {
    toast(text)
  }
}
