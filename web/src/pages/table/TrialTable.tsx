import { useRestOfScreen } from '../../components/useRestOfScreen'
import { TrialGrid } from './TrialGrid'

/** All trials of the study that its filter lets through, in a table. */
export default function TrialTable() {
  const [box, height] = useRestOfScreen()
  return (
    <div class="table-page" ref={box}>
      <TrialGrid height={height} />
    </div>
  )
}
