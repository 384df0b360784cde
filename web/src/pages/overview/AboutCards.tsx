import { Card } from '../../components'
import { Artifacts } from '../../components/Artifacts'
import { formatValue } from '../../logic/format'
import { useStudy } from '../study/context'
import { Pairs } from './TrialTip'

export function AttrsCard() {
  const { study } = useStudy()
  if (study.kind === 'ax' && !study.user_attrs.length) return null
  return (
    <Card title="Study user attributes" class="chart-card">
      {study.user_attrs.length ? (
        <Pairs pairs={study.user_attrs.map(({ key, value }) => [key, formatValue(value, 6)])} />
      ) : (
        <p class="chart-empty">This study has no user attributes.</p>
      )}
    </Card>
  )
}

export function ArtifactsCard() {
  const { study } = useStudy()
  if (study.kind === 'ax') return null
  return (
    <Card title="Study artifacts" class="chart-card">
      <Artifacts studyId={study.id} artifacts={study.artifacts} editable />
    </Card>
  )
}
