import type { Artifact } from '../../data/api.gen'

export type ArtifactKind = 'image' | 'video' | 'audio' | 'sheet' | 'json' | 'text' | 'other'

const TEXT = /^(text\/|application\/(x-)?(yaml|toml|xml|javascript|sh|python))/
const TEXT_NAMES = /\.(txt|log|md|py|ya?ml|toml|ini|cfg|sh|xml|ts|js|tex|rst)$/i

/** How a file can be looked at; "other" can only be downloaded. HTML is shown as text, so that nothing of it runs. */
export function kindOf({ filename, mimetype }: Pick<Artifact, 'filename' | 'mimetype'>): ArtifactKind {
  const [family] = mimetype.split('/')
  if (family === 'image' || family === 'video' || family === 'audio') return family
  if (isSheet(filename, mimetype)) return 'sheet'
  if (/[/+]json$/.test(mimetype) || /\.json$/i.test(filename)) return 'json'
  return TEXT.test(mimetype) || TEXT_NAMES.test(filename) ? 'text' : 'other'
}

const isSheet = (filename: string, mimetype: string) =>
  /^(text\/(csv|tab-separated-values)|application\/(x-)?(jsonl|jsonlines|ndjson))/.test(mimetype) || /\.(csv|tsv|jsonl|ndjson)$/i.test(filename)

export const isJsonLines = ({ filename, mimetype }: Pick<Artifact, 'filename' | 'mimetype'>): boolean =>
  /jsonl|ndjson/.test(mimetype) || /\.(jsonl|ndjson)$/i.test(filename)

export const separatorOf = ({ filename, mimetype }: Pick<Artifact, 'filename' | 'mimetype'>): string =>
  mimetype.startsWith('text/tab-separated-values') || /\.tsv$/i.test(filename) ? '\t' : ','
