import { rampColour, type Ink } from '../logic/charts/palette'
import { shownTheme } from '../state/preferences'

/** An ink as a colour of CSS, in the theme that is shown. */
export function cssColour(ink: Ink): string {
  if (ink.startsWith('ramp:')) return rampColour(ink, shownTheme.value === 'dark')
  return ink.startsWith('--') ? `var(${ink})` : ink
}
