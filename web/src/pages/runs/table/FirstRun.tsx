import { meta } from '../../../state/session'
import { useRuns } from '../context'

/** What is there before the first run: how to log one. */
export function FirstRun() {
  const { catalogue } = useRuns()
  const url = JSON.stringify(meta.value?.storage ?? 'sqlite:///runs.db')
  const name = JSON.stringify(catalogue.experiment ?? 'first steps')
  return (
    <div class="first-run">
      <h2>There are no runs yet</h2>
      <p class="muted">As soon as a program logs one, it appears here by itself:</p>
      <pre>
        <code>{`import runbase

client = runbase.Client(${url})
run = runbase.Experiment(client, name=${name}).get_run()
with run.track():
    run.set_args({"lr": 0.1}).add_metrics({"loss": 0.5}, step=0)`}</code>
      </pre>
    </div>
  )
}
