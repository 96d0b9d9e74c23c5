import { Icon } from '../icon.tsx';
import { useText } from '../language/language.tsx';
import type { JournalEntry } from '../sandbox/control.ts';

/** The calls to the service, each with its verdict of the contract, request and answer side by side. */
export function UpstreamCalls({ calls }: { calls: readonly JournalEntry[] }) {
  const text = useText();
  if (calls.length === 0) return <p className="hint">{text.noUpstreamCalls}</p>;
  return (
    <>
      <h3>{text.upstreamCalls(calls.length)}</h3>
      <ul className="upstream-calls">
        {calls.map((call) => (
          <li key={call.seq}>
            <UpstreamCall call={call} />
          </li>
        ))}
      </ul>
    </>
  );
}

function UpstreamCall({ call }: { call: JournalEntry }) {
  const text = useText();
  const { method, path, status, ended, durationMs, violations, faults, operationId } = call;
  const mistakes = [...violations.request, ...violations.response];
  return (
    <details>
      <summary>
        <span className={`status ${(status ?? 500) < 400 ? 'good' : 'bad'}`}>
          {ended === 'answered' ? status : text.connectionReset}
        </span>
        <code className="path">
          {method} {path.replace('/api/v1/sign', '')}
        </code>
        <span className={`verdict ${mistakes.length === 0 ? 'good' : 'bad'}`}>
          <Icon name="shield" /> {mistakes.length === 0 ? text.conforms : text.violates}
        </span>
        {faults.length > 0 && (
          <span className="verdict bad">
            <Icon name="bolt" /> {faults.join(', ')}
          </span>
        )}
        <span className="numbers-of-call">
          {operationId} · {text.milliseconds(Math.round(durationMs))}
        </span>
      </summary>
      {mistakes.map((mistake) => (
        <p key={mistake} className="verdict bad" lang="en">
          {mistake}
        </p>
      ))}
      <div className="side-by-side">
        <Body title={text.requestBody} body={call.requestBody} />
        <Body title={text.responseBody} body={call.responseBody} />
      </div>
    </details>
  );
}

function Body({ title, body }: { title: string; body: JournalEntry['requestBody'] }) {
  const text = useText();
  const shown =
    body === undefined
      ? text.emptyBody
      : body.json !== undefined
        ? JSON.stringify(body.json, null, 2)
        : (body.text ?? text.bytes(body.bytes ?? 0));
  return (
    <div>
      <h4>{title}</h4>
      <pre tabIndex={0} aria-label={title}>
        {shown}
      </pre>
    </div>
  );
}
