import { Popover } from '../../../components/Popover'
import { source } from '../../../data/source'
import { formatCount } from '../../../logic/format'
import { useRuns } from '../context'

const FORMATS = { csv: 'CSV', json: 'JSON', parquet: 'Parquet' } as const

/** The shown columns of the runs that the filter lets through, or of the selected ones, as files. */
export function ExportMenu() {
  const { selection } = useRuns()
  const chosen = [...selection.value]
  return (
    <Popover label="Export">
      <div class="export-menu">
        {chosen.length > 0 && <Files title={`${formatCount(chosen.length)} selected`} runs={chosen} />}
        <Files title={chosen.length ? 'All that the table shows' : 'What the table shows'} />
      </div>
    </Popover>
  )
}

function Files({ title, runs }: { title: string; runs?: number[] }) {
  const { id, catalogue, filter, sort, columns } = useRuns()
  const name = `${catalogue.experiment ?? 'runs'}`
  return (
    <section aria-label={title}>
      <strong>{title}</strong>
      <div class="row">
        {(Object.keys(FORMATS) as (keyof typeof FORMATS)[]).map((format) => (
          <a
            key={format}
            class="button"
            download={`${name}.${format}`}
            href={source().exportUrl({ experiment: id, filter, sort: sort.key, descending: sort.descending, columns, runs, format })}
          >
            {FORMATS[format]}
          </a>
        ))}
      </div>
    </section>
  )
}
