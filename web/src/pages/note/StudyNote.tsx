import { Card } from '../../components'
import { NoteEditor } from '../../components/NoteEditor'
import { source } from '../../data/source'
import { meta, readOnly } from '../../state/session'
import { ArtifactsCard } from '../overview/AboutCards'
import { useStudy } from '../study/context'
import './note.css'

/** The note of the study, for everybody who looks at it. */
export default function StudyNote() {
  const { study } = useStudy()
  const upload = async (file: File) => {
    const { artifact_id, artifacts } = await source().upload(study.id, null, file)
    return artifacts.find((artifact) => artifact.artifact_id === artifact_id)
  }
  return (
    <>
      <Card title="Note" class="study-note">
        <NoteEditor
          note={study.note}
          of={`study ${study.id}`}
          readOnly={readOnly.value}
          artifacts={study.artifacts}
          put={(note) => source().putStudyNote(study.id, note)}
          upload={meta.value?.artifact_is_available && study.kind !== 'ax' ? upload : undefined}
        />
      </Card>
      {study.is_preferential && <ArtifactsCard />}
    </>
  )
}
