import { expect, test } from 'vitest';
import type { Sandbox } from '../../mocks/sandbox/http/server.ts';
import {
  CALLS,
  DONE,
  killAndRetry,
  killAtEach,
  momentsIn,
  nameOf,
  WRITES,
} from '../support/killed-gateway.ts';
import type { Kill } from '../support/killed-gateway.ts';

/*
 * Without Redis the keys are lost with the process, and only the request in its dossier remains. With Redis:
 * test/redis/killed-gateway.test.ts.
 */

async function inADossier(sandbox: Sandbox): Promise<object> {
  const documents_metadata = [{ title: 'Contratto' }];
  const { dossiers } = await sandbox.seed({ dossiers: [{ title: 'Contratti', documents_metadata }] });
  return { dossier: { id: dossiers[0] } };
}
const isInADossier = ([operation]: readonly [string, number]): boolean => operation !== 'createDossier';

const UNKNOWN = {
  __typename: 'RequestSignatureIncompleteError',
  step: 'CREATE_SIGNATURE_REQUEST',
  cause: { __typename: 'OutcomeUnknownError', code: 'OUTCOME_UNKNOWN' },
  progress: { signatureRequest: { id: expect.any(String) } },
};

/** An existing request may belong to another caller, so the error contains it and the caller decides. */
function check(moment: string, { answer, statusWhenKilled, effects }: Kill): void {
  const isThere = statusWhenKilled !== undefined;
  if (isThere) expect.soft(answer, moment).toMatchObject(UNKNOWN);
  else expect.soft(answer, moment).toEqual(DONE);
  expect.soft(effects, moment).toMatchObject({ dossiers: 1, requests: 1 });
  if (!isThere) expect.soft(effects.notifications, moment).toBe(1);
}

test.each([
  ['has performed', true, CALLS],
  ['has not performed', false, WRITES],
] as const)(
  'killed during any call that the service %s, a restarted gateway without keys creates no second request',
  async (_, isCarriedOut, calls) => {
    const moments = momentsIn(calls.filter(isInADossier), isCarriedOut);
    const kills = await killAtEach(moments, (moment) => killAndRetry(moment, { inputOf: inADossier }));
    for (const [name, kill] of Object.entries(kills)) check(name, kill);
    expect(Object.keys(kills).toSorted()).toEqual(moments.map(nameOf).toSorted());
  },
  300_000,
);
