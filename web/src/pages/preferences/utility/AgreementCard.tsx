import { Card } from '../../../components'
import type { Utility } from '../../../data/api.gen'
import { formatCount, formatNumber } from '../../../logic/format'
import { fit, percent } from '../../../logic/preferences/learnt'

/** How well the model says what people said. */
export function AgreementCard({ utility }: { utility: Utility }) {
  const { agreeing, pairs, expected, ties, noise } = utility
  const [share, awaited] = [agreeing / pairs, expected / pairs]
  return (
    <Card title="Do answers and model agree?" class="half">
      <p class="agreement">
        <strong>{percent(share)}</strong>
        <span>
          {formatCount(agreeing)} of {formatCount(pairs)} comparisons agree, {formatCount(Math.round(expected))} are expected.
        </span>
      </p>
      <div
        class="agreement-bar"
        role="img"
        aria-label={`${percent(share)} of the comparisons agree, ${percent(awaited)} are expected.`}
      >
        <i style={{ width: `${100 * share}%` }} />
        <b style={{ left: `${100 * awaited}%` }} />
      </div>
      <p class="chart-note">
        {fit(utility)} The noise of an answer is {formatNumber(noise, 2)}, where the spread of utilities is 1.
        {ties > 0 && ` ${formatCount(ties)} more ${ties === 1 ? 'comparison was' : 'comparisons were'} about equal.`}
      </p>
    </Card>
  )
}
