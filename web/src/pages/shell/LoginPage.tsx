import { Button } from '../../components/Button'
import { useTitle } from '../../logic/title'

/** Shown when the server does not know this browser any more; it asks for the token by itself. */
export function LoginPage() {
  useTitle('Token')
  return (
    <main class="login">
      <h1>This dashboard asks for its token</h1>
      <p>
        It was started with <code>--token</code>, and this browser has not shown the right one: the
        server may have been started again with another.
      </p>
      <p>
        <Button kind="primary" onClick={() => window.location.reload()}>
          Enter the token
        </Button>
      </p>
    </main>
  )
}
