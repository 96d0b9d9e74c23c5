import { useState } from 'react';
import type { ReactNode } from 'react';
import { Icon } from '../icon.tsx';
import { useLanguage, useText } from '../language/language.tsx';
import type { Messages } from '../language/messages.ts';
import { control } from './control.ts';
import { FAULTS, nameOfFault } from './fault-catalogue.ts';
import type { Sandbox } from './use-sandbox.ts';

interface SandboxBarProps {
  readonly sandbox: Sandbox;
  readonly fiscalCode: string;
  readonly onMagic: (value: string) => void;
  readonly onClockChange: () => void;
  /** The records are others: what the page shows of them is no longer true. */
  readonly onStateChange: () => void;
}

const DRAWERS = ['clock', 'faults', 'magic', 'state', 'violations'] as const;
type Drawer = (typeof DRAWERS)[number];

/** A summary of the sandbox; each button opens the controls of its part. */
export function SandboxBar(props: SandboxBarProps) {
  const text = useText();
  const [open, setOpen] = useState<Drawer>();
  const { sandbox } = props;
  return (
    <section className="sandbox-bar" aria-label={text.sandbox}>
      <div className="switches">
        <strong>{text.sandbox}</strong>
        {DRAWERS.map((drawer) => (
          <button
            key={drawer}
            type="button"
            className={`switch ${isAlarming(drawer, sandbox) ? 'alarming' : ''}`}
            data-drawer={drawer}
            aria-expanded={open === drawer}
            aria-controls="sandbox-drawer"
            onClick={() => setOpen(open === drawer ? undefined : drawer)}
          >
            <Summary drawer={drawer} sandbox={sandbox} />
            <Icon name="chevron" />
          </button>
        ))}
      </div>
      <div id="sandbox-drawer">
        {open !== undefined && <div className="drawer">{contentOf(open, props)}</div>}
        {sandbox.problem !== undefined && (
          <p className="note problem" role="alert" lang="en">
            <Icon name="alert" /> {sandbox.problem}
          </p>
        )}
      </div>
    </section>
  );
}

function isAlarming(drawer: Drawer, { clock, faults, violations }: Sandbox): boolean {
  if (drawer === 'clock') return clock?.frozen === true;
  return (drawer === 'faults' && faults.length > 0) || (drawer === 'violations' && violations.length > 0);
}

function Summary({ drawer, sandbox: { clock, faults, violations } }: { drawer: Drawer; sandbox: Sandbox }) {
  const { language, text } = useLanguage();
  switch (drawer) {
    case 'clock': {
      const time =
        clock &&
        new Date(clock.now).toLocaleString(language === 'en' ? 'en-GB' : language, {
          dateStyle: 'medium',
          timeStyle: 'short',
        });
      return (
        <>
          <Icon name="clock" /> <span className="visually-hidden">{text.clock}: </span>
          {time ?? '–'}{' '}
          <span className="state">{clock?.frozen === true ? text.clockFrozen : text.clockRunning}</span>
        </>
      );
    }
    case 'faults':
      return (
        <>
          <Icon name="bolt" /> {text.faults}
          {faults.length > 0 && <span className="count">{text.armed(faults.length)}</span>}
        </>
      );
    case 'magic':
      return (
        <>
          <Icon name="star" /> {text.magicValues}
        </>
      );
    case 'state':
      return (
        <>
          <Icon name="data" /> {text.state}
        </>
      );
    case 'violations':
      return (
        <>
          <Icon name="shield" /> {text.violations} <span className="count">{violations.length}</span>
        </>
      );
  }
}

function contentOf(drawer: Drawer, props: SandboxBarProps): ReactNode {
  switch (drawer) {
    case 'clock':
      return <ClockControls {...props} />;
    case 'faults':
      return <FaultControls {...props} />;
    case 'magic':
      return <MagicValues {...props} />;
    case 'state':
      return <StateControls {...props} />;
    case 'violations':
      return <Violations {...props} />;
  }
}

const ADVANCES = [900_000, 86_400_000, 7_776_000_000];

