import type { ComponentChildren, JSX } from 'preact'

type ButtonProps = {
  kind?: 'primary' | 'plain' | 'danger' | 'icon' | undefined
  children?: ComponentChildren
} & Omit<JSX.ButtonHTMLAttributes<HTMLButtonElement>, 'kind'>

export function Button({ kind = 'plain', class: classes, children, ...rest }: ButtonProps) {
  return (
    <button type="button" {...rest} class={`button ${kind} ${classes ?? ''}`}>
      {children}
    </button>
  )
}
