import { describe, expect, test } from 'vitest';
import type { Fault } from '../../mocks/sandbox/faults/fault.ts';
import { uploadWith } from './support-faults.ts';

describe('in place of the storage, a fault answers', () => {
  test.each<[Fault, number, string]>([
    [{ kind: 'status', status: 503 }, 503, 'ServerBusy'],
    [{ kind: 'status', status: 500 }, 500, 'InternalError'],
    [
      { kind: 'status', status: 500, code: 'OperationTimedOut', detail: 'Too late.' },
      500,
      'OperationTimedOut',
    ],
    [{ kind: 'status', status: 403 }, 403, 'AuthenticationFailed'],
    [{ kind: 'status', status: 418 }, 418, 'InvalidInput'],
    [{ kind: 'rate-limit' }, 503, 'ServerBusy'],
  ])('%o', async (fault, status, code) => {
    const { sandbox, put } = await uploadWith(fault);
    const answer = await put();
    expect([answer.status, answer.headers.get('x-ms-error-code')]).toEqual([status, code]);
    expect(answer.headers.get('content-type')).toBe('application/xml');
    expect(await answer.text()).toContain(`<Error><Code>${code}</Code><Message>`);
    expect(sandbox.storedBlobs()).toEqual([]);
  });

  test('nothing', async () => {
    const { sandbox, put } = await uploadWith({ kind: 'reset', when: 'before', operation: 'putBlob' });
    await expect(put()).rejects.toThrow('fetch failed');
    expect(sandbox.storedBlobs()).toEqual([]);
    expect(sandbox.journal.entries({ operationId: 'putBlob' })).toMatchObject([{ ended: 'reset' }]);
  });
});

test('a file is stored and its answer is lost', async () => {
  const { sandbox, put } = await uploadWith({ kind: 'reset', when: 'after', operation: 'putBlob' });
  await expect(put()).rejects.toThrow('fetch failed');
  expect(sandbox.storedBlobs()).toHaveLength(1);
});

test('a download is aborted in the middle', async () => {
  const { put, url } = await uploadWith({ kind: 'reset', when: 'middle', operation: 'getBlob' });
  await put();
  await expect(fetch(url).then((answer) => answer.arrayBuffer())).rejects.toThrow('terminated');
});

test('the nth block fails, and no other', async () => {
  const { sandbox, url } = await uploadWith({ kind: 'status', status: 500, operation: 'putBlock', nth: 3 });
  const statuses = [];
  for (let block = 0; block < 5; block += 1) {
    const id = Buffer.from(`b${block}`).toString('base64');
    const answer = await fetch(`${url}&comp=block&blockid=${encodeURIComponent(id)}`, {
      method: 'PUT',
      body: 'x',
    });
    statuses.push(answer.status);
  }
  expect(statuses).toEqual([201, 201, 500, 201, 201]);
  expect(sandbox.faults.list()).toEqual([]);
});
