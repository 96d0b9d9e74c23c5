import { Icon } from '../icon.tsx';
import { useLanguage, useText } from '../language/language.tsx';
import { Section } from '../parts.tsx';
import { useSubject } from '../subject.ts';
import { OperationCard } from './operation-card.tsx';
import { clearTimeline, timeline } from './timeline-store.ts';
import type { EventItem, TimelineItem } from './timeline-store.ts';

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

const Item = ({ item }: { item: TimelineItem }) =>
  item.kind === 'operation' ? <OperationCard operation={item} /> : <EventLine event={item} />;

function EventLine({ event: { kind, text: what, detail } }: { event: EventItem }) {
  const text = useText();
  const statuses: Readonly<Record<string, string>> = text.statuses;
  return (
    <p className="event">
      <Icon name={kind !== 'status' ? 'bolt' : what === 'REJECTED' ? 'alert' : 'check'} />
      {kind === 'status' ? text.newStatus(statuses[what] ?? what) : what}
      {detail !== undefined && <span className="detail">{detail}</span>}
    </p>
  );
}

function Time({ at }: { at: Date }) {
  const { language } = useLanguage();
  return (
    <time dateTime={at.toISOString()}>{at.toLocaleTimeString(language === 'en' ? 'en-GB' : language)}</time>
  );
}
