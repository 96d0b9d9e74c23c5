import { useState } from 'react';
import type { Dispatch, DragEvent } from 'react';
import samplePdf from '../../../examples/contratto.pdf?url';
import { isFileError } from '../failure.ts';
import { Icon } from '../icon.tsx';
import { useText } from '../language/language.tsx';
import { FailureNote, Section, TextField } from '../parts.tsx';
import type { Signature } from '../use-signature.ts';
import { DocumentEditor } from './document-editor.tsx';
import type { Draft, DraftAction } from './draft.ts';
import { RequestStatus } from './request-status.tsx';

interface InstitutionProps {
  readonly draft: Draft;
  readonly dispatch: Dispatch<DraftAction>;
  readonly signature: Signature;
}

/** The side of the institution: the documents, then the status of the request. */
export function Institution({ draft, dispatch, signature }: InstitutionProps) {
  const text = useText();
  const { requestId, failure, share } = signature;
  const isSending = share !== undefined;
  return (
    <Section
      id="institution"
      title={text.institution}
      lead={requestId === undefined ? text.institutionLead : text.institutionSent}
    >
      {requestId === undefined ? (
        <>
          {draft.documents.length === 0 ? (
            <FileDrop dispatch={dispatch} />
          ) : (
            <DraftForm draft={draft} dispatch={dispatch} signature={signature} />
          )}
          {failure !== undefined && !isSending && (
            <FailureNote failure={failure} onRetry={() => void signature.send()} />
          )}
          {isSending && <Progress share={share} />}
        </>
      ) : (
        <RequestStatus signature={signature} onNew={() => dispatch({ type: 'clear' })} />
      )}
    </Section>
  );
}

function useAdd(dispatch: Dispatch<DraftAction>): (files: readonly File[]) => void {
  const clause = useText().defaultClause;
  return (files) => {
    if (files.length > 0) dispatch({ type: 'add', files, clause });
  };
}

function FileDrop({ dispatch }: { dispatch: Dispatch<DraftAction> }) {
  const text = useText();
  const add = useAdd(dispatch);
  const [isOver, setIsOver] = useState(false);
  const over = (event: DragEvent): void => {
    event.preventDefault();
    setIsOver(true);
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setIsOver(false);
    add([...event.dataTransfer.files]);
  };
  const addSample = async (): Promise<void> => {
    const blob = await (await fetch(samplePdf)).blob();
    add([new File([blob], 'contratto.pdf', { type: 'application/pdf' })]);
  };
  return (
    <div
      className={`drop${isOver ? ' over' : ''}`}
      onDragOver={over}
      onDragLeave={() => setIsOver(false)}
      onDrop={drop}
    >
      <Icon name="upload" />
      <FileInput label={text.choosePdf} onFiles={add} />
      <p>{text.dropHere}</p>
      <button type="button" className="btn btn-outline-primary" onClick={() => void addSample()}>
        {text.useSample}
      </button>
      <ol className="how-it-works">
        {text.howItWorks.map((step, index) => (
          <li key={step}>
            <span className="number" aria-hidden="true">
              {index + 1}
            </span>
            {step}
          </li>
        ))}
      </ol>
    </div>
  );
}

/** The input itself has the focus; its label looks like a button. */
function FileInput({
  label,
  onFiles,
  small = false,
}: {
  label: string;
  onFiles: (files: File[]) => void;
  small?: boolean;
}) {
  return (
    <label className={`file-input btn ${small ? 'btn-outline-primary btn-sm' : 'btn-primary'}`}>
      <input
        type="file"
        accept="application/pdf,.pdf"
        multiple
        className="visually-hidden"
        onChange={({ target }) => {
          onFiles([...(target.files ?? [])]);
          target.value = ''; // so that the same file can be chosen again
        }}
      />
      {label}
    </label>
  );
}

function DraftForm({ draft, dispatch, signature }: InstitutionProps) {
  const text = useText();
  const add = useAdd(dispatch);
  const mistakesAt = mistakesIn(signature);
  const index = draft.documents.findIndex(({ id }) => id === draft.selected);
  const document = draft.documents[index];
  const isUnusable = draft.documents.some(
    ({ inspected }) =>
      inspected !== undefined && 'code' in inspected.result && isFileError(inspected.result.code),
  );
  return (
    <>
      <div className="row-of-two">
        <TextField
          label={text.dossierTitle}
          value={draft.dossierTitle}
          mistakes={mistakesAt('dossier')}
          onChange={(value) => dispatch({ type: 'text', name: 'dossierTitle', value })}
        />
        <TextField
          label={text.fiscalCode}
          value={draft.fiscalCode}
          hint={text.fiscalCodeHint}
          mistakes={mistakesAt('signer')}
          onChange={(value) => dispatch({ type: 'text', name: 'fiscalCode', value })}
        />
      </div>
      <DocumentTabs draft={draft} dispatch={dispatch} onFiles={add} />
      {document !== undefined && (
        <DocumentEditor
          key={document.id}
          document={document}
          dispatch={dispatch}
          mistakesAt={(...path) => mistakesAt('documents', String(index), ...path)}
        />
      )}
      <button
        type="button"
        className="btn btn-primary btn-lg send"
        disabled={signature.share !== undefined || isUnusable}
        onClick={() => void signature.send()}
      >
        <Icon name="pen" /> {signature.share === undefined ? text.request : text.requesting}
      </button>
    </>
  );
}

function DocumentTabs({
  draft,
  dispatch,
  onFiles,
}: Pick<InstitutionProps, 'draft' | 'dispatch'> & { onFiles: (files: File[]) => void }) {
  const text = useText();
  return (
    <div className="document-tabs" role="group" aria-label={text.documents}>
      {draft.documents.map(({ id, title }) => (
        <span key={id} className={id === draft.selected ? 'tab chosen' : 'tab'}>
          <button
            type="button"
            aria-pressed={id === draft.selected}
            onClick={() => dispatch({ type: 'select', id })}
          >
            <Icon name="file" /> {title}
          </button>
          <button
            type="button"
            className="icon-button"
            aria-label={`${text.removeDocument}: ${title}`}
            onClick={() => dispatch({ type: 'remove', id })}
          >
            <Icon name="bin" />
          </button>
        </span>
      ))}
      <FileInput label={text.addDocument} onFiles={onFiles} small />
    </div>
  );
}

/** The messages for the values whose path begins with this one. */
function mistakesIn({ failure }: Signature): (...path: string[]) => readonly string[] {
  return (...path) =>
    (failure?.fieldErrors ?? [])
      .filter((error) => path.every((step, index) => error.path[index] === step))
      .map(({ message }) => message);
}

function Progress({ share }: { share: number }) {
  const text = useText();
  const percent = Math.round(share * 100);
  const label = percent < 100 ? text.uploading(percent) : text.waitingForService;
  return (
    <div className="sending">
      <progress value={percent < 100 ? percent : undefined} max={100} aria-label={label} />
      <p role="status">{label}</p>
    </div>
  );
}
