import { Dialog } from '../../components/Dialog'
import { Checkbox, Select } from '../../components/inputs'
import { source } from '../../data/source'
import { liveUpdates, theme } from '../../state/preferences'
import { meta } from '../../state/session'

const THEMES = [
  { value: 'auto', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
] as const

export function SettingsDialog({ onClose }: { onClose: () => void }) {
  const about = meta.value
  return (
    <Dialog title="Settings" onClose={onClose}>
      <div class="dialog-body">
        <Select
          label="Theme"
          value={theme.value}
          options={THEMES}
          onChange={(chosen) => (theme.value = chosen)}
        />
        <Checkbox
          label="Live updates: changes appear by themselves"
          checked={liveUpdates.value === 'on'}
          onChange={(on) => (liveUpdates.value = on ? 'on' : 'off')}
        />
        <p class="muted">
          These are remembered by this browser.
          <br />
          {about && (
            <>
              Runbase {about.version}, {about.storage}
              {about.read_only && ' (read-only)'}.{' '}
            </>
          )}
          <a href={source().url('api/openapi.json')} target="_blank" rel="noopener">
            Description of the API
          </a>
        </p>
      </div>
    </Dialog>
  )
}
