import { loadConfig } from '../../../src/config/load.ts';
import { createEvents } from '../../../src/observability/events.ts';
import { readOf } from '../../../src/watching/changes.ts';
import type { StatusRead } from '../../../src/watching/changes.ts';
import type { PaceOptions } from '../../../src/watching/poll-queue.ts';
import { StatusWatcher } from '../../../src/watching/status-watcher.ts';
import type { StatusWatcherOptions } from '../../../src/watching/status-watcher.ts';
import type { StatusListener } from '../../../src/watching/watched-request.ts';
import type { UpstreamClient } from '../../../src/upstream/call.ts';
import { decodeSignatureRequest } from '../../../src/upstream/decode.ts';
import type { SignatureRequest } from '../../../src/upstream/decode.ts';
import { UpstreamError } from '../../../src/upstream/failure.ts';
import type { UpstreamErrorKind } from '../../../src/upstream/failure.ts';

interface WatcherOverrides extends Partial<Omit<StatusWatcherOptions, 'pace'>> {
  readonly pace?: Partial<PaceOptions>;
}

const { watching: config } = loadConfig({});
const AT = '2026-03-05T09:14:07.412Z';

export const documentIn = (status: string, change: object = {}) => ({
  id: 'document',
  status,
  metadata: { title: 'Contratto', signature_fields: [] },
  created_at: AT,
  updated_at: AT,
  ...change,
});

/** A request as the service sends it. */
export const wireIn = (status: string, change: object = {}) => ({
  id: 'a',
  dossier_id: 'd',
  signer_id: 's',
  status,
  created_at: AT,
  updated_at: AT,
  expires_at: '2126-03-05T09:14:07.412Z',
  documents: [documentIn('READY')],
  ...change,
});

/** The hosts to which the URLs of this service may lead. */
export const URL_RULES = {
  baseUrl: new URL('https://api.io.pagopa.it/api/v1/sign'),
  storageHosts: ['storage.example'],
};

export const requestIn = (status: string, change: object = {}): SignatureRequest =>
  decodeSignatureRequest(wireIn(status, change), URL_RULES);

export const failure = (kind: UpstreamErrorKind, retryAfterSeconds?: number): UpstreamError =>
  new UpstreamError({ operation: 'getSignatureRequest', kind, retryAfterSeconds });

/** The response to a read: a wire body, a failure, or a function that a test resolves later. */
export type ServiceAnswer = object | UpstreamError | (() => Promise<object>);

/** A fake service whose responses the test sets, and a watcher of it. */
export function startWatcher({ pace, ...options }: WatcherOverrides = {}) {
  const answers = new Map<string, ServiceAnswer>();
  const reads: { readonly id: string; readonly at: number }[] = [];
  let running = 0;
  let mostRunning = 0;
  const client: UpstreamClient = {
    async call({ path, decode }, { signal } = {}) {
      const id = path.split('/').at(-1) ?? '';
      reads.push({ id, at: performance.now() });
      running += 1;
      mostRunning = Math.max(mostRunning, running);
      const left = new Promise<UpstreamError>((resolve) => {
        signal?.addEventListener('abort', () => resolve(failure('aborted')), { once: true });
      });
      try {
        const answer = answers.get(id) ?? wireIn('DRAFT', { id });
        const wire = await (typeof answer === 'function' ? Promise.race([answer(), left]) : answer);
        if (wire instanceof UpstreamError) throw wire;
        return decode(wire, URL_RULES);
      } finally {
        running -= 1;
      }
    },
    close: async () => {},
  };
  const events = createEvents();
  const polls: boolean[] = [];
  events.on('poll', ({ changed }) => polls.push(changed));
  const watcher = new StatusWatcher({
    ...config,
    client,
    events,
    ...options,
    pace: { ...config.pace, ...pace },
  });
  return {
    watcher,
    reads,
    /** Whether each poll found a change. */
    polls,
    running: () => running,
    mostRunning: () => mostRunning,
    /** Sets the response to further reads of a request. */
    shows: (answer: ServiceAnswer, id = 'a') => void answers.set(id, answer),
    /** Milliseconds between the reads, rounded to tens because timers are slightly late. */
    pauses: () => reads.slice(1).map(({ at }, index) => Math.round((at - (reads[index]?.at ?? 0)) / 10) * 10),
  };
}

/** A read made just now. */
export const seen = (request: SignatureRequest): StatusRead => readOf(request, performance.now());

/** Records its calls. */
export function listener(): StatusListener & {
  readonly statuses: string[];
  readonly failures: [string, boolean][];
} {
  const statuses: string[] = [];
  const failures: [string, boolean][] = [];
  return {
    statuses,
    failures,
    read: ({ request }: StatusRead) => void statuses.push(request.status),
    failed: ({ kind }: UpstreamError, isFinal: boolean) => void failures.push([kind, isFinal]),
  };
}
