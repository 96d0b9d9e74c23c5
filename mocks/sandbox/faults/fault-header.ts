import type { CallFault } from './fault.ts';
import type { OwnFault } from './faults.ts';
import { InvalidFaultError, isOperation, parseFault } from './parse-fault.ts';

/** With which a call orders its own faults, and in which an answer names the faults it has met. */
export const FAULT_HEADER = 'x-sandbox-fault';

/**
 * Reads `<operation>=<shorthand>, …`: `503`, `503:gateway`, `429`, `429:<seconds>`, `reset`, `reset-after`,
 * `reset-middle`, `latency:<ms>`, `latency:<ms>:<jitter ms>`, `slow:<ms>`, `malformed`, `truncated`, `html`,
 * `html:<status>`. What is meant for another operation is left out: a gateway repeats the header on each of its calls.
 *
 * @throws InvalidFaultError on anything that is not in this list, so that no typing mistake passes for a success
 */
export function parseFaultHeader(header: string | undefined, operationId: string | undefined): OwnFault[] {
  if (header === undefined) return [];
  return header
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .flatMap((item) => {
      const [, operation = '', shorthand = ''] = /^([^=]*)=(.*)$/.exec(item) ?? [];
      const shape = shapeOf(shorthand);
      if (!isOperation(operation) || shape === undefined) {
        throw new InvalidFaultError(
          `"${item}" in ${FAULT_HEADER} is not <operation>=<fault>, such as createDossier=503 or *=latency:200`,
        );
      }
      // A header never holds a behaviour, so what was checked is the fault of a call.
      const fault = parseFault({ ...shape, operation }) as CallFault;
      return operation === '*' || operation === operationId ? [{ id: item, fault }] : [];
    });
}

/** The fault a shorthand stands for, its numbers not yet checked. */
function shapeOf(shorthand: string): object | undefined {
  const [name = '', ...parameters] = shorthand.split(':');
  const [first, second] = parameters;
  if (/^\d{3}$/.test(name) && name !== '429') {
    return parameters.length > 1 ? undefined : { kind: 'status', status: Number(name), envelope: first };
  }
  const known = SHORTHANDS.get(name);
  if (known === undefined || parameters.length > known.parameters) return undefined;
  return known.shape(numberOf(first), numberOf(second));
}

/** Undefined when it was not given, not a number when it is none. */
function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

interface Shorthand {
  /** How many may follow. */
  readonly parameters: 0 | 1 | 2;
  readonly shape: (first: number | undefined, second: number | undefined) => object;
}

const SHORTHANDS: ReadonlyMap<string, Shorthand> = new Map(
  Object.entries<Shorthand>({
    429: { parameters: 1, shape: (retryAfterSeconds) => ({ kind: 'rate-limit', retryAfterSeconds }) },
    reset: { parameters: 0, shape: () => ({ kind: 'reset', when: 'before' }) },
    'reset-after': { parameters: 0, shape: () => ({ kind: 'reset', when: 'after' }) },
    'reset-middle': { parameters: 0, shape: () => ({ kind: 'reset', when: 'middle' }) },
    latency: { parameters: 2, shape: (ms, jitterMs) => ({ kind: 'latency', ms, jitterMs }) },
    slow: { parameters: 1, shape: (ms) => ({ kind: 'slow-body', ms }) },
    malformed: { parameters: 0, shape: () => ({ kind: 'malformed-body' }) },
    truncated: { parameters: 0, shape: () => ({ kind: 'truncated-body' }) },
    html: { parameters: 1, shape: (status) => ({ kind: 'wrong-content-type', status }) },
  }),
);
