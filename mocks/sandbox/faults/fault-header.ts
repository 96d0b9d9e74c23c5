import type { CallFault } from './fault.ts';
import type { HeaderFault } from './faults.ts';
import { InvalidFaultError, isOperation, parseFault } from './parse-fault.ts';

/** A request header that injects faults into its own call, and a response header with the faults that fired. */
export const FAULT_HEADER = 'x-sandbox-fault';

/**
 * Parses `<operation>=<shorthand>, …`: `503`, `503:gateway`, `429`, `429:<seconds>`, `reset`, `reset-after`,
 * `reset-middle`, `latency:<ms>`, `latency:<ms>:<jitter ms>`, `slow:<ms>`, `malformed`, `truncated`, `html`,
 * `html:<status>`. Faults for other operations are left out, because a gateway sends the header with each of its calls.
 *
 * @throws InvalidFaultError for any other shorthand, so that a typing error does not look like a success
 */
export function parseFaultHeader(header: string | undefined, operationId: string | undefined): HeaderFault[] {
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
      // The cast: a header cannot contain a behaviour, only faults of calls.
      const fault = parseFault({ ...shape, operation }) as CallFault;
      return operation === '*' || operation === operationId ? [{ id: item, fault }] : [];
    });
}

/** The fault of a shorthand. Its numbers are not yet validated. */
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

/** Undefined if it is absent, NaN if it is not a number. */
function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

interface Shorthand {
  /** Maximum number of parameters. */
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
