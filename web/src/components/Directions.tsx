const ARROWS: Record<string, string> = { minimize: '↓', maximize: '↑', not_set: '·' }

/** Which way each objective goes, as arrows. */
export function Directions({ directions, names }: { directions: readonly string[]; names: readonly string[] }) {
  if (!directions.length) return null
  const text = directions.map((direction, i) => `${direction} ${names[i] ?? `objective ${i}`}`).join(', ')
  return (
    <span class="directions" role="img" aria-label={text} title={text}>
      {directions.map((direction) => ARROWS[direction] ?? '·').join(' ')}
    </span>
  )
}
