/** The code of the pages of runs, by name; the one of the table is wanted most. */
export const CODE = {
  '': () => import('./table/RunTable'),
  curves: () => import('./charts/Curves'),
  scatter: () => import('./charts/Scatter'),
  parallel: () => import('./charts/Parallel'),
  compare: () => import('./compare/Compare'),
}
