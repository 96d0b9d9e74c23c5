import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { startGateway } from '../support/start-gateway.ts';
import type { GatewayOverrides } from '../support/gateway-options.ts';

const INSPECT = mutationOf(
  'inspectDocument',
  `sizeBytes sha256 isEncrypted isSigned pages { index width height rotation } signatureFields { name page isSigned box { x y width height } }
   anchors { text matchCount nearest matches { page textBox { x y width height } fieldBox { page x y width height } } }
   problems { path severity message }`,
);

async function inspect(pdf: Uint8Array<ArrayBuffer>, input: object = {}, overrides: GatewayOverrides = {}) {
  const { sandbox, upload } = await startGateway(overrides);
  const { data, errors } = await upload(INSPECT, { input: { file: null, ...input } }, pdf);
  expect(errors).toBeUndefined();
  expect(sandbox.journal.entries()).toEqual([]);
  return data['inspectDocument'];
}

const CONTRACT = new Uint8Array(readFileSync('examples/contratto.pdf'));

test('reports the pages, the size and the digest of a PDF without an upstream call', async () => {
  const pdf = await makePdf({ pages: 2, signatureFields: ['Firma1'], textFields: ['Nome'] });
  expect(await inspect(pdf)).toEqual({
    __typename: 'InspectDocumentPayload',
    sizeBytes: pdf.length,
    sha256: createHash('sha256').update(pdf).digest('hex'),
    isEncrypted: false,
    isSigned: false,
    pages: [0, 1].map((index) => ({ index, width: 595.28, height: 841.89, rotation: 0 })),
    signatureFields: [expect.objectContaining({ name: 'Firma1', page: 0, isSigned: false })],
    anchors: [],
    problems: [],
  });
});

test('finds the text of an anchor and the box that a field gets', async () => {
  const anchors = [{ text: 'Firma', align: 'BELOW', width: 100, height: 50 }, { text: 'collaborazione' }];
  const result = await inspect(CONTRACT, { anchors });
  expect(result).toMatchObject({
    anchors: [{ matchCount: 1, nearest: null }, { matchCount: 2 }],
    problems: [],
  });
  const match = result?.['anchors']?.[0]?.['matches']?.[0];
  expect(match).toMatchObject({ page: 0, fieldBox: { page: 0, x: 85, width: 100, height: 50 } });
});
