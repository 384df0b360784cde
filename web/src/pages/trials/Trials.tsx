import { useEffect } from 'preact/hooks'
import { useRestOfScreen } from '../../components/useRestOfScreen'
import { useKeys } from '../../logic/keys'
import { useTitle } from '../../logic/title'
import { MOST_BESIDE, parseNumbers, toggled } from '../../logic/trials/selection'
import { useUrlState } from '../../logic/urlState'
import { useStudy } from '../study/context'
import { TrialDetails } from './TrialDetails'
import { TrialList } from './TrialList'
import './trials.css'

const isWide = () => window.matchMedia('(min-width: 761px)').matches

/** The list of trials, and beside it (on a phone: instead of it) all about those that are chosen. */
export default function Trials() {
  const { study, selection } = useStudy()
  const [text, setText] = useUrlState('numbers', '')
  const numbers = parseNumbers(text)
  const choose = (chosen: number[]) => setText(chosen.slice(-MOST_BESIDE).join(','))
  const pick = (number: number, add: boolean) => {
    // Where the detail would hide the list, trials are gathered first.
    if (add && !isWide()) selection.value = new Set(toggled([...selection.value], number, true))
    else choose(add ? toggled(numbers, number) : [number])
  }
  useTitle(numbers.length ? `Trial ${numbers.join(', ')}` : 'Trials', study.name)
  useKeys({ Escape: () => numbers.length > 1 && choose(numbers.slice(0, 1)) })
  useScrollTop(text)
  const [frame, rest] = useRestOfScreen()
  return (
    <div ref={frame} class={`trials ${numbers.length ? 'has-detail' : ''}`} style={{ '--rest': `${rest}px` }}>
      <TrialList
        numbers={numbers}
        onPick={pick}
        onShow={choose}
        onFirst={(number) => isWide() && !numbers.length && choose([number])}
      />
      <TrialDetails numbers={numbers} onChoose={choose} onBack={() => setText('')} />
    </div>
  )
}

/** On a phone the detail is a page of its own: it begins at its top. */
function useScrollTop(shown: string): void {
  useEffect(() => {
    if (shown && !isWide()) document.querySelector('.trial-details')?.scrollIntoView()
  }, [shown])
}
