import { expect, test, vi } from 'vitest';
import type * as dossierResolver from '../../src/resolvers/dossier.ts';
import type { Dossier } from '../../src/upstream/decode.ts';
import { expectNoSecrets, startFailingGateway } from '../support/service-proxy.ts';

/** A gateway with a bug: reading the dossier `bug` throws. */
vi.mock('../../src/resolvers/dossier.ts', async (original) => {
  const { dossier } = await original<typeof dossierResolver>();
  return {
    dossier: async (...[context, id]: Parameters<typeof dossier>): Promise<Dossier | null> => {
      if (id === 'bug') throw new TypeError('undefined is not SPNDNL80R13C555X');
      return dossier(context, id);
    },
  };
});

test('INTERNAL_SERVER_ERROR for a bug of the gateway, which is logged without user data', async () => {
  const world = await startFailingGateway();
  const answer = await world.run('{ dossier(id: "bug") { id } }');
  expectNoSecrets(JSON.stringify(answer));
  expect(answer).toMatchObject({
    data: { dossier: null },
    errors: [
      { message: 'Unexpected error.', path: ['dossier'], extensions: { code: 'INTERNAL_SERVER_ERROR' } },
    ],
  });
  expect(world.logs.lines()).toEqual([
    {
      level: 50,
      time: expect.any(Number),
      requestId: expect.any(String),
      err: { type: 'TypeError', message: 'undefined is not [fiscal code]', stack: expect.any(Array) },
      msg: 'unexpected error',
    },
  ]);
});
