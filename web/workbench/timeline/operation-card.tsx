import { useId, useState } from 'react';
import { token } from '../gateway/token.ts';
import { Icon } from '../icon.tsx';
import { useText } from '../language/language.tsx';
import { useSubject } from '../subject.ts';
import { snippetOf } from './snippets.ts';
import type { SnippetKind } from './snippets.ts';
import type { OperationItem } from './timeline-store.ts';
import { UpstreamCalls } from './upstream-calls.tsx';

/** An operation in one line; opened, its text in several languages, its answer, and the calls to the service. */
export function OperationCard({ operation }: { operation: OperationItem }) {
  const text = useText();
  const [isOpen, setIsOpen] = useState(false);
  const { name, isRunning, failed = false, outcome, milliseconds, calls } = operation;
  const state = isRunning ? 'running' : failed ? 'bad' : 'good';
  return (
    <details className={`operation ${state}`} onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}>
      <summary>
        <Icon name={isRunning ? 'clock' : failed ? 'alert' : 'check'} />
        <code>{name}</code>
        <span className={`verdict ${state}`}>
          {isRunning ? text.running : failed ? outcome : text.succeeded}
        </span>
        <span className="numbers-of-call">
          {milliseconds !== undefined && text.milliseconds(milliseconds)}
          {!isRunning && ` · ${text.upstreamCalls(calls.length)}`}
        </span>
      </summary>
      {isOpen && (
        <>
          <Snippets operation={operation} />
          <UpstreamCalls calls={calls} />
        </>
      )}
    </details>
  );
}

const TABS = ['graphql', 'curl', 'typescript', 'php', 'answer'] as const;
type Tab = SnippetKind | 'answer';

function Snippets({ operation }: { operation: OperationItem }) {
  const text = useText();
  const id = useId();
  const [tab, setTab] = useState<Tab>('graphql');
  const hasToken = useSubject(token) !== '';
  const shown =
    tab === 'answer'
      ? JSON.stringify(operation.answer ?? null, null, 2)
      : snippetOf(tab, operation, { origin: location.origin, hasToken });
  return (
    <div className="snippets">
      <div className="snippet-tabs" role="group" aria-label={operation.name}>
        {TABS.map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={name === tab}
            aria-controls={id}
            onClick={() => setTab(name)}
          >
            {text.operationTabs[name]}
          </button>
        ))}
        <CopyButton value={shown} />
      </div>
      <pre id={id} tabIndex={0} aria-label={text.operationTabs[tab]}>
        {shown}
      </pre>
    </div>
  );
}

function CopyButton({ value }: { value: string }) {
  const text = useText();
  const [copied, setCopied] = useState<string>();
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(value);
    } catch {
      copyBySelection(value);
    }
    setCopied(value);
  };
  return (
    <button type="button" className="copy" onClick={() => void copy()}>
      <Icon name={copied === value ? 'check' : 'copy'} /> {copied === value ? text.copied : text.copy}
    </button>
  );
}

/** Without TLS, on another machine than its own, a page has no clipboard, but can copy what is selected. */
function copyBySelection(value: string): void {
  const area = document.createElement('textarea');
  area.value = value;
  area.readOnly = true;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}
