export interface Named {
  number: number
  trial?: number
  name?: string | null
}

/** What to call a trial. Arms of batch trials of Ax, whose numbers are below 0, have names of their own. */
export function trialName({ number, trial, name }: Named): string {
  if (number >= 0) return `Trial ${number}`
  if (!name) return `Arm ${number}`
  // Ax's own names begin with the number of the trial; others are alike in many trials.
  return trial === undefined || name.startsWith(`${trial}_`) ? `Arm ${name}` : `Arm ${name} of trial ${trial}`
}

/** The same in a sentence. */
export const inSentence = (named: Named): string => trialName(named).replace(/^./, (first) => first.toLowerCase())
