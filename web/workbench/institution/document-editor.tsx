import { useState } from 'react';
import type { Dispatch } from 'react';
import { Icon } from '../icon.tsx';
import { useText } from '../language/language.tsx';
import { TextField } from '../parts.tsx';
import { inspectionOf, newField } from './draft.ts';
import type { DraftAction, DraftDocument, DraftField } from './draft.ts';
import { FieldEditor } from './field-editor.tsx';
import { FieldLayer } from './field-layer.tsx';
import type { ShownPart } from './field-layer.tsx';
import { PageView } from './page-view.tsx';
import type { VisiblePart } from './pdf.ts';
import { useInspection } from './use-inspection.ts';

interface DocumentEditorProps {
  readonly document: DraftDocument;
  readonly dispatch: Dispatch<DraftAction>;
  /** Mistakes of the document, by their path from it. */
  readonly mistakesAt: (...path: string[]) => readonly string[];
}

/** A PDF with its signature fields, on the page and as a list. */
export function DocumentEditor({ document, dispatch, mistakesAt }: DocumentEditorProps) {
  const text = useText();
  const [page, setPage] = useState(0);
  useInspection(document, dispatch);
  const { id, file, title, fields, inspected, pages } = document;
  const change = (changes: Partial<DraftDocument>): void => dispatch({ type: 'document', id, changes });
  const setFields = (changed: readonly DraftField[]): void => change({ fields: changed });
  const changeField = (fieldId: string, changes: Partial<DraftField>): void =>
    setFields(fields.map((field) => (field.id === fieldId ? { ...field, ...changes } : field)));
  const removeField = (fieldId: string): void => setFields(fields.filter((field) => field.id !== fieldId));
  const existing =
    inspected !== undefined && 'signatureFields' in inspected.result ? inspected.result.signatureFields : [];
  return (
    <div className="document-editor">
      <PageView
        file={file}
        title={title}
        page={page}
        onPage={setPage}
        overlay={(visible) => (
          <FieldLayer
            part={partOf(visible, pages?.[page])}
            page={page}
            fields={fields}
            existing={existing}
            onDraw={(box) => setFields([...fields, newField(text.defaultClause, box)])}
            onMove={(fieldId, box) => changeField(fieldId, { box, anchor: undefined })}
            onRemove={removeField}
          />
        )}
      />
      <div className="document-form">
        <TextField
          label={text.documentTitle}
          value={title}
          mistakes={mistakesAt('title')}
          onChange={(value) => change({ title: value })}
        />
        <Verdict document={document} />
        <FieldList
          document={document}
          mistakesAt={mistakesAt}
          onChange={(fieldId, changes) => {
            changeField(fieldId, changes);
            if (changes.box !== undefined) setPage(changes.box.page);
          }}
          onRemove={removeField}
          onAdd={() => setFields([...fields, newField(text.defaultClause, boxOn(page, fields.length))])}
        />
      </div>
    </div>
  );
}

interface FieldListProps extends Pick<DocumentEditorProps, 'document' | 'mistakesAt'> {
  readonly onChange: (id: string, changes: Partial<DraftField>) => void;
  readonly onRemove: (id: string) => void;
  readonly onAdd: () => void;
}

function FieldList({ document, mistakesAt, onChange, onRemove, onAdd }: FieldListProps) {
  const text = useText();
  const { fields, file } = document;
  return (
    <>
      <h3>{text.fields}</h3>
      <p className="hint">{fields.length === 0 ? text.noFields : text.drawHint}</p>
      {fields.map((field, index) => (
        <FieldEditor
          key={field.id}
          field={field}
          index={index}
          file={file}
          mistakes={[...mistakesAt('fields', String(index)), ...problemsAt(document, index)]}
          onChange={(changes) => onChange(field.id, changes)}
          onRemove={() => onRemove(field.id)}
        />
      ))}
      <button type="button" className="btn btn-outline-primary btn-sm" onClick={onAdd}>
        <Icon name="plus" /> {text.addField}
      </button>
    </>
  );
}

/** Where a part of a page is for the service, which measures y from the height of the MediaBox. */
function partOf(
  { left, bottom, right, top }: VisiblePart,
  size?: { readonly width: number; readonly height: number },
): ShownPart {
  const { width, height } = size ?? { width: right, height: top };
  // A box must end before the width and the height of the MediaBox, also if that begins elsewhere.
  const maxX = Math.min(right, width);
  const maxY = height - Math.max(bottom, 0);
  return { x: left, y: height - top, width: right - left, height: top - bottom, maxX, maxY };
}

/** Beside the fields that are there already. */
const boxOn = (page: number, count: number) => ({
  page,
  x: 85 + 25 * (count % 8),
  y: 560 - 25 * (count % 8),
  width: 177,
  height: 77,
});

function problemsOf(document: DraftDocument) {
  const inspection = inspectionOf(document);
  return inspection !== undefined && 'problems' in inspection ? inspection.problems : [];
}

const problemsAt = (document: DraftDocument, index: number): string[] =>
  problemsOf(document)
    .filter(({ path }) => path[0] === 'fields' && path[1] === String(index))
    .map(({ message }) => message);

/** What `inspectDocument` says about the document; problems of a field are shown beside the field. */
function Verdict({ document }: { document: DraftDocument }) {
  const text = useText();
  const inspection = inspectionOf(document);
  if (inspection === undefined) return <p className="verdict">{text.inspecting}</p>;
  if ('code' in inspection) {
    const { what, todo } = text.advice[inspection.code];
    return (
      <p className="verdict bad" role="alert">
        <Icon name="alert" /> {what} {todo}
      </p>
    );
  }
  const { problems } = inspection;
  const own = problems.filter(({ path }) => path[0] !== 'fields');
  const isAccepted = problems.every(({ severity }) => severity !== 'ERROR');
  return (
    <>
      {isAccepted && (
        <p className="verdict good" role="status">
          <Icon name="check" /> {text.inspectionOk}
        </p>
      )}
      {own.map(({ message, severity }) => (
        <p key={message} className="verdict bad" role="alert">
          <Icon name="alert" /> {severity === 'ERROR' ? text.problem : text.warning}:{' '}
          <span lang="en">{message}</span>
        </p>
      ))}
    </>
  );
}
