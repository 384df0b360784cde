import { Checkbox, Select, toastError } from '../../../components'
import { Popover } from '../../../components/Popover'
import type { Feedback, FeedbackComponent } from '../../../data/api.gen'
import { source } from '../../../data/source'
import { MOST } from '../../../logic/preferences/answers'
import { readOnly } from '../../../state/session'
import { Icon } from './Icon'

interface SettingsProps {
  studyId: number
  feedback: Feedback
  show: string
  onShow(show: string): void
  withParams: boolean
  onParams(shown: boolean): void
  /** Something else is shown, to everybody. */
  changed(): void
}

const COUNTS = [
  { value: '', label: 'All that wait' },
  ...Array.from({ length: MOST - 2 }, (_, i) => ({ value: String(i + 2), label: `At most ${i + 2}` })),
]
const NOTE = 'note'
const FILE = 'file:'

/** What is shown of the candidates: for everybody; how many, and with parameters or not: here. */
export function SettingsMenu({ studyId, feedback, show, onShow, withParams, onParams, changed }: SettingsProps) {
  const { component, artifact_keys } = feedback
  const keys = [...new Set([...artifact_keys, ...(component.artifact_key ? [component.artifact_key] : [])])]
  const choose = async (value: string) => {
    const chosen: FeedbackComponent = value === NOTE
      ? { output_type: 'note' }
      : { output_type: 'artifact', artifact_key: value.slice(FILE.length) }
    try {
      await source().setFeedbackComponent(studyId, chosen)
      changed()
    } catch (error) {
      toastError(error)
    }
  }
  return (
    <Popover label="What is shown" face={<Icon of="shown" />} kind="icon">
      <div class="feedback-settings">
        <Select
          label="Of each trial"
          value={component.output_type === 'note' ? NOTE : `${FILE}${component.artifact_key ?? ''}`}
          disabled={readOnly.value}
          options={[
            { value: NOTE, label: 'Its note' },
            ...keys.map((key) => ({ value: `${FILE}${key}`, label: `Its file “${key}”` })),
          ]}
          onChange={(value) => void choose(value)}
        />
        <p class="hint">
          {keys.length
            ? 'Everybody sees what is chosen here. The names are those of user attributes that hold ids of files.'
            : 'A file can be chosen here when a user attribute of a trial holds its id.'}
        </p>
        <Select label="Candidates" value={show} options={COUNTS} onChange={onShow} />
        <Checkbox label="Parameters below them" checked={withParams} onChange={onParams} />
      </div>
    </Popover>
  )
}
