import { getHttpOperationsFromSpec } from '@stoplight/prism-http';
import { describe, expect, expectTypeOf, test } from 'vitest';

import type { components } from '../../src/upstream/openapi.d.ts';
import {
  contractExamples,
  contractOperations,
  contractPath,
  operationOf,
  valueAt,
} from './support-contract.ts';
import { violations } from './support-oracle.ts';

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

describe('The contract', () => {
  test('has the operations of the Issuer API, as Prism reads it too', async () => {
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
    const shown = contractExamples.filter(({ operation }) => operation.id === 'getSignatureRequest');
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

  test('has storage URLs of this machine only, so that the files of mock users stay there', () => {
    const addresses =
      JSON.stringify(contractExamples.map(({ example }) => example.value)).match(/https?:[^"\\]+/g) ?? [];
    expect(addresses.filter((address) => address.includes('-documents/'))).not.toEqual([]);
    for (const address of addresses) {
      expect(address).toMatch(
        /^(http:\/\/localhost:4010\/iopitnsignst01\/|https:\/\/continua\.io\.pagopa\.it\/qrcode)/,
      );
    }
  });

  // Prism does not distinguish the two media types, so this is the only check of them.
  test('sends errors of the backend as problem+json and those of the gateway as plain JSON', () => {
    const errors = contractExamples.filter(({ answer }) => answer.status >= 400);
    const mixedUp = errors.filter(({ answer, example }) => {
      const envelope = answer.contentType === 'application/json' ? 'GatewayError' : 'ProblemDetail';
      return violations(`#/components/schemas/${envelope}`, example.value).length > 0;
    });
    expect(mixedUp).toEqual([]);
  });

  test.each(contractExamples)(
    'has a valid answer example: $operation.id $answer.status $example.name',
    ({ answer, example }) => {
      expect(violations(answer.schemaPointer, example.value)).toEqual([]);
    },
  );

  test.each(contractOperations.filter(({ request }) => request))(
    'has valid request examples: $id',
    ({ request }) => {
      for (const { value } of request?.examples ?? []) {
        expect(violations(request?.schemaPointer ?? '', value)).toEqual([]);
      }
    },
  );
});

describe('The wire types', () => {
  test('distinguish the statuses', () => {
    type View = components['schemas']['SignatureRequestDetailView'];
    expectTypeOf<View['status']>().toEqualTypeOf<components['schemas']['SignatureRequestStatus']>();
    expectTypeOf<Extract<View, { status: 'WAIT_FOR_SIGNATURE' }>['qr_code_url']>().toEqualTypeOf<string>();
    expectTypeOf<Extract<View, { status: 'DRAFT' }>>().not.toHaveProperty('qr_code_url');
    type DocumentView = components['schemas']['DocumentDetailView'];
    expectTypeOf<Extract<DocumentView, { status: 'REJECTED' }>['reject_reason']>().toEqualTypeOf<string>();
  });
});
