import { computed, effect, signal, type Signal } from '@preact/signals'
import { read, write } from './store'

export type Theme = 'auto' | 'light' | 'dark'

/** A signal that the browser remembers. */
function remembered<T extends string>(key: string, values: readonly T[], fallback: T): Signal<T> {
  const name = `runbase.${key}`
  const state = signal(values.find((value) => value === read(name)) ?? fallback)
  effect(() => write(name, state.value))
  return state
}

export const theme = remembered<Theme>('theme', ['auto', 'light', 'dark'], 'auto')
export const liveUpdates = remembered<'on' | 'off'>('live', ['on', 'off'], 'on')

const darkSystem = window.matchMedia('(prefers-color-scheme: dark)')
const systemIsDark = signal(darkSystem.matches)
darkSystem.addEventListener('change', (event) => (systemIsDark.value = event.matches))

/** The theme that is shown: charts draw anew when it changes. */
export const shownTheme = computed<'light' | 'dark'>(() => {
  if (theme.value !== 'auto') return theme.value
  return systemIsDark.value ? 'dark' : 'light'
})

effect(() => {
  document.documentElement.dataset.theme = shownTheme.value
})

export function toggleTheme(): void {
  theme.value = shownTheme.value === 'dark' ? 'light' : 'dark'
}
