import { Icon } from '../icon.tsx';
import { useLanguage, useText } from '../language/language.tsx';
import { Section } from '../parts.tsx';
import { useSubject } from '../subject.ts';
import { OperationCard } from './operation-card.tsx';
import { clearTimeline, timeline } from './timeline-store.ts';
import type { ActionItem, StatusItem, TimelineItem } from './timeline-store.ts';

/** What happened, the newest first. */
export function Timeline() {
  const text = useText();
  const items = useSubject(timeline);
  return (
    <Section id="timeline" title={text.timeline} lead={text.timelineLead}>
      {items.length === 0 ? (
        <p className="empty">{text.nothingYet}</p>
      ) : (
        <button type="button" className="btn btn-link btn-sm clear" onClick={clearTimeline}>
          {text.clearTimeline}
        </button>
      )}
      <ol className="timeline-list" reversed>
        {items.map((item) => (
          <li key={item.id} className={item.kind}>
            <Time at={item.at} />
            <Item item={item} />
          </li>
        ))}
      </ol>
    </Section>
  );
}

function Item({ item }: { item: TimelineItem }) {
  switch (item.kind) {
    case 'operation':
      return <OperationCard operation={item} />;
    case 'status':
      return <StatusLine {...item} />;
    case 'sandbox':
      return <ActionLine {...item} />;
  }
}

function StatusLine({ status, reason }: StatusItem) {
  const text = useText();
  const statuses: Readonly<Record<string, string>> = text.statuses;
  return (
    <p className="event">
      <Icon name={status === 'REJECTED' ? 'alert' : 'check'} />
      {text.newStatus(statuses[status] ?? status)}
      {reason !== undefined && <span className="detail">{reason}</span>}
    </p>
  );
}

function ActionLine({ action, detail }: ActionItem) {
  const text = useText();
  const shown = detail?.(text);
  return (
    <p className="event">
      <Icon name="bolt" />
      {text.sandboxActions[action]}
      {shown !== undefined && <span className="detail">{shown}</span>}
    </p>
  );
}

function Time({ at }: { at: Date }) {
  const { language } = useLanguage();
  return (
    <time dateTime={at.toISOString()}>{at.toLocaleTimeString(language === 'en' ? 'en-GB' : language)}</time>
  );
}
