import { expect, test, vi } from 'vitest';
import { startSandbox } from '../../mocks/sandbox/http/server.ts';

vi.mock('../../mocks/sandbox/operations/handlers.ts', async (original) => {
  const { HANDLERS } = await original<typeof import('../../mocks/sandbox/operations/handlers.ts')>();
  return { HANDLERS: new Map([...HANDLERS].filter(([operationId]) => operationId !== 'sendNotification')) };
});

test('does not start if an operation of the contract has no handler', async () => {
  await expect(startSandbox()).rejects.toThrow('without a handler: sendNotification');
});
