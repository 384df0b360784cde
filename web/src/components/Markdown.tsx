import { useEffect, useState } from 'preact/hooks'

/** Markdown that users wrote, made safe; what reads it is loaded when it is first needed. */
export function Markdown({ text }: { text: string }) {
  const [html, setHtml] = useState<string | undefined>()
  useEffect(() => {
    let current = true
    void import('../logic/markdown').then(({ render }) => {
      if (current) setHtml(render(text))
    })
    return () => {
      current = false
    }
  }, [text])
  if (html === undefined) return <div class="markdown plain">{text}</div>
  return <div class="markdown" dangerouslySetInnerHTML={{ __html: html }} />
}
