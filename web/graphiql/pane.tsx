import { useGraphiQL, useGraphiQLActions, useVariablesEditorState } from '@graphiql/react';
import { parse } from 'jsonc-parser';
import { useId, useRef, useState } from 'react';
import { useStore } from 'zustand';
import { operationNameIn, useEditedDocument } from './edited-document.ts';
import { language, texts } from './language.ts';
import { fileKey, setFiles, setToken, state } from './state.ts';
import { uploadPlaces } from './uploads.ts';
import type { UploadPlace } from './uploads.ts';

/** Set by the gateway when it uses a sandbox. */
const isSandbox = document.body.dataset['sandbox'] !== undefined;

export const PANE = {
  title: texts.pane,
  content: Pane,
  icon: () => (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M20 11.5 12.5 19a5 5 0 0 1-7-7l8-8a3.3 3.3 0 0 1 4.7 4.7l-8 8a1.7 1.7 0 0 1-2.4-2.4L15 7" />
    </svg>
  ),
};

function Pane() {
  return (
    <div className="sigillo-pane" lang={language}>
      <h2>{texts.pane}</h2>
      <Files />
      <IdList />
      {isSandbox && <Citizen />}
      <Token />
    </div>
  );
}

function Files() {
  const edited = useEditedDocument();
  const [variablesText] = useVariablesEditorState();
  const proposed = useGraphiQL((page) => page.operationName);
  const operationName = operationNameIn(edited, proposed);
  const schema = useStore(state, (page) => page.schema);
  const progress = useStore(state, (page) => page.progress);
  const variables: unknown = parse(variablesText || '{}');
  const places =
    schema === undefined || edited === undefined || typeof variables !== 'object' || variables === null
      ? []
      : uploadPlaces(schema, edited, operationName, variables as Record<string, unknown>);
  const percent = progress && Math.round((100 * progress.sent) / Math.max(1, progress.total));
  return (
    <section aria-labelledby="sigillo-files">
      <h3 id="sigillo-files">{texts.files}</h3>
      {places.length === 0 && <p>{schema === undefined ? texts.noSchema : texts.noFiles}</p>}
      {places.map((place) => (
        <FilePicker key={place.path.join('.')} place={place} operationName={operationName} />
      ))}
      {percent !== undefined && (
        <p role="status">
          <progress max="100" value={percent} aria-label={texts.files} /> {texts.sending(percent)}
        </p>
      )}
    </section>
  );
}

const size = new Intl.NumberFormat(texts.locale, { maximumFractionDigits: 1 });
const sizeOf = ({ size: bytes }: File): string =>
  bytes < 1_000_000 ? `${size.format(bytes / 1_000)} kB` : `${size.format(bytes / 1_000_000)} MB`;

function FilePicker({
  place,
  operationName,
}: {
  readonly place: UploadPlace;
  readonly operationName: string | undefined;
}) {
  const path = place.path.join('.');
  const key = fileKey(operationName, path);
  const files = useStore(state, (page) => page.files[key]) ?? [];
  const [isOver, setOver] = useState(false);
  const hint = useId();
  const add = (chosen: Iterable<File>): void => {
    const given = [...chosen];
    if (given.length > 0) setFiles(key, place.isList ? [...files, ...given] : given.slice(0, 1));
  };
  return (
    <div
      className={`sigillo-drop${isOver ? ' is-over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        add(event.dataTransfer.files);
      }}
    >
      <label>
        <code>{path}</code>
        <span id={hint}>{place.isList ? texts.chooseFiles : texts.chooseFile}</span>
        <input
          type="file"
          multiple={place.isList}
          aria-describedby={hint}
          aria-required={place.isRequired}
          onChange={({ currentTarget }) => {
            add(currentTarget.files ?? []);
            // The same file can be chosen again after it was removed.
            currentTarget.value = '';
          }}
        />
      </label>
      <ChosenFiles files={files} onChange={(left) => setFiles(key, left)} />
    </div>
  );
}

function ChosenFiles({
  files,
  onChange,
}: {
  readonly files: readonly File[];
  readonly onChange: (files: readonly File[]) => void;
}) {
  if (files.length === 0) return null;
  return (
    <ul>
      {files.map((file, index) => (
        <li key={`${index}-${file.name}`}>
          {file.name} <small>{sizeOf(file)}</small>
          <button
            type="button"
            aria-label={texts.remove(file.name)}
            onClick={() => onChange(files.toSpliced(index, 1))}
          >
            ×
          </button>
        </li>
      ))}
    </ul>
  );
}

function IdList() {
  const ids = useStore(state, (page) => page.ids);
  const entries = Object.entries(ids);
  return (
    <section aria-labelledby="sigillo-ids">
      <h3 id="sigillo-ids">{texts.ids}</h3>
      <p>{entries.length === 0 ? texts.noIds : texts.idsFill}</p>
      {entries.map(([type, { chosen, all }]) => (
        <label key={type}>
          {type}
          <select
            value={chosen}
            onChange={({ currentTarget }) =>
              state.setState({ ids: { ...ids, [type]: { chosen: currentTarget.value, all } } })
            }
          >
            {all.map((id) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        </label>
      ))}
    </section>
  );
}

/** Of the sandbox: the citizen signs. */
function Citizen() {
  const request = useStore(state, (page) => page.ids['SignatureRequest']?.chosen);
  const [answer, setAnswer] = useState('');
  const sign = async (): Promise<void> => {
    const { token } = state.getState();
    setAnswer('');
    const response = await fetch('/_sandbox/citizen/sign', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token !== '' && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ id: request }),
    }).catch(() => undefined);
    if (response?.ok === true) return setAnswer(texts.signed);
    const problem = (await response?.json().catch(() => undefined)) as
      { readonly detail?: string; readonly errors?: readonly { readonly message: string }[] } | undefined;
    setAnswer(problem?.detail ?? problem?.errors?.[0]?.message ?? texts.unreachable);
  };
  return (
    <section aria-labelledby="sigillo-citizen">
      <h3 id="sigillo-citizen">{texts.citizen}</h3>
      {request === undefined ? (
        <p>{texts.noRequest}</p>
      ) : (
        <>
          <p>
            {texts.citizenHint} <code>{request}</code>
          </p>
          <button type="button" className="graphiql-button" onClick={() => void sign()}>
            {texts.sign}
          </button>
          <p role="status">{answer}</p>
          <p>{texts.byCurl}</p>
          <pre tabIndex={0}>{`curl ${location.origin}/_sandbox/citizen/sign \\
  -H 'content-type: application/json' \\
  -d '{"id":"${request}"}'`}</pre>
        </>
      )}
      <p>
        <a href="/">{texts.workbench}</a>
      </p>
    </section>
  );
}

/** Another token may see another schema, so the schema is loaded again once the field is left. */
function Token() {
  const token = useStore(state, (page) => page.token);
  const { introspect } = useGraphiQLActions();
  const used = useRef(token);
  const field = useId();
  const load = (): void => {
    if (used.current === token) return;
    used.current = token;
    void introspect();
  };
  return (
    <section>
      <label className="sigillo-heading" htmlFor={field}>
        {texts.token}
      </label>
      <input
        type="text"
        className="sigillo-secret"
        id={field}
        autoComplete="off"
        spellCheck={false}
        aria-describedby={`${field}-hint`}
        value={token}
        onChange={({ currentTarget }) => setToken(currentTarget.value.trim())}
        onBlur={load}
        onKeyDown={({ key }) => key === 'Enter' && load()}
      />
      <p id={`${field}-hint`}>{texts.tokenHint}</p>
    </section>
  );
}
