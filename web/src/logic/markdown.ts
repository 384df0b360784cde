import createPurify from 'dompurify'
import { marked } from 'marked'
import { source } from '../data/source'

const purify = createPurify(window)

// Stored paths are those of a server at the root; this one may be below a path.
purify.addHook('afterSanitizeAttributes', (node) => {
  for (const name of ['src', 'href']) {
    const path = node.getAttribute(name)
    if (path && /^\/?(run-)?artifacts\//.test(path)) node.setAttribute(name, source().url(path))
  }
  if (node.tagName === 'A' && node.hasAttribute('href')) {
    node.setAttribute('target', '_blank')
    node.setAttribute('rel', 'noopener noreferrer')
  }
})

/** HTML of Markdown, without anything that could run or look like a part of the page. */
export function render(text: string): string {
  const html = marked.parse(text, { async: false, gfm: true, breaks: true })
  return purify.sanitize(html, {
    USE_PROFILES: { html: true },
    FORBID_TAGS: ['style', 'form', 'button', 'textarea', 'select', 'dialog'],
    FORBID_ATTR: ['style', 'class', 'id', 'name'],
  })
}
