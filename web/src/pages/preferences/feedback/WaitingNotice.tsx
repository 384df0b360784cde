import type { Feedback } from '../../../data/api.gen'
import { meta } from '../../../state/session'
import { useLate } from './useLate'

interface WaitingProps {
  studyName: string
  feedback: Feedback
  /** How many wait, and how many of them have something to judge. */
  waiting: number
  there: number
}

/** Most programs need a moment for the next trials: no reason yet to explain anything. */
const MOMENT = 5000

/** Shown while there are not two to compare. */
export function WaitingNotice({ studyName, feedback, waiting, there }: WaitingProps) {
  const { component } = feedback
  const isLate = useLate(MOMENT)
  const what = component.output_type === 'note' ? 'note' : `file “${component.artifact_key}”`
  if (!isLate && waiting > 0) return <>The next one comes here</>
  return (
    <section class="waiting-notice" aria-label="Waiting">
      <h2>Waiting for the program to make more trials</h2>
      <p class="muted">
        Two trials{waiting > there && <> with a {what}</>} are needed, and there {there === 1 ? 'is one' : 'is none'}.
        While the program runs, they appear here by themselves.
      </p>
      <details open={waiting === 0}>
        <summary>How to run one</summary>
        <pre><code>{generator(studyName, meta.value?.storage ?? 'sqlite:///runs.db', component.artifact_key ?? null)}</code></pre>
      </details>
    </section>
  )
}

function generator(name: string, storage: string, key: string | null): string {
  const made = key === null
    ? `    save_note(trial, f"x = **{x:.3f}**")`
    : `    file = upload_artifact(artifact_store=store, file_path=draw(x), study_or_trial=trial)
    trial.set_user_attr(${JSON.stringify(key)}, file)`
  const imports = key === null
    ? `from runbase.dashboard import save_note`
    : `from optuna.artifacts import FileSystemArtifactStore, upload_artifact`
  const store = key === null ? '' : `store = FileSystemArtifactStore("artifacts")  # as in --artifact-dir\n`
  return `import time

${imports}
from runbase.dashboard.preferential import load_study

study = load_study(study_name=${JSON.stringify(name)}, storage=${JSON.stringify(storage)})
${store}while True:
    if not study.should_generate():
        time.sleep(0.1)  # people have enough to compare
        continue
    trial = study.ask()
    x = trial.suggest_float("x", 0, 1)
${made}`
}
