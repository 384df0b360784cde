import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { Button } from '../../components/Button'
import { focusSearch, useKeys } from '../../logic/keys'
import { live } from '../../state/connection'
import { shownTheme, toggleTheme } from '../../state/preferences'
import { meta, readOnly } from '../../state/session'
import { KeysDialog } from './KeysDialog'
import { SettingsDialog } from './SettingsDialog'

const STATES = {
  off: 'Live updates are off',
  connecting: 'Connecting',
  live: 'Live: changes appear by themselves',
  lost: 'Connection lost',
}

/** What is around every page. */
export function Shell({ children }: { children: ComponentChildren }) {
  const [open, setOpen] = useState<'keys' | 'settings' | undefined>()
  useKeys({ '/': focusSearch, '?': () => setOpen('keys'), t: toggleTheme })
  const state = live.state.value
  const dark = shownTheme.value === 'dark'
  return (
    <>
      <a class="skip button" href="#content" onClick={skip}>
        Skip to the content
      </a>
      <header class="shell-head">
        <Link href="/" class="brand" aria-label="Runbase: all experiments">
          <Mark />
          Runbase
        </Link>
        <nav class="shell-nav" aria-label="Runbase">
          <Link href="/runs">All runs</Link>
          <Link href="/sql">SQL</Link>
        </nav>
        <span class="storage" title={meta.value?.storage}>
          {meta.value?.storage}
          {readOnly.value && ' · read-only'}
        </span>
        <div class="shell-tools">
          <Button kind="icon" aria-label={STATES[state]} title={STATES[state]} onClick={() => setOpen('settings')}>
            <span class={`live-mark ${state}`} />
          </Button>
          <Button
            kind="icon"
            aria-label={dark ? 'Light theme' : 'Dark theme'}
            title={`${dark ? 'Light' : 'Dark'} theme (t)`}
            onClick={toggleTheme}
          >
            {dark ? '☀' : '☾'}
          </Button>
          <Button kind="icon" class="keys-button" aria-label="Keys" title="Keys (?)" onClick={() => setOpen('keys')}>
            ?
          </Button>
          <Button kind="icon" aria-label="Settings" title="Settings" onClick={() => setOpen('settings')}>
            ⚙
          </Button>
        </div>
      </header>
      {state === 'lost' && (
        <div class="banner" role="alert">
          Connection lost, trying again… What you see may be out of date.
        </div>
      )}
      <main id="content" class="page" tabIndex={-1}>
        {children}
      </main>
      {open === 'keys' && <KeysDialog onClose={() => setOpen(undefined)} />}
      {open === 'settings' && <SettingsDialog onClose={() => setOpen(undefined)} />}
    </>
  )
}

// A link to "#content" would go to the base of the page, not to the page that is shown.
function skip(event: Event) {
  event.preventDefault()
  document.getElementById('content')?.focus()
}

function Mark() {
  return (
    <svg width="20" height="20" viewBox="0 0 16 16" aria-hidden="true">
      <rect width="16" height="16" rx="3" fill="var(--accent)" />
      <path d="M3 5.5l3.5 5 2.5-2 4 3" fill="none" stroke="var(--on-accent)" stroke-width="1.8" />
    </svg>
  )
}
