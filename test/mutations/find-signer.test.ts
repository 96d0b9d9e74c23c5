import { expect, test } from 'vitest';
import { mutationOf } from '../support/operations.ts';
import { startGateway } from '../support/start-gateway.ts';

const FIND = mutationOf('findSigner', 'signer { id }');

test('a fiscal code has the same signer in each call', async () => {
  const { run } = await startGateway();
  const find = async (fiscalCode: string) => (await run(FIND, { input: { fiscalCode } })).data['findSigner'];
  const found = await find('SPNDNL80R13C555X');
  expect(found).toEqual({
    __typename: 'FindSignerPayload',
    signer: { id: expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/) },
  });
  expect(await find('SPNDNL80R13C555X')).toEqual(found);
});

test('an invalid fiscal code is an InvalidInputError that does not contain it', async () => {
  const { run } = await startGateway();
  const answer = await run(FIND, { input: { fiscalCode: 'spndnl80r13c555x' } });
  expect(answer.data['findSigner']).toMatchObject({ __typename: 'InvalidInputError' });
  expect(JSON.stringify(answer)).not.toMatch(/spndnl80r13c555x/i);
});
