import { expect, test } from 'vitest';
import { z } from 'zod';
import { failure, invalid, shown } from './support-answers.ts';
import { issuerOf, sandboxForTest } from './support-issuer.ts';

const Page = z.object({
  items: z.array(z.looseObject({ id: z.string() })),
  continuation_token: z.string().optional(),
});

// Conforms (Signature requests, service): Lists have 25 requests by default, 25 to 100 on demand, without
// documents.
test('returns the requests of one dossier in order of creation, page by page', async () => {
  const issuer = issuerOf(await sandboxForTest({ rateLimit: false }));
  const dossier_id = await issuer.createDossier();
  const created: string[] = [];
  for (let count = 0; count < 60; count += 1) {
    const { body } = await issuer.call('POST', '/signature-requests', { dossier_id, signer_id: `s${count}` });
    created.push(z.looseObject({ id: z.string() }).parse(body).id);
  }
  await issuer.createRequest();

  const read = async (query: string) =>
    Page.parse((await issuer.call('GET', `/dossiers/${dossier_id}/signature-requests${query}`)).body);
  const first = await read('');
  expect(first.items).toHaveLength(25);
  const second = await read(`?continuationToken=${encodeURIComponent(first.continuation_token ?? '')}`);
  const third = await read(
    `?limit=25&continuationToken=${encodeURIComponent(second.continuation_token ?? '')}`,
  );
  expect(third.continuation_token).toBeUndefined();
  expect([...first.items, ...second.items, ...third.items].map(({ id }) => id)).toEqual(created);
  expect((await read('?limit=100')).items).toHaveLength(60);
  expect((await read('?limit=60')).continuation_token).toBeUndefined();
  expect(Object.keys(first.items[0] ?? {}).sort()).toEqual(
    ['created_at', 'dossier_id', 'expires_at', 'id', 'signer_id', 'status', 'updated_at'].sort(),
  );
});

const TOKEN = 'continuationToken: non empty string';
const LIMIT = 'limit: pipe(IntegerFromString, integer >= 25 and < 101)';

// Conforms (Signature requests, service): Another limit and an empty token are a 422.
test.each([
  ['limit=24', '24', LIMIT],
  ['limit=101', '101', LIMIT],
  ['limit=x', '"x"', LIMIT],
  ['limit=25.5', '25.5', LIMIT],
  ['limit=', '0', LIMIT],
  ['limit=1e400', 'Infinity', LIMIT],
  ['limit=25&limit=30', '"25,30"', LIMIT],
  ['continuationToken=', '""', TOKEN],
])('refuses ?%s with 422', async (query, value, member) => {
  const sandbox = await sandboxForTest();
  const issuer = issuerOf(sandbox);
  const id = await issuer.createDossier();
  expect(shown(await issuer.call('GET', `/dossiers/${id}/signature-requests?${query}`))).toEqual(
    invalid([`Invalid value ${value} supplied to : Partial<{ ${TOKEN}, ${LIMIT} }>/${member}`]),
  );
  sandbox.takeViolations();
});

// Conforms (Signature requests, service): A limit has any form that JavaScript parses as a number.
test.each([
  ['25.0', 25],
  ['1e2', 40],
  ['0x1E', 30],
  ['+30', 30],
  [' 30', 30],
  ['30\n', 30],
  ['0b11001', 25],
])('reads the limit %j as a number', async (limit, items) => {
  const sandbox = await sandboxForTest({ rateLimit: false });
  const { requests } = await sandbox.seed({ requests: [{ count: 40 }] });
  const path = `/dossiers/${requests[0]?.dossierId}/signature-requests?${new URLSearchParams({ limit })}`;
  const { body } = await issuerOf(sandbox).call('GET', path);
  expect(Page.parse(body).items).toHaveLength(items);
  sandbox.takeViolations();
});

// Conforms (Signature requests, service): An unknown token is a 500, Error.
test('fails on an unknown token as the database client of the service does', async () => {
  const issuer = issuerOf(await sandboxForTest());
  const id = await issuer.createDossier();
  expect(shown(await issuer.call('GET', `/dossiers/${id}/signature-requests?continuationToken=abc`))).toEqual(
    failure('Error'),
  );
});
