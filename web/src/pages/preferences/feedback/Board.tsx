import { useRef, useState } from 'preact/hooks'
import { useRestOfScreen } from '../../../components/useRestOfScreen'
import type { Study } from '../../../data/api.gen'
import { type KnownFeedback, type Mode, MOST } from '../../../logic/preferences/answers'
import { aspectOf, faceOf } from '../../../logic/preferences/faces'
import type { Outbox } from '../../../logic/preferences/outbox'
import { cardWidth, columnsFor, TIGHT } from '../../../logic/preferences/places'
import { useUrlState } from '../../../logic/urlState'
import { read, write } from '../../../state/store'
import { readOnly } from '../../../state/session'
import { AnswerBar } from './AnswerBar'
import { CandidateCard, EmptyPlace } from './CandidateCard'
import { Face } from './Face'
import { LargeView } from './LargeView'
import { SettingsMenu } from './SettingsMenu'
import { StatusLine } from './StatusLine'
import { useAnswers } from './useAnswers'
import { useBoardKeys } from './useBoardKeys'
import { useDragging } from './useDragging'
import { useGridSize } from './useGridSize'
import { cannotRead } from './unreadable'
import { usePlaces } from './usePlaces'
import { WaitingNotice } from './WaitingNotice'

const PARAMS = 'runbase.feedback.params'
/** A phone on its side has no more, in pixels. */
const LEAST = 240
/** The question above the candidates and the bar below them, in pixels. */
const FRAME = 96
const QUESTIONS: Record<Mode, string> = {
  worst: 'Which one is the worst?',
  best: 'Which one is the best?',
  rank: 'Sort them, the best first',
}
const isMode = (text: string): text is Mode => text in QUESTIONS

interface BoardProps {
  study: Study
  feedback: KnownFeedback
  outbox: Outbox
  reload(): void
}

/** The candidates, and everything that can be said about them. */
export function Board({ study, feedback, outbox, reload }: BoardProps) {
  const [modeText, setMode] = useUrlState('mode', 'worst')
  const mode = isMode(modeText) ? modeText : 'worst'
  const [show, setShow] = useUrlState('show', '')
  const [withParams, setParams] = useState(read(PARAMS) === 'on')
  const [isRanking, setRanking] = useState(false)
  const [large, setLarge] = useState<number | undefined>()
  const [box, height] = useRestOfScreen(LEAST)
  const [picture, setPicture] = useState(4 / 3)
  const grid = useRef<HTMLDivElement>(null)
  const size = useGridSize(grid)

  const { component } = feedback
  const shown = usePlaces(feedback, outbox.acts.value, Number(show) || MOST, mode === 'rank' && isRanking)
  const { places, compared } = shown
  const canAnswer = !readOnly.value
  const answers = useAnswers({ shown, outbox, onAnswered: () => setRanking(false) })
  const ranks = compared.map(({ number }) => number)
  const move = (number: number, to: number) => {
    setRanking(true)
    shown.move(places.findIndex((place) => place?.candidate.number === number), to)
  }
  const choose = (number: number) => answers.choose(mode, number)
  const changeMode = (chosen: Mode) => {
    setRanking(false)
    answers.say('')
    setMode(chosen)
  }
  const keys = useBoardKeys({
    grid, places, ranks, mode, canAnswer, answers, move, enlarge: setLarge, changeMode,
  })
  const dragging = useDragging(grid, canAnswer && mode === 'rank', move)

  const seen = places.filter((place) => place !== null)
  const there = places.filter((place) => place?.isThere && !place.leaving).length
  const empty = places.findIndex((place) => !place)
  const notice = <WaitingNotice studyName={study.name} feedback={feedback} waiting={shown.waiting} there={there} />
  const aspect = aspectOf(places.flatMap((place) => (place ? [faceOf(place.candidate, component)] : [])), picture)
  const columns = columnsFor(places.length, size.width, Math.min(size.height, height - FRAME), aspect)
  const isTight = canAnswer && mode !== 'rank' && size.width > 0 && cardWidth(size.width, columns) <= TIGHT
  const unseen = shown.waiting - seen.filter(({ leaving }) => !leaving).length
  const isReady = compared.length > 1
  const enlarged = places.find((place) => place?.candidate.number === large)
  const step = (by: number) =>
    setLarge((now) => {
      const at = seen.findIndex(({ candidate }) => candidate.number === now)
      return seen[(at + by + seen.length) % seen.length]?.candidate.number
    })
  /** Answer in large, and go on with the next one. */
  const fromLarge = (say: (number: number) => void) => {
    const next = seen.length > 1 ? seen[(seen.indexOf(enlarged!) + 1) % seen.length] : undefined
    say(large!)
    setLarge(next?.candidate.number)
  }
  return (
    <div
      ref={box}
      class={`feedback ${mode === 'rank' ? 'ranking' : ''}`}
      style={{ minHeight: `${height}px` }}
      onErrorCapture={cannotRead}
      onLoadCapture={({ target }) => target instanceof HTMLImageElement && setPicture(target.naturalWidth / target.naturalHeight || 1)}
    >
      <header class="feedback-head">
        <h2>{canAnswer ? QUESTIONS[mode] : 'What people compare'}{isTight && ' Tap it.'}</h2>
        <StatusLine said={answers.said} outbox={outbox} />
        {unseen > 0 && <span class="muted">{unseen} more wait{unseen === 1 && 's'}</span>}
        <SettingsMenu
          studyId={study.id}
          feedback={feedback}
          show={show}
          onShow={setShow}
          withParams={withParams}
          onParams={(on) => {
            setParams(on)
            write(PARAMS, on ? 'on' : 'off')
          }}
          changed={() => {
            answers.say('Everybody who compares trials of this study sees this now.')
            reload()
          }}
        />
      </header>
      {!canAnswer && <p class="muted">This server is read-only: trials can be looked at, but not compared.</p>}
      <div
        ref={grid}
        class="candidates"
        style={{ '--columns': columns, '--rows': Math.ceil(places.length / columns) }}
        {...dragging}
      >
        {places.map((place, at) =>
          place ? (
            <CandidateCard
              key={place.candidate.number}
              place={place}
              at={at + 1}
              component={component}
              mode={mode}
              rank={ranks.indexOf(place.candidate.number) + 1}
              ranked={ranks.length}
              withParams={withParams}
              canAnswer={canAnswer}
              isReady={isReady}
              actions={{ choose, skip: answers.skip, enlarge: setLarge, shift: keys.shift, send: answers.rank }}
            />
          ) : (
            seen.length > 0 && <EmptyPlace key={`empty ${at}`}>{there < 2 && at === empty && notice}</EmptyPlace>
          ),
        )}
        {seen.length === 0 && notice}
      </div>
      {/* They are loaded before their turn comes, so that they are there at once. */}
      <div hidden>
        {shown.next.map((candidate) => (
          <Face key={candidate.number} candidate={candidate} component={component} isThere />
        ))}
      </div>
      {canAnswer && (
        <AnswerBar
          mode={mode}
          onMode={changeMode}
          isReady={isReady}
          canUndo={answers.canUndo}
          onUndo={answers.undo}
          onEqual={answers.equal}
          onSend={answers.rank}
        />
      )}
      {enlarged && (
        <LargeView
          place={enlarged}
          component={component}
          mode={mode}
          canAnswer={canAnswer}
          isReady={isReady}
          withParams={withParams}
          onStep={seen.length > 1 ? step : undefined}
          onChoose={() => fromLarge(choose)}
          onSkip={() => fromLarge(answers.skip)}
          onClose={() => setLarge(undefined)}
        />
      )}
    </div>
  )
}
