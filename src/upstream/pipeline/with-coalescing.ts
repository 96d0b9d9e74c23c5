import type { GatewayEvents } from '../../observability/events.ts';
import { sortOf } from '../effect.ts';
import type { ApiCall, CallOptions, ClientDecorator } from '../client.ts';
import { kindOfAbort } from './deadline.ts';
import { UpstreamError } from '../failure/upstream-error.ts';
import { isStaged } from '../sandbox-headers.ts';

/**
 * A GET that changes nothing and shows the same to all who ask. Not `getDocumentUploadUrl`: every call makes an address,
 * and two uploads to one address would take each other's blocks.
 */
const COLLAPSED: readonly string[] = ['getDossier', 'getRequestsByDossier', 'getSignatureRequest'];

/** A read that is under way, and those who wait for it. */
interface SharedRead {
  readonly result: Promise<unknown>;
  readers: number;
  /** Nobody waits any more. */
  readonly abandon: (reason: unknown) => void;
}

/**
 * Makes one call of identical reads of the same caller while it is under way. Nothing is shared between callers, nor
 * between keys, as each has a client of its own; and nothing that a caller has said to the sandbox. Whoever leaves leaves
 * alone: the call ends with the last. A read that began before a write has ended is joined by nobody who asks after it.
 */
export function withCollapsedReads({ events }: { readonly events: GatewayEvents }): ClientDecorator {
  return (client) => {
    const underWay = new Map<string, SharedRead>();

    function begin(key: string, call: ApiCall<unknown>, options: CallOptions): SharedRead {
      const controller = new AbortController();
      let isOver = false;
      const forget = (): void => {
        if (underWay.get(key) === read) underWay.delete(key);
      };
      const result = client.call(call, { ...options, signal: controller.signal }).finally(() => {
        isOver = true;
        forget();
      });
      const abandon = (reason: unknown): void => {
        if (isOver) return;
        forget(); // at once, so that nobody joins what is being broken off
        controller.abort(reason);
      };
      const read: SharedRead = { result, readers: 0, abandon };
      underWay.set(key, read);
      return read;
    }

    return {
      ...client,
      async call<Model>(call: ApiCall<Model>, options: CallOptions = {}): Promise<Model> {
        const key = keyOf(call, options);
        if (key !== undefined) {
          const running = underWay.get(key);
          if (running === undefined) return (await join(begin(key, call, options), call, options)) as Model;
          events.emit('collapsedRead', { operation: call.operation });
          // Of the same operation, and so of the same decoder. A copy, since what one caller does with a model is its own.
          return structuredClone(await join(running, call, options)) as Model;
        }
        try {
          return await client.call(call, options);
        } finally {
          if (sortOf(call) === 'write') underWay.clear();
        }
      },
    };
  };
}

/** What makes reads identical; undefined for calls that are made each for itself. */
function keyOf(call: ApiCall<unknown>, { caller, priority }: CallOptions): string | undefined {
  if (!COLLAPSED.includes(call.operation) || isStaged(call) || caller === undefined) return undefined;
  return JSON.stringify([caller, priority, call.path, call.query]);
}

/** Waits for the result for as long as `signal` says. */
async function join(
  read: SharedRead,
  { operation }: ApiCall<unknown>,
  { signal }: CallOptions,
): Promise<unknown> {
  const left = Promise.withResolvers<never>();
  const leave = (): void =>
    left.reject(new UpstreamError({ operation, kind: kindOfAbort(signal?.reason), cause: signal?.reason }));
  read.readers += 1;
  signal?.addEventListener('abort', leave);
  if (signal?.aborted === true) leave();
  try {
    return await Promise.race([read.result, left.promise]);
  } finally {
    signal?.removeEventListener('abort', leave);
    read.readers -= 1;
    if (read.readers === 0) read.abandon(signal?.reason);
  }
}
