import { useId } from 'react';
import type { ReactNode } from 'react';
import type { Failure } from './failure.ts';
import { Icon } from './icon.tsx';
import { useText } from './language/language.tsx';

interface TextFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly hint?: string;
  /** What is wrong with the value, in the words of the gateway. */
  readonly mistakes?: readonly string[];
  readonly className?: string;
  readonly lang?: string;
}

/** A labelled input, with its hint and what is wrong with its value. */
export function TextField({
  label,
  value,
  onChange,
  hint,
  mistakes = [],
  className = '',
  lang,
}: TextFieldProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, mistakes.length > 0 && `${id}-mistake`].filter(Boolean).join(' ');
  return (
    <div className={`text-field ${className}`}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className={`form-control${mistakes.length > 0 ? ' is-invalid' : ''}`}
        value={value}
        lang={lang}
        spellCheck={false}
        autoComplete="off"
        aria-invalid={mistakes.length > 0}
        aria-describedby={described === '' ? undefined : described}
        onChange={({ target }) => onChange(target.value)}
      />
      {hint !== undefined && (
        <small id={`${id}-hint`} className="hint">
          {hint}
        </small>
      )}
      {mistakes.length > 0 && (
        <small id={`${id}-mistake`} className="mistake" lang="en">
          {mistakes.join(' ')}
        </small>
      )}
    </div>
  );
}

/** A failed operation: what is wrong, what to do, and the words of the gateway. */
export function FailureNote({ failure, onRetry }: { failure: Failure; onRetry?: (() => void) | undefined }) {
  const text = useText();
  const { what, todo } = text.advice[failure.code];
  return (
    <div className="note problem" role="alert">
      <Icon name="alert" />
      <div>
        <strong>{what}</strong>
        {failure.step !== undefined && <p>{text.stoppedAt(text.steps[failure.step])}</p>}
        <p>{todo}</p>
        <details>
          <summary>{text.details}</summary>
          {failure.details.map((detail) => (
            <p key={detail} lang="en">
              {detail}
            </p>
          ))}
        </details>
        {failure.canContinue && onRetry !== undefined && (
          <button type="button" className="btn btn-outline-primary btn-sm" onClick={onRetry}>
            {text.retry}
          </button>
        )}
      </div>
    </div>
  );
}

export function Section({
  id,
  title,
  lead,
  children,
}: {
  id: string;
  title: string;
  lead: string;
  children: ReactNode;
}) {
  return (
    <section id={id} className="panel" aria-labelledby={`${id}-title`}>
      <header>
        <h2 id={`${id}-title`}>{title}</h2>
        <p>{lead}</p>
      </header>
      {children}
    </section>
  );
}

/**
 * Moves the focus to what has just appeared, in place of what had the focus before, and shows the start of its part of the page
 * if that is out of view. The element needs `tabIndex={-1}`.
 */
export function takeFocus(element: HTMLElement | null): void {
  if (element === null) return;
  element.focus({ preventScroll: true });
  const panel = element.closest('.panel');
  const { top } = element.getBoundingClientRect();
  if (top < 0 || top > innerHeight) panel?.scrollIntoView();
}
