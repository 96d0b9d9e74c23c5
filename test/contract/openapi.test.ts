import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

import { getHttpOperationsFromSpec } from '@stoplight/prism-http';
import { Ajv } from 'ajv';
import { format, resolveConfig } from 'prettier';
import { FormData, fetch } from 'undici';
import type { Response } from 'undici';
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';

import type { components } from '../../src/upstream/openapi.d.ts';
import { contractDocument, contractOperations, contractPath, valueAt } from './support-contract.ts';
import type { ContractAnswer, ContractOperation } from './support-contract.ts';
import { startPrismMock } from './support-prism.ts';
import type { PrismMock } from './support-prism.ts';

const operationIds = [
  'createDossier',
  'getDossier',
  'getRequestsByDossier',
  'getSignerByFiscalCode',
  'createSignatureRequest',
  'getSignatureRequest',
  'setSignatureRequestStatus',
  'getDocumentUploadUrl',
  'sendNotification',
  'validateDocument',
];

// ajv is the second opinion: Prism validates too, but a mistake of its own would be on both sides there.
const ajv = new Ajv({ strict: false, allErrors: true, formats: { binary: true } });
ajv.addFormat('email', /^[^\s@]+@[^\s@]+\.[^\s@]+$/);
ajv.addFormat('uri', (text) => URL.canParse(text));
ajv.addFormat('uuid', /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i);
ajv.addSchema({ $id: 'contract', ...Object(contractDocument) });

/** What the schema at the pointer has against the value; empty if nothing. */
function violations(schemaPointer: string, value: unknown): unknown[] {
  const validate = ajv.getSchema(`contract${schemaPointer}`);
  if (validate === undefined) throw new Error(`no schema at ${schemaPointer}`);
  return validate(value) ? [] : [...(validate.errors ?? []), value];
}

const examples = contractOperations.flatMap((operation) =>
  operation.answers.flatMap((answer) => answer.examples.map((example) => ({ operation, answer, example }))),
);

let prism: PrismMock;
beforeAll(async () => {
  prism = await startPrismMock();
}, 30_000);
afterAll(() => prism.close());

/** A call that the contract allows, changed by the options. */
async function call(
  operation: ContractOperation,
  options: {
    prefer?: string;
    accept?: string | undefined;
    body?: unknown;
    query?: string;
    key?: string;
  } = {},
): Promise<Response> {
  const headers = new Headers({ 'Ocp-Apim-Subscription-Key': options.key ?? 'chiave-di-prova' });
  if (options.prefer !== undefined) headers.set('Prefer', options.prefer);
  if (options.accept !== undefined) headers.set('Accept', options.accept);

  let body: string | FormData | undefined;
  if (operation.request?.contentType === 'multipart/form-data') {
    body = new FormData();
    body.set('document', new File(['%PDF-1.7'], 'contratto.pdf', { type: 'application/pdf' }));
    body.set('fields', new File(['[]'], 'fields.json', { type: 'application/json' }));
  } else if (operation.request) {
    body = JSON.stringify(options.body ?? operation.request.examples[0]?.value);
    headers.set('Content-Type', 'application/json');
  }
  const path = operation.path.replaceAll(/\{\w+\}/g, '01KJYMD75M8Q4V6W9X0Y2Z7A1C');
  return fetch(`${prism.url}${path}${options.query ?? ''}`, {
    method: operation.method,
    headers,
    body: body ?? null,
  });
}

function operationOf(id: string): ContractOperation {
  const found = contractOperations.find((operation) => operation.id === id);
  if (!found) throw new Error(`no operation ${id}`);
  return found;
}

function mediaType(response: Response): string | undefined {
  return response.headers.get('content-type')?.split(';')[0];
}

const answerName = ({ status, contentType }: ContractAnswer) =>
  `${status} ${contentType ?? 'without a body'}`;

