import { toCsv } from '../logic/charts/csv'
import type { ParallelAxis } from '../logic/charts/parallel'
import { drawParallel, type ParallelScene } from './drawParallel'
import type { Picture } from './picture'

/** Parallel axes as a picture, and as rows of what is on them. */
export function parallelPicture(scene: ParallelScene): Picture {
  return {
    legend: [],
    draw: (pen, width, height, paint) => drawParallel(pen, scene, null, {}, width, height, paint),
    csv: () =>
      toCsv(
        scene.axes.map((axis) => axis.dimension.label),
        scene.rows.map((i) => scene.axes.map((axis) => cell(axis, i))),
      ),
  }
}

function cell({ dimension, values }: ParallelAxis, i: number): string | number {
  return dimension.labels ? (dimension.labels[values[i]!] ?? '') : values[i]!
}
