import { expect, test } from 'vitest';
import {
  CALLS,
  DONE,
  killAndRetry,
  killAtEach,
  momentsIn,
  nameOf,
  WRITES,
} from '../support/killed-gateway.ts';
import { startRedis } from '../support/redis.ts';

test.each([
  ['has performed', true, CALLS],
  ['has not performed', false, WRITES],
] as const)(
  'killed during any call that the service %s, a gateway continues from there after its restart',
  async (_, isCarriedOut, calls) => {
    const { url } = await startRedis();
    const moments = momentsIn(calls, isCarriedOut);
    const kills = await killAtEach(moments, (moment) =>
      killAndRetry(moment, { env: { REDIS_URL: url.href } }),
    );
    for (const moment of moments) {
      const { answer, effects } = kills[nameOf(moment)] ?? {};
      expect.soft(answer, nameOf(moment)).toEqual(DONE);
      expect.soft(effects, nameOf(moment)).toEqual({
        // A dossier with a lost answer cannot be found, and has no requests.
        dossiers: isCarriedOut && moment.operation === 'createDossier' ? 2 : 1,
        requests: 1,
        // Files with an unknown outcome are sent again to the same blob: at most both, because uploads run in parallel.
        uploads: expect.toSatisfy((uploads) => uploads >= 2 && uploads <= 4),
        notifications: 1,
      });
    }
  },
  300_000,
);
