import { Dialog } from '../../components/Dialog'

const KEYS: [keys: string[], what: string][] = [
  [['/'], 'Search, or filter trials'],
  [['j', 'k'], 'Next and previous line'],
  [['Enter'], 'Open'],
  [['x'], 'Select for comparison'],
  [['c'], 'Compare what is selected'],
  [['Ctrl', 'Enter'], 'SQL: run the query'],
  [['Ctrl', 'Space'], 'SQL: offer words'],
  [['1', '…', '9'], 'Feedback: this one is the worst, or the best'],
  [['w', 'b', 'r'], 'Feedback: choose the worst, the best, or rank'],
  [['e'], 'Feedback: about equal'],
  [['s', 'l'], 'Feedback: skip the one under the pointer, see it large'],
  [['u'], 'Feedback: undo'],
  [['←', '→', 'Enter'], 'Feedback: in a ranking, move one, send it'],
  [['←', '→', '+', '-'], 'Feedback: in large, go to another, zoom'],
  [['Esc'], 'Leave a field, close a dialog'],
  [['t'], 'Light or dark theme'],
  [['?'], 'These keys'],
]

export function KeysDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <div class="dialog-body">
        <dl class="keys">
          {KEYS.map(([keys, what]) => (
            <>
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </>
          ))}
        </dl>
      </div>
    </Dialog>
  )
}
