import type { Response } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { callOperation } from './support-call.ts';
import type { CallOptions } from './support-call.ts';
import { contractExamples, contractOperations, operationOf } from './support-contract.ts';
import type { ContractAnswer, ContractOperation } from './support-contract.ts';
import { violations } from './support-oracle.ts';
import { startPrismMock } from './support-prism.ts';
import type { PrismMock } from './support-prism.ts';

// The answers of a stateless mock for every operation, status and named example: from Prism's own command, for which the
// contract is published, and from `npm run mock`.

let prism: PrismMock;

const call = (operation: ContractOperation, options?: CallOptions) =>
  callOperation(prism.url, operation, options);

function mediaType(response: Response): string | undefined {
  return response.headers.get('content-type')?.split(';')[0];
}

const answerName = ({ status, contentType }: ContractAnswer) =>
  `${status} ${contentType ?? 'without a body'}`;

describe.each(['npm run mock', "Prism's CLI"] as const)('%s', (name) => {
  beforeAll(async () => {
    prism = await startPrismMock(name);
  });
  afterAll(() => prism.close());

  test.each(contractExamples)(
    'serves $operation.id $answer.status $example.name',
    async ({ operation, answer, example }) => {
      const response = await call(operation, {
        prefer: `code=${answer.status}, example=${example.name}`,
        accept: answer.contentType,
      });
      expect(response.headers.get('sl-violations')).toBeNull();
      expect(response.status).toBe(answer.status);
      expect(mediaType(response)).toBe(answer.contentType);
      expect(await response.json()).toEqual(example.value);
      expect(response.headers.get('x-rate-limit-remaining')).toBe('149');
      expect(response.headers.has('x-rate-limit-retry-after')).toBe(answer.status === 429);
    },
  );

  test('answers READY with 204 and no body', async () => {
    const response = await call(operationOf('setSignatureRequestStatus'), { body: 'READY' });
    expect(response.headers.get('sl-violations')).toBeNull();
    expect(response.status).toBe(204);
    expect(await response.text()).toBe('');
  });

  const answers = contractOperations.flatMap((operation) =>
    operation.answers
      .filter(({ contentType }) => contentType)
      .map((answer) => ({ operation, answer, name: answerName(answer) })),
  );
  test.each(answers)('invents valid answers: $operation.id $name', async ({ operation, answer }) => {
    for (const seed of [1, 2, 3]) {
      const response = await call(operation, {
        prefer: `code=${answer.status}, dynamic=true, seed=${seed}`,
        accept: answer.contentType,
      });
      expect(response.headers.get('sl-violations')).toBeNull();
      expect(response.status).toBe(answer.status);
      expect(mediaType(response)).toBe(answer.contentType);
      expect(violations(answer.schemaPointer, await response.json())).toEqual([]);
    }
  });

  const fields = (...clauses: unknown[]) => ({
    title: 'Contratto',
    documents_metadata: [
      {
        title: 'Contratto',
        signature_fields: clauses.map((clause) => ({ clause, attrs: { unique_name: 'Firma1' } })),
      },
    ],
  });
  const signatureRequest = { dossier_id: '01GG4NFBCN4ZH8ETCCKX3766KX', signer_id: 'x' };

  test.each([
    ['a fiscal code in lower case', 'getSignerByFiscalCode', { body: { fiscal_code: 'spndnl80r13c555x' } }],
    [
      'a fiscal code with a month that does not exist',
      'getSignerByFiscalCode',
      { body: { fiscal_code: 'SPNDNL80F13C555X' } },
    ],
    [
      'a clause of 80 characters',
      'createDossier',
      { body: fields({ title: 'c'.repeat(80), type: 'REQUIRED' }) },
    ],
    ['a clause of 4 characters', 'createDossier', { body: fields({ title: 'cccc', type: 'REQUIRED' }) }],
    ['only optional clauses', 'createDossier', { body: fields({ title: 'Facoltativa', type: 'OPTIONAL' }) }],
    ['an empty dossier title', 'createDossier', { body: { ...fields(), title: '' } }],
    ['no documents', 'createDossier', { body: { title: 'Contratto', documents_metadata: [] } }],
    ['an invalid support address', 'createDossier', { body: { ...fields(), support_email: 'urp' } }],
    [
      'a date without a time',
      'createSignatureRequest',
      { body: { ...signatureRequest, expires_at: '2026-06-30' } },
    ],
    ['an empty signer id', 'createSignatureRequest', { body: { ...signatureRequest, signer_id: '' } }],
    ['an unknown status', 'setSignatureRequestStatus', { body: 'BOGUS' }],
    ['a status in an object', 'setSignatureRequestStatus', { body: { status: 'READY' } }],
    ['a page of 24', 'getRequestsByDossier', { query: '?limit=24' }],
    ['a page of 101', 'getRequestsByDossier', { query: '?limit=101' }],
  ])('refuses %s', async (_what, id, options) => {
    const response = await call(operationOf(id), options);
    expect(response.status).toBe(422);
    expect(mediaType(response)).toBe('application/problem+json');
    expect(response.headers.get('sl-violations')).not.toBeNull();
  });

  test.each([
    [
      'a clause of 79 characters',
      'createDossier',
      { body: fields({ title: 'c'.repeat(79), type: 'UNFAIR' }) },
    ],
    [
      'an optional clause beside a required one',
      'createDossier',
      {
        body: fields({ title: 'Obbligatoria', type: 'REQUIRED' }, { title: 'Facoltativa', type: 'OPTIONAL' }),
      },
    ],
    ['a dossier title of one character', 'createDossier', { body: { ...fields(), title: 'C' } }],
    ['unknown properties', 'createDossier', { body: { ...fields(), colour: 'red' } }],
    [
      'both ways to place a field',
      'createDossier',
      {
        body: {
          title: 'Contratto',
          documents_metadata: [
            {
              title: 'Contratto',
              signature_fields: [
                {
                  clause: { title: 'Firma', type: 'REQUIRED' },
                  attrs: {
                    unique_name: 'Firma1',
                    coordinates: { x: -1, y: 0.5 },
                    page: 0,
                    size: { w: 0, h: 0 },
                  },
                },
              ],
            },
          ],
        },
      },
    ],
    ['a fiscal code with omocodia', 'getSignerByFiscalCode', { body: { fiscal_code: 'SPNDNLULRMPCRRRX' } }],
    [
      'a deadline without a zone',
      'createSignatureRequest',
      { body: { ...signatureRequest, expires_at: '2026-06-30T23:59:59' } },
    ],
    [
      'a deadline with an offset',
      'createSignatureRequest',
      { body: { ...signatureRequest, expires_at: '2026-06-30T23:59:59+02:00' } },
    ],
    ['a page of 100', 'getRequestsByDossier', { query: '?limit=100' }],
  ])('takes %s', async (_what, id, options) => {
    const response = await call(operationOf(id), options);
    expect(response.headers.get('sl-violations')).toBeNull();
    expect(response.ok).toBe(true);
  });

  test.each(contractOperations)('answers $id without a key as API Management does', async (operation) => {
    const response = await call(operation, { key: '' });
    expect(response.status).toBe(401);
    expect(mediaType(response)).toBe('application/json');
    expect(await response.json()).toMatchObject({ statusCode: 401 });
  });
});
