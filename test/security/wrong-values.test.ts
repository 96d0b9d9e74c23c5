import { expect, test } from 'vitest';
import { startFailingGateway } from '../support/service-proxy.ts';

const CREATE = `mutation ($input: CreateDossierInput!) { createDossier(input: $input) {
  __typename ... on InvalidInputError { fieldErrors { path message } } } }`;

test('thousands of mistakes in variables are answered with ten errors', async () => {
  const world = await startFailingGateway();
  const documents = Array.from({ length: 5_000 }, () => ({ name: 'a title' }));
  const { data, errors } = await world.run(CREATE, { input: { title: 'Contratti', documents } });
  expect(data).toBeUndefined();
  expect(errors).toHaveLength(10);
  expect(errors?.every(({ extensions }) => extensions['code'] === 'BAD_USER_INPUT')).toBe(true);
  expect(world.calls).toEqual([]);
  expect(world.logs.lines().filter(({ level }) => Number(level) >= 50)).toEqual([]);
});

test.each([
  ['documents', Array.from({ length: 10_000 }, () => ({ title: '' })), ['documents']],
  [
    'fields',
    [
      {
        title: 'Contratto',
        fields: Array.from({ length: 3_000 }, () => ({
          clause: { title: '', type: 'REQUIRED' },
          position: { uniqueName: '' },
        })),
      },
    ],
    ['documents', '0', 'fields'],
  ],
])('a list of thousands of %s is one error', async (_, documents, path) => {
  const world = await startFailingGateway();
  const { data, errors } = await world.run(CREATE, { input: { title: 'Contratti', documents } });
  expect(errors).toBeUndefined();
  expect(data).toEqual({
    createDossier: {
      __typename: 'InvalidInputError',
      fieldErrors: [{ path, message: expect.stringContaining('100') }],
    },
  });
  expect(world.calls).toEqual([]);
});

test('a hundred documents are allowed', async () => {
  const world = await startFailingGateway();
  const documents = Array.from({ length: 100 }, () => ({ title: 'Contratto' }));
  const { data } = await world.run(CREATE, { input: { title: 'Contratti', documents } });
  expect(data['createDossier']?.['__typename']).toBe('CreateDossierPayload');
});

/** A lone surrogate: JSON can express it, UTF-8 cannot, and code that counts bytes throws. */
const HALF = '\ud800';

test.each([
  ['title', { title: HALF, documents: [{ title: 'Contratto' }] }],
  ['documents.0.title', { title: 'Contratti', documents: [{ title: `Contratto${HALF}` }] }],
  ['supportEmail', { title: 'Contratti', documents: [{ title: 'Contratto' }], supportEmail: `${HALF}@a.it` }],
])('a lone surrogate in %s is refused, and not sent to the service', async (path, input) => {
  const world = await startFailingGateway();
  const { data, errors } = await world.run(CREATE, { input });
  expect(errors).toBeUndefined();
  expect(data).toEqual({
    createDossier: {
      __typename: 'InvalidInputError',
      fieldErrors: [{ path: path.split('.'), message: expect.any(String) }],
    },
  });
  expect(world.calls).toEqual([]);
});

test.each([
  ['a field', 'subscription { signatureRequestChanged(id: "1") @skip(if: true) { id } }'],
  [
    'a fragment',
    'subscription { ...F @include(if: false) } fragment F on Subscription { signatureRequestChanged(id: "1") { id } }',
  ],
  [
    'nested fragments',
    `subscription { ...F } fragment F on Subscription { ... on Subscription { ...G } }
     fragment G on Subscription { signatureRequestChanged(id: "1") @skip(if: true) { id } }`,
  ],
])('a subscription without root fields, because %s is left out, is refused', async (_, query) => {
  const world = await startFailingGateway();
  const response = await fetch(world.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query }),
  });
  const text = await response.text();
  expect(text).toContain('GRAPHQL_VALIDATION_FAILED');
  expect(text).toMatch(/must not use \\"@(skip|include)\\" at their root/);
  expect(world.calls).toEqual([]);
});
