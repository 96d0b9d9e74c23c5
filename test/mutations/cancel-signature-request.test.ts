import { expect, test } from 'vitest';
import { mutationOf } from '../support/operations.ts';
import { startGateway } from '../support/start-gateway.ts';

const CANCEL = mutationOf('cancelSignatureRequest', 'signatureRequest { id status cancelledAt }');

test('a request that waits for its signature is cancelled, and can no longer be signed', async () => {
  const { run, sandbox } = await startGateway();
  const { requests } = await sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] });
  const signatureRequestId = requests[0]?.id ?? '';
  const { data } = await run(CANCEL, { input: { signatureRequestId } });
  expect(data['cancelSignatureRequest']).toEqual({
    __typename: 'CancelSignatureRequestPayload',
    signatureRequest: {
      id: signatureRequestId,
      status: 'CANCELLED',
      cancelledAt: expect.stringMatching(/^\d{4}-.*Z$/),
    },
  });
  expect(() => sandbox.citizen.sign(signatureRequestId)).toThrow();
});

test('a request in any other status is refused with its status', async () => {
  const { run, sandbox } = await startGateway({}, { frozenAt: new Date('2126-03-05T09:00:00Z') });
  const statuses = ['DRAFT', 'READY', 'SIGNED', 'REJECTED', 'CANCELLED'] as const;
  const { requests } = await sandbox.seed({ requests: statuses.map((status) => ({ status })) });
  for (const [index, status] of statuses.entries()) {
    const { data } = await run(CANCEL, { input: { signatureRequestId: requests[index]?.id } });
    expect(data['cancelSignatureRequest'], status).toMatchObject({
      __typename: 'WrongStatusError',
      status,
      allowed: ['WAIT_FOR_SIGNATURE'],
    });
  }
});
