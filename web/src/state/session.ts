import { computed, signal } from '@preact/signals'
import type { Meta } from '../data/api.gen'
import { ApiError } from '../data/source'

/** What the server can do, once it has said so. */
export const meta = signal<Meta | undefined>(undefined)

/** Whether nothing may be changed. */
export const readOnly = computed(() => meta.value?.read_only ?? false)

/** Whether the server wants a token that this browser has not shown. */
export const unauthorized = signal(false)

/** Take note of errors that concern the whole page. */
export function report(error: unknown): void {
  if (error instanceof ApiError && error.status === 401) unauthorized.value = true
}
