import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Failed, Spinner } from './feedback'

/** A component whose code is loaded when it is first shown. */
export function lazy<P extends object>(
  load: () => Promise<{ default: ComponentType<P> }>,
): ComponentType<P> {
  let loaded: ComponentType<P> | undefined
  return function Lazy(props: P) {
    const [error, setError] = useState<Error | undefined>()
    const [, redraw] = useState(false)
    useEffect(() => {
      if (loaded) return
      load().then(
        (module) => {
          loaded = module.default
          redraw(true)
        },
        () => setError(new Error('A part of the page did not load: is the server running?')),
      )
    }, [])
    const Loaded = loaded
    if (Loaded) return <Loaded {...props} />
    // Its name may have changed with the server's version: only loading all again helps.
    if (error) return <Failed error={error} retry={() => window.location.reload()} />
    return (
      <div class="centred">
        <Spinner />
      </div>
    )
  }
}