describe('The contract', () => {
  test('has the operations of the Issuer API, for Prism as for us', async () => {
    expect(contractOperations.map(({ id }) => id)).toEqual(operationIds);
    const operations = await getHttpOperationsFromSpec(contractPath);
    expect(operations.map(({ iid }) => iid)).toEqual(operationIds);
  });

  test.each(contractOperations)(
    'has an example for every answer and request of $id',
    ({ answers, request }) => {
      expect(answers.filter((answer) => answer.contentType && answer.examples.length === 0)).toEqual([]);
      if (request) expect(request.examples).not.toEqual([]);
    },
  );

  test.each(contractOperations)('names each example of $id once per status', ({ answers }) => {
    const names = answers.flatMap(({ status, examples }) => examples.map(({ name }) => `${status} ${name}`));
    expect(new Set(names).size).toBe(names.length);
  });

  test('shows every status of a signature request and of a document', () => {
    const shown = examples.filter(({ operation }) => operation.id === 'getSignatureRequest');
    const bodies = JSON.stringify(shown.map(({ example }) => example.value));
    const listed = JSON.stringify(
      operationOf('getRequestsByDossier').answers.flatMap((answer) =>
        answer.examples.map(({ value }) => value),
      ),
    );
    const requestStatuses = ['DRAFT', 'READY', 'WAIT_FOR_SIGNATURE', 'SIGNED', 'REJECTED', 'CANCELLED'];
    expect(valueAt('#/components/schemas/SignatureRequestStatus/enum')).toEqual(requestStatuses);
    const topStatuses = shown.map(({ example }) => Object(example.value)['status']);
    expect(topStatuses).toEqual(expect.arrayContaining(requestStatuses));
    for (const status of requestStatuses) expect(listed).toContain(`"status":"${status}"`);
    for (const status of ['WAIT_FOR_UPLOAD', 'WAIT_FOR_VALIDATION', 'READY', 'REJECTED']) {
      expect(bodies).toMatch(new RegExp(`"status":"${status}","metadata"`));
    }
  });

  test('keeps the files of those who try the mock on their machine', () => {
    const addresses =
      JSON.stringify(examples.map(({ example }) => example.value)).match(/https?:[^"\\]+/g) ?? [];
    expect(addresses.filter((address) => address.includes('-documents/'))).not.toEqual([]);
    for (const address of addresses) {
      expect(address).toMatch(
        /^(http:\/\/localhost:4010\/iopitnsignst01\/|https:\/\/continua\.io\.pagopa\.it\/qrcode)/,
      );
    }
  });

  // Prism does not tell the two media types apart, so this is the only check that they are not mixed up.
  test('sends errors of the backend as problem+json and those of the gateway as plain JSON', () => {
    const errors = examples.filter(({ answer }) => answer.status >= 400);
    const mixedUp = errors.filter(({ answer, example }) => {
      const envelope = answer.contentType === 'application/json' ? 'GatewayError' : 'ProblemDetail';
      return violations(`#/components/schemas/${envelope}`, example.value).length > 0;
    });
    expect(mixedUp).toEqual([]);
  });

  test.each(examples)(
    'answers what its schema allows: $operation.id $answer.status $example.name',
    ({ answer, example }) => {
      expect(violations(answer.schemaPointer, example.value)).toEqual([]);
    },
  );

  test.each(contractOperations.filter(({ request }) => request))(
    'asks what its schema allows: $id',
    ({ request }) => {
      for (const { value } of request?.examples ?? []) {
        expect(violations(request?.schemaPointer ?? '', value)).toEqual([]);
      }
    },
  );
});

describe('The wire types', () => {
  test('are those generated from the contract', async () => {
    const cli = 'node_modules/openapi-typescript/bin/cli.js';
    const { stdout } = await promisify(execFile)(process.execPath, [cli, contractPath]);
    const file = 'src/upstream/openapi.d.ts';
    const generated = await format(stdout, { ...(await resolveConfig(file)), parser: 'typescript' });
    expect(await readFile(file, 'utf8')).toBe(generated);
  });

  test('tell the statuses apart', () => {
    type View = components['schemas']['SignatureRequestDetailView'];
    expectTypeOf<View['status']>().toEqualTypeOf<components['schemas']['SignatureRequestStatus']>();
    expectTypeOf<Extract<View, { status: 'WAIT_FOR_SIGNATURE' }>['qr_code_url']>().toEqualTypeOf<string>();
    expectTypeOf<Extract<View, { status: 'DRAFT' }>>().not.toHaveProperty('qr_code_url');
    type DocumentView = components['schemas']['DocumentDetailView'];
    expectTypeOf<Extract<DocumentView, { status: 'REJECTED' }>['reject_reason']>().toEqualTypeOf<string>();
  });
});

describe('Prism on the contract', () => {
  test.each(examples)(
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
    ['a support address that is none', 'createDossier', { body: { ...fields(), support_email: 'urp' } }],
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
    ['properties it does not know', 'createDossier', { body: { ...fields(), colour: 'red' } }],
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

  test.each(contractOperations)('answers $id without a key as the gateway does', async (operation) => {
    const response = await call(operation, { key: '' });
    expect(response.status).toBe(401);
    expect(mediaType(response)).toBe('application/json');
    expect(await response.json()).toMatchObject({ statusCode: 401 });
  });
});
