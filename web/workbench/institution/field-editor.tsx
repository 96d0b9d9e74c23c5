import { useId, useState } from 'react';
import { run } from '../gateway/client.ts';
import { INSPECT_DOCUMENT } from '../gateway/operations.ts';
import type { FieldBox } from '../gateway/operations.ts';
import { Icon } from '../icon.tsx';
import { useText } from '../language/language.tsx';
import { TextField } from '../parts.tsx';
import { CLAUSE_TYPES } from './draft.ts';
import type { ClauseType, DraftField } from './draft.ts';

interface FieldEditorProps {
  readonly field: DraftField;
  readonly index: number;
  readonly file: File;
  /** What is wrong with the field, in the words of the service. */
  readonly mistakes: readonly string[];
  readonly onChange: (changes: Partial<DraftField>) => void;
  readonly onRemove: () => void;
}

/** One signature field: its clause, its type and its position, by numbers or by a text of the PDF. */
export function FieldEditor({ field, index, file, mistakes, onChange, onRemove }: FieldEditorProps) {
  const text = useText();
  const id = useId();
  return (
    <fieldset className="field-editor">
      <legend>
        <span className="number">{index + 1}</span> {text.field(index + 1)}
        <button
          type="button"
          className="icon-button"
          aria-label={text.removeField(index + 1)}
          onClick={onRemove}
        >
          <Icon name="bin" />
        </button>
      </legend>
      <div>
        <TextField
          label={text.clauseTitle}
          value={field.clause}
          mistakes={mistakes}
          onChange={(clause) => onChange({ clause })}
        />
        <div className="text-field beside">
          <label htmlFor={id}>{text.clauseType}</label>
          <select
            id={id}
            className="form-select"
            value={field.type}
            onChange={({ target }) => onChange({ type: target.value as ClauseType })}
          >
            {CLAUSE_TYPES.map((type) => (
              <option key={type} value={type}>
                {text.clauseTypes[type]}
              </option>
            ))}
          </select>
        </div>
      </div>
      <details>
        <summary>{text.position}</summary>
        <Anchor field={field} file={file} onChange={onChange} />
        <Numbers box={field.box} onChange={(box) => onChange({ box, anchor: undefined })} />
      </details>
    </fieldset>
  );
}

const PARTS = ['page', 'x', 'y', 'width', 'height'] as const;

function Numbers({ box, onChange }: { box: FieldBox; onChange: (box: FieldBox) => void }) {
  const text = useText();
  const id = useId();
  // People count pages from 1, the service from 0.
  const first = (part: string): number => (part === 'page' ? 1 : 0);
  return (
    <div className="numbers">
      {PARTS.map((part) => (
        <div key={part} className="text-field">
          <label htmlFor={`${id}-${part}`}>{text.positionParts[part]}</label>
          <input
            id={`${id}-${part}`}
            type="number"
            className="form-control"
            min={first(part)}
            value={box[part] + first(part)}
            onChange={({ target }) => {
              if (Number.isFinite(target.valueAsNumber))
                onChange({ ...box, [part]: target.valueAsNumber - first(part) });
            }}
          />
        </div>
      ))}
    </div>
  );
}

/** Finds a text of the PDF and places the field below it. */
function Anchor({ field, file, onChange }: Pick<FieldEditorProps, 'field' | 'file' | 'onChange'>) {
  const text = useText();
  const [wanted, setWanted] = useState(field.anchor ?? '');
  const [found, setFound] = useState<string>();
  const find = async (): Promise<void> => {
    const anchors = [{ text: wanted, align: 'BELOW' as const }];
    const { data, fault } = await run(INSPECT_DOCUMENT, { input: { file, anchors } });
    const result = data?.inspectDocument;
    if (result?.__typename !== 'InspectDocumentPayload')
      return setFound(fault === undefined ? text.advice.INVALID_INPUT.what : text.advice.UNREACHABLE.what);
    const [anchor] = result.anchors;
    const [match] = anchor?.matches ?? [];
    if (anchor === undefined || match === undefined)
      return setFound(text.anchorMissing(anchor?.nearest ?? null));
    setFound(text.anchorFound(anchor.matchCount));
    onChange({ anchor: wanted, box: match.fieldBox });
  };
  return (
    <form
      className="anchor"
      onSubmit={(event) => {
        event.preventDefault();
        void find();
      }}
    >
      <TextField label={text.anchorText} value={wanted} onChange={setWanted} />
      <button className="btn btn-outline-primary btn-sm" disabled={wanted === ''}>
        {text.anchorFind}
      </button>
      <p role="status" className="hint">
        {found}
      </p>
    </form>
  );
}
