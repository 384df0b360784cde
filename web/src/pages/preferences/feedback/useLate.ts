import { useEffect, useState } from 'preact/hooks'

/** So long, in milliseconds, most programs need for a trial, unless something is wrong. */
export const PATIENCE = 15_000

/** Whether so many milliseconds have passed since this came to the screen. */
export function useLate(milliseconds: number): boolean {
  const [isLate, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), milliseconds)
    return () => clearTimeout(timer)
  }, [])
  return isLate
}
