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
  const [name = '', first, second, ...rest] = shorthand.split(':');
  if (rest.length > 0) return undefined;
  const number = first === undefined ? undefined : Number(first);
  switch (name) {
    case '429':
      return { kind: 'rate-limit', retryAfterSeconds: number };
    case 'reset':
      return { kind: 'reset', when: 'before' };
    case 'reset-after':
      return { kind: 'reset', when: 'after' };
    case 'reset-middle':
      return { kind: 'reset', when: 'middle' };
    case 'latency':
      return { kind: 'latency', ms: number, jitterMs: second === undefined ? undefined : Number(second) };
    case 'slow':
      return { kind: 'slow-body', ms: number };
    case 'malformed':
      return { kind: 'malformed-body' };
    case 'truncated':
      return { kind: 'truncated-body' };
    case 'html':
      return { kind: 'wrong-content-type', status: number };
    default:
      return /^\d{3}$/.test(name) ? { kind: 'status', status: Number(name), envelope: first } : undefined;
  }
}
