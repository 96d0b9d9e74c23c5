import { expect, test } from 'vitest';
import { rowsUnder } from '../support/errors-page.ts';
import type { StubHandler } from '../support/http-stub.ts';
import { expectNoSecrets, refuses, startFailingGateway, UPSTREAM_WORDS } from '../support/service-proxy.ts';
import { CALLERS, FAULTS, FAULT_WORDS, ROWS, TIMEOUT_MS } from './support-upstream-failures.ts';

/** Failures without a response. */
const DOES: Readonly<Record<string, StubHandler>> = {
  timeout: () => {},
  'connection-lost': (_, __, req) => void req.socket.resetAndDestroy(),
};
const STATUS_OF: Readonly<Record<string, number>> = {
  'bad-request': 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  unprocessable: 422,
  'rate-limited': 429,
  'server-error': 500,
};

test.each(ROWS)('%s: %s %s', async (operation, kind, words, expected) => {
  const world = await startFailingGateway(kind === 'timeout' ? { upstreamTimeoutMs: TIMEOUT_MS } : {});
  world.fail(operation, DOES[kind] ?? refuses(STATUS_OF[kind] ?? 0, words || UPSTREAM_WORDS));
  const answer = await CALLERS[operation]?.(world);
  expectNoSecrets(JSON.stringify(answer));
  expect(answer).toEqual(expected);
  // The gateway gives up a call that the service has yet to read.
  await expect.poll(() => world.count(operation)).toBeGreaterThan(0);
  expect(world.logs.lines()).toEqual([]);
});

const FIELD_OF = { getDossier: 'dossier', createDossier: 'createDossier', sendNotification: 'notifySigner' };

test.each(FAULTS)('$operation $kind is $code', async (fault) => {
  const { operation = 'getDossier', does, code, cause, extensions, options } = fault;
  const world = await startFailingGateway(options);
  if (does !== undefined) world.fail(operation, does);
  const field = FIELD_OF[operation];
  const answer = await CALLERS[operation]?.(world);
  expectNoSecrets(JSON.stringify(answer));
  expect(answer).toEqual({
    data: { [field]: null },
    errors: [
      {
        message: FAULT_WORDS[code],
        path: [field],
        locations: expect.any(Array),
        extensions: { code, ...extensions },
      },
    ],
  });
  expect(world.logs.lines()).toMatchObject([
    { level: 40, requestId: expect.any(String), code, cause, msg: 'upstream fault' },
  ]);
});

test('each documented upstream failure has a test, and each tested failure is documented', () => {
  const rows = [
    ...ROWS.map(([operation, kind, words]) => `${operation} ${kind} ${words}`),
    ...FAULTS.map(
      ({ operation, kind, words = '' }) => `${words && operation ? operation : '*'} ${kind} ${words}`,
    ),
    '* aborted ', // in upstream-faults.test.ts
    '* over-budget ', // in rate-limiter.test.ts
    '* circuit-open ', // in circuit-breaker.test.ts
  ];
  const documented = rowsUnder('From an upstream failure to an error');
  expect(rows.toSorted()).toEqual(
    documented.map(([operation, kind, words]) => `${operation} ${kind} ${words}`).toSorted(),
  );
});
