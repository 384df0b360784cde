import { Failed, Spinner } from '../../../components'
import { useStudy } from '../../study/context'
import { useFeedback } from '../useFeedback'
import { Board } from './Board'
import './feedback.css'

/** Where people say which trials are better than others. */
export default function Feedback() {
  const { study } = useStudy()
  const { query, outbox } = useFeedback(study.id)
  if (query.data) return <Board study={study} feedback={query.data} outbox={outbox} reload={query.reload} />
  if (query.error) return <Failed error={query.error} retry={query.reload} />
  return (
    <div class="centred">
      <Spinner />
    </div>
  )
}
