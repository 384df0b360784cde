import { Component, type ComponentChildren } from 'preact'
import { Failed } from './feedback'

interface Props {
  children?: ComponentChildren
  /** Another value starts afresh: another page. */
  reset?: string
}

/** Keeps a mistake in one part from taking the page away. */
export class ErrorBoundary extends Component<Props, { error?: Error; reset?: string | undefined }> {
  static override getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error(String(error)) }
  }

  static override getDerivedStateFromProps(props: Props, state: { reset?: string | undefined }) {
    return props.reset === state.reset ? null : { reset: props.reset, error: undefined }
  }

  override componentDidCatch(error: unknown) {
    console.error(error)
  }

  override render() {
    const { error } = this.state
    if (!error) return this.props.children
    const retry = () => this.setState({}, () => window.location.reload())
    return <Failed error={new Error(`This part does not work: ${error.message}`)} retry={retry} />
  }
}
