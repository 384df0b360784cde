import type { ComponentChildren } from 'preact'
import { NoteEditor } from '../../components/NoteEditor'
import { Artifacts } from '../../components/Artifacts'
import { TrialForm } from '../../components/TrialForm'
import { source } from '../../data/source'
import type { Trial } from '../../data/api.gen'
import { inSentence, trialName } from '../../logic/trials/naming'
import { meta, readOnly } from '../../state/session'
import { useStudy } from '../study/context'
import { IntermediateValues } from './IntermediateValues'
import { Attributes, Constraints, Metrics, Params, Times, Values } from './TrialFacts'
import { TrialHead } from './TrialHead'

export interface TrialDetailProps {
  trial: Trial
  /** Parameters that are not the same in all trials that are shown. */
  differing: ReadonlySet<string>
  isAlone: boolean
  nextRunning: number | undefined
  onShow(number: number): void
  onClose(): void
  onChange(): void
}

/** Everything about one trial. */
export function TrialDetail(props: TrialDetailProps) {
  const { trial, differing, nextRunning, onShow, onChange } = props
  const { study } = useStudy()
  // Ax's documents know nothing of files.
  const isOpen = study.kind !== 'ax' && (trial.status === 'RUNNING' || trial.status === 'PLANNED')
  const asks = study.form && trial.status === 'RUNNING' && !readOnly.value
  const answered = () => {
    onChange()
    if (study.form?.output_type === 'objective' && nextRunning !== undefined) onShow(nextRunning)
  }
  return (
    <article class="trial-detail" aria-label={trialName(trial)}>
      <TrialHead {...props} />
      {asks && study.form && (
        <Part title="Your answer" class="asked">
          <TrialForm key={trial.id} form={study.form} objectiveNames={study.objective_names} trial={trial} onDone={answered} />
        </Part>
      )}
      <Part title="Note">
        <NoteEditor
          key={trial.id}
          note={trial.note}
          of={`${inSentence(trial)} of study ${study.id}`}
          readOnly={readOnly.value}
          artifacts={trial.artifacts}
          put={(note) => source().putTrialNote(study.id, trial.id, note)}
          upload={isOpen && meta.value?.artifact_is_available ? (file) => uploaded(study.id, trial.id, file) : undefined}
        />
      </Part>
      <Values trial={trial} />
      <Constraints trial={trial} />
      <IntermediateValues trial={trial} />
      <Metrics trial={trial} />
      <Params trial={trial} differing={differing} />
      <Times trial={trial} />
      <Attributes trial={trial} />
      {(trial.artifacts.length > 0 || isOpen) && (
        <Part title="Artifacts">
          <Artifacts studyId={study.id} trialId={trial.id} artifacts={trial.artifacts} editable={isOpen} onChange={onChange} />
        </Part>
      )}
    </article>
  )
}

async function uploaded(studyId: number, trialId: number, file: File) {
  const { artifact_id, artifacts } = await source().upload(studyId, trialId, file)
  return artifacts.find((artifact) => artifact.artifact_id === artifact_id)
}

export function Part({ title, class: classes = '', children }: { title: string; class?: string; children: ComponentChildren }) {
  return (
    <section class={`part ${classes}`}>
      <h3>{title}</h3>
      {children}
    </section>
  )
}