function ClockControls({ sandbox: { clock, act }, onClockChange }: SandboxBarProps) {
  const text = useText();
  const change: typeof act = async (...action) => {
    await act(...action);
    onClockChange();
  };
  return (
    <div className="buttons">
      {clock?.frozen === true ? (
        <Action label={text.resume} onClick={() => change('resume', control.resume)} />
      ) : (
        <Action label={text.freeze} onClick={() => change('freeze', control.freeze)} />
      )}
      {ADVANCES.map((milliseconds) => {
        const label = text.advance[milliseconds] ?? '';
        const wasFrozen = clock?.frozen === true;
        // Advancing freezes the clock, which would surprise those who only look.
        const advance = async (): Promise<void> => {
          await control.advance(milliseconds);
          if (!wasFrozen) await control.resume();
        };
        return (
          <Action
            key={milliseconds}
            label={label}
            onClick={() => change('advance', advance, (shown) => shown.advance[milliseconds])}
          />
        );
      })}
    </div>
  );
}

function FaultControls({ sandbox: { faults, act } }: SandboxBarProps) {
  const text = useText();
  return (
    <ul className="catalogue">
      {FAULTS.map(([key, fault]) => {
        const nameIn = ({ faultNames }: Messages): string => faultNames[key];
        const name = nameIn(text);
        const active = faults.find((each) => nameOfFault(each.fault) === key);
        return (
          <li key={key} className={active === undefined ? '' : 'active'}>
            <span>
              {name}
              {active !== undefined && <small> · {text.fired(active.fired)}</small>}
            </span>
            {active === undefined ? (
              <Action
                label={text.armFault}
                about={name}
                onClick={() => act('fault', () => control.addFault(fault), nameIn)}
              />
            ) : (
              <Action
                label={text.disarmFault}
                about={name}
                onClick={() => act('unfault', () => control.removeFault(active.id), nameIn)}
              />
            )}
          </li>
        );
      })}
    </ul>
  );
}

function MagicValues({ onMagic }: SandboxBarProps) {
  const text = useText();
  return (
    <>
      <p>{text.magicLead}</p>
      <ul className="catalogue">
        {Object.entries(text.magic).map(([value, effect]) => (
          <li key={value}>
            <span>
              <code>{value}</code> {effect}
            </span>
            {!/^\[(?!firma)/.test(value) && (
              <Action label={text.use} about={value} onClick={() => onMagic(value)} />
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function StateControls({ sandbox: { snapshots, act }, fiscalCode, onStateChange }: SandboxBarProps) {
  const text = useText();
  const change: typeof act = async (...action) => {
    await act(...action);
    onStateChange();
  };
  return (
    <div className="buttons">
      <Action label={text.seed} onClick={() => act('seed', () => control.seed(fiscalCode))} />
      <Action label={text.takeSnapshot} onClick={() => act('snapshot', control.takeSnapshot)} />
      {snapshots.map(({ id }) => (
        <Action
          key={id}
          label={text.restoreSnapshot(id)}
          onClick={() =>
            change(
              'restore',
              () => control.restore(id),
              () => id,
            )
          }
        />
      ))}
      <Action label={text.reset} onClick={() => change('reset', control.reset)} />
    </div>
  );
}

function Violations({ sandbox: { violations, act } }: SandboxBarProps) {
  const text = useText();
  if (violations.length === 0) return <p>{text.noViolations}</p>;
  return (
    <>
      <ul className="catalogue">
        {violations.map(({ direction, method, path, messages }, index) => (
          // Violations have no id, and only grow.
          <li key={index}>
            <span>
              <code>
                {method} {path}
              </code>{' '}
              {direction === 'request' ? text.requestBody : text.responseBody}:{' '}
              <span lang="en">{messages.join('; ')}</span>
            </span>
          </li>
        ))}
      </ul>
      <Action label={text.clearViolations} onClick={() => act('clearViolations', control.takeViolations)} />
    </>
  );
}

function Action({
  label,
  about,
  onClick,
}: {
  label: string;
  about?: string;
  onClick: () => Promise<void> | void;
}) {
  return (
    <button
      type="button"
      className="btn btn-outline-primary btn-sm"
      aria-label={about === undefined ? undefined : `${label}: ${about}`}
      onClick={() => void onClick()}
    >
      {label}
    </button>
  );
}
