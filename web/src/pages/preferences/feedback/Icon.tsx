const PATHS = {
  skip: 'M2.5 3.5v9L10 8zM12.5 3.5v9',
  large: 'M9.5 2.5h4v4M13.5 2.5l-5 5M6.5 13.5h-4v-4M2.5 13.5l5-5',
  shown: 'M1.5 8C4 3.8 12 3.8 14.5 8C12 12.2 4 12.2 1.5 8zM8 6.2a1.8 1.8 0 100 3.6a1.8 1.8 0 000-3.6',
  undo: 'M5.5 3L2.5 6l3 3M2.5 6h7a4 4 0 010 8H6',
}

/** A small picture on a button. */
export function Icon({ of }: { of: keyof typeof PATHS }) {
  return (
    <svg class="icon-picture" width="17" height="17" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[of]} fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  )
}
