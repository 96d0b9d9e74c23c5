import { expect, onTestFinished, test } from 'vitest';
import { createEvents } from '../../../src/observability/events.ts';
import { StatusWatchers } from '../../../src/watching/status-watcher.ts';
import {
  createRequestScope,
  currentRequest,
  forRequest,
} from '../../../src/observability/logging/request-scope.ts';
import type { UpstreamClient } from '../../../src/upstream/call.ts';
import { listener, requestIn, seen, URL_RULES, wireIn } from './support-service.ts';

const PACE = { firstMs: 10, freshMs: 10, waitingMs: 10, quietMs: 10, idleMs: 10 };

/** The upstream client of one issuer. */
function issuer(status: string) {
  const requestIds: (string | undefined)[] = [];
  const client: UpstreamClient = {
    async call({ decode }) {
      requestIds.push(currentRequest()?.requestId);
      return decode(wireIn(status), URL_RULES);
    },
    close: async () => {},
  };
  return { client, requestIds };
}

function start() {
  const watchers = new StatusWatchers({ events: createEvents(), pace: PACE, pollsPerSecond: 100 });
  onTestFinished(() => watchers.close());
  return watchers;
}

test('reads of one issuer do not reach the watchers of the same id for another issuer', async () => {
  const [alfa, beta] = [issuer('READY'), issuer('CANCELLED')];
  const watchers = start();
  const [ofAlfa, ofBeta] = [listener(), listener()];
  watchers.of(alfa.client).watch('a', ofAlfa, seen(requestIn('DRAFT')));
  watchers.of(beta.client).watch('a', ofBeta, seen(requestIn('DRAFT')));
  await expect.poll(() => Math.min(ofAlfa.statuses.length, ofBeta.statuses.length)).toBeGreaterThan(3);
  expect(new Set(ofAlfa.statuses)).toEqual(new Set(['READY']));
  expect(new Set(ofBeta.statuses)).toEqual(new Set(['CANCELLED']));
  expect(watchers.of(alfa.client)).toBe(watchers.of(alfa.client));
});

test('a shared read does not run in the request scope of the caller that starts it', async () => {
  const { client, requestIds } = issuer('DRAFT');
  const watchers = start();
  const watch = forRequest(createRequestScope('of the first'), () =>
    watchers.of(client).watch('a', listener(), seen(requestIn('DRAFT'))),
  );
  await expect.poll(() => requestIds.length).toBeGreaterThan(2);
  watch.leave();
  expect(new Set(requestIds)).toEqual(new Set([undefined]));
});

test('close ends the reads of all issuers', async () => {
  const [alfa, beta] = [issuer('READY'), issuer('READY')];
  const watchers = start();
  for (const { client } of [alfa, beta]) watchers.of(client).watch('a', listener(), seen(requestIn('DRAFT')));
  await expect.poll(() => alfa.requestIds.length * beta.requestIds.length).toBeGreaterThan(0);
  watchers.close();
  expect([alfa, beta].map(({ client }) => watchers.of(client).counts.requests)).toEqual([0, 0]);
});
