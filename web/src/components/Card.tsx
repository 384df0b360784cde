import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

interface CardProps {
  title?: ComponentChildren
  actions?: ComponentChildren
  class?: string | undefined
  children?: ComponentChildren
}

export function Card({ title, actions, class: classes = '', children }: CardProps) {
  const id = useId()
  return (
    <section class={`card ${classes}`} aria-labelledby={title ? id : undefined}>
      {(title || actions) && (
        <header class="card-head">
          <h2 id={id}>{title}</h2>
          <div class="card-actions">{actions}</div>
        </header>
      )}
      <div class="card-body">{children}</div>
    </section>
  )
}
