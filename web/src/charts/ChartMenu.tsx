import { Menu, toastError } from '../components'
import { dragMode } from './dragMode'
import { pngOf, svgOf, type Picture } from './picture'

interface ChartMenuProps {
  title: string
  picture: Picture
  onReset?: (() => void) | undefined
  brushes?: boolean | undefined
}

/** What can be done with any chart: keep it as a file, zoom out, choose what dragging does. */
export function ChartMenu({ title, picture, onReset, brushes }: ChartMenuProps) {
  const selects = dragMode.value === 'select'
  const png = () =>
    pngOf(picture, title).then(
      (blob) => blob && download(blob, `${fileName(title)}.png`),
      toastError,
    )
  return (
    <Menu
      label={`Menu of ${title}`}
      items={[
        { label: 'Save as PNG', onClick: () => void png() },
        {
          label: 'Save as SVG',
          onClick: () => save(svgOf(picture, title), 'image/svg+xml', `${fileName(title)}.svg`),
        },
        {
          label: 'Save as CSV',
          onClick: () => save(picture.csv(), 'text/csv', `${fileName(title)}.csv`),
        },
        ...(brushes
          ? [
              {
                label: selects
                  ? 'Dragging: zoom instead of select'
                  : 'Dragging: select instead of zoom',
                onClick: () => (dragMode.value = selects ? 'zoom' : 'select'),
              },
            ]
          : []),
        ...(onReset ? [{ label: 'Show all (double click)', onClick: onReset }] : []),
      ]}
    />
  )
}

function save(text: string, type: string, name: string): void {
  download(new Blob([text], { type: `${type};charset=utf-8` }), name)
}

export function download(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

export function fileName(title: string): string {
  return (
    title
      .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
      .replaceAll(/^-+|-+$/g, '')
      .toLowerCase() || 'chart'
  )
}
