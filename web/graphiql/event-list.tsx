import { useStore } from 'zustand';
import { language, texts } from './language.ts';
import { state } from './state.ts';

/** The events of a subscription, one a line: its time and what it changed, and on demand the whole. */
export function EventList() {
  const events = useStore(state, (page) => page.events);
  if (events.length === 0) return null;
  return (
    <section className="sigillo-events" lang={language} aria-label={texts.events}>
      <h2>{texts.events}</h2>
      <ol aria-live="polite">
        {events.map(({ at, result }, index) => (
          <li key={`${at.getTime()}-${index}`}>
            <details>
              <summary>
                <time dateTime={at.toISOString()}>{at.toLocaleTimeString(texts.locale)}</time>{' '}
                {changesIn(events[index - 1]?.result, result)}
              </summary>
              <pre tabIndex={0}>{JSON.stringify(result, null, 2)}</pre>
            </details>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Such as `status: READY → WAIT_FOR_SIGNATURE`. */
function changesIn(before: unknown, after: unknown): string {
  const values = leaves(after);
  if (before === undefined) {
    const status = [...values].find(([path]) => path.endsWith('status'));
    return status === undefined ? texts.first : status.join(': ');
  }
  const old = leaves(before);
  const changes = [...values]
    .filter(([path, value]) => old.get(path) !== value)
    .map(([path, value]) => `${path}: ${old.get(path) ?? '–'} → ${value}`);
  return changes.length === 0 ? texts.unchanged : changes.join(', ');
}

/** The values by their path below the field of the subscription. */
function leaves(value: unknown, path: readonly string[] = []): Map<string, string> {
  if (typeof value !== 'object' || value === null) {
    const text = String(value);
    return new Map([[path.slice(2).join('.'), text.length > 40 ? `${text.slice(0, 40)}…` : text]]);
  }
  return new Map(Object.entries(value).flatMap(([name, member]) => [...leaves(member, [...path, name])]));
}
