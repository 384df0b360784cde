import { signal } from '@preact/signals'

/** What dragging over any chart does; with Shift it does the other. */
export const dragMode = signal<'select' | 'zoom'>('select')
