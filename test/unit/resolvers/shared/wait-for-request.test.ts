import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { waitForRequest } from '../../../../src/resolvers/shared/wait-for-request.ts';
import { Deadline } from '../../../../src/upstream/pipeline/deadline.ts';
import { requestIn, startWatcher, wireIn } from '../../watching/support-service.ts';
import { fakeTime } from '../../../support/steps.ts';

beforeEach(fakeTime);
afterEach(() => void vi.useRealTimers());

/** Waits for a DRAFT request to become READY, in an operation of `operationMs`. */
function startWait(waitSeconds: number, operationMs = 20_000) {
  const { signal } = new AbortController();
  const deadline = new Deadline(operationMs, signal);
  onTestFinished(() => deadline[Symbol.dispose]());
  const service = startWatcher();
  const startedAt = performance.now();
  const wait = waitForRequest(
    { watcher: service.watcher, deadline, signal, lastCall: signal },
    requestIn('DRAFT'),
    { waitSeconds, isDone: ({ status }) => status === 'READY' },
  ).then(({ status }) => ({ status, ms: performance.now() - startedAt }));
  return { ...service, wait };
}

test('a wait ends after waitSeconds with a last read, and its pauses grow', async () => {
  const { wait, reads, pauses } = startWait(3);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await wait).toEqual({ status: 'DRAFT', ms: 3_000 });
  expect(pauses()).toEqual([400, 640, 1_020, 690]);
  expect(reads).toHaveLength(5);
});

test('a wait ends at the first read that shows the outcome', async () => {
  const { wait, reads, shows } = startWait(15);
  await vi.advanceTimersByTimeAsync(300);
  shows(wireIn('READY'));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await wait).toEqual({ status: 'READY', ms: 650 });
  expect(reads).toHaveLength(2);
});

test('a wait leaves time of the operation for the last read and the answer', async () => {
  const { wait } = startWait(15, 5_000);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(await wait).toEqual({ status: 'DRAFT', ms: 2_500 });
});

test('a wait of 0 seconds reads nothing', async () => {
  const { wait, reads } = startWait(0);
  expect(await wait).toEqual({ status: 'DRAFT', ms: 0 });
  expect(reads).toEqual([]);
});
