import { describe, expect, test } from 'vitest';
import type { ProfileName } from '../../mocks/sandbox/model/profile.ts';
import { keysText, temporaryFile } from '../support/api-keys.ts';
import { callerAt } from '../support/caller.ts';
import { DOCUMENTS, outcomeOf, SIGNER, startKeyed } from '../support/keyed.ts';
import { mutationOf } from '../support/operations.ts';
import { startGateway } from '../support/start-gateway.ts';

const KEY = { idempotencyKey: '5e8b7f9c-7f3a-4b8e-9d51-4c3f2a1b0e9d' };

const CREATE = `mutation ($input: CreateDossierInput!) { createDossier(input: $input) { __typename
  ... on CreateDossierPayload { dossier { title documents { title fields { clause { title } } } } }
  ... on InvalidInputError { fieldErrors { path } } } }`;
const DOCUMENT = ['documents', '0', 'title'];
const CLAUSE = ['documents', '0', 'fields', '0', 'clause', 'title'];

/** Two UTF-16 code units, but one character in JSON Schema. The service counts code units, and so does the gateway. */
const FOX = '🦊';
const box = { page: 0, x: 85, y: 676, width: 177, height: 77 };

function dossierOf({ title = 'Contratti', document = 'Contratto', clause = 'Firma del contratto' }) {
  const fields = [{ clause: { title: clause, type: 'REQUIRED' }, position: { box } }];
  return { title, documents: [{ title: document, fields }] };
}

const SHORTEST_AND_LONGEST = [
  { document: `${FOX}a` },
  { document: `a${FOX}` },
  { document: FOX.repeat(2) },
  { document: FOX.repeat(30) },
  { clause: `${FOX}a${FOX}` },
  { clause: `aab${FOX}` },
  { clause: FOX.repeat(3) },
  { clause: `${FOX.repeat(39)}a` },
];

test.each<ProfileName>(['implemented', 'documented'])(
  'a title of emoji at the limits of its length is accepted (profile %s)',
  async (profile) => {
    const { run } = await startGateway({}, { profile });
    for (const title of [...SHORTEST_AND_LONGEST, { title: FOX.repeat(2) }]) {
      const input = dossierOf(title);
      const { data } = await run(CREATE, { input });
      const documents = input.documents.map((document) => ({
        title: document.title,
        fields: document.fields.map(({ clause }) => ({ clause: { title: clause.title } })),
      }));
      expect(data['createDossier']).toEqual({
        __typename: 'CreateDossierPayload',
        dossier: { title: input.title, documents },
      });
    }
  },
);

interface Titles {
  readonly document?: string;
  readonly clause?: string;
}

test.each<[Titles, string[]]>([
  [{ document: FOX }, DOCUMENT],
  [{ document: `${FOX.repeat(30)}a` }, DOCUMENT],
  [{ clause: FOX.repeat(2) }, CLAUSE],
  [{ clause: FOX.repeat(40) }, CLAUSE],
])('%o is refused by the gateway, as by the service', async (title, path) => {
  const { run, sandbox } = await startGateway();
  const { data } = await run(CREATE, { input: dossierOf(title) });
  expect(data['createDossier']).toEqual({ __typename: 'InvalidInputError', fieldErrors: [{ path }] });
  expect(sandbox.journal.entries()).toEqual([]);

  const { clause = 'Firma del contratto', document = 'Contratto' } = title;
  const signature_fields = [{ clause: { title: clause, type: 'REQUIRED' }, attrs: { unique_name: 'S' } }];
  const answer = await fetch(`${sandbox.url}/dossiers`, {
    method: 'POST',
    headers: { 'ocp-apim-subscription-key': 'key', 'content-type': 'application/json' },
    body: JSON.stringify({ title: 'x', documents_metadata: [{ title: document, signature_fields }] }),
  });
  expect(answer.status).toBe(422);
  // The contract counts characters: it refuses a title that is too short, but sees only half of the longest one.
  const isTooShort = Object.values(title).join('').length < 5;
  expect(sandbox.takeViolations()).toHaveLength(isTooShort ? 1 : 0);
});

test('every problem of an input is reported with its path, and nothing is sent', async () => {
  const { run, sandbox } = await startGateway();
  const documents = [
    { title: 'x', fields: [{ clause: { title: 'abc', type: 'OPTIONAL' }, position: { uniqueName: '' } }] },
  ];
  const { data } = await run(mutationOf('createDossier'), {
    input: { title: '', supportEmail: 'no address', documents },
  });
  expect(data['createDossier']).toMatchObject({ __typename: 'InvalidInputError', code: 'INVALID_INPUT' });
  const problems = JSON.parse(JSON.stringify(data['createDossier']?.['fieldErrors'])) as { path: string[] }[];
  expect(problems.map(({ path }) => path.join('.')).toSorted()).toEqual([
    'documents.0.fields',
    'documents.0.fields.0.clause.title',
    'documents.0.fields.0.position.uniqueName',
    'documents.0.title',
    'supportEmail',
    'title',
  ]);
  expect(sandbox.journal.entries()).toEqual([]);
});

describe('with an idempotencyKey', () => {
  test('a retry with the same key and input returns the dossier of the first call', async () => {
    const world = await startKeyed();
    const dossier = await world.createDossier(KEY);
    expect(dossier.id).toMatch(/^\w{26}$/);
    expect(await world.createDossier(KEY)).toEqual(dossier);
    expect(world.calls('createDossier')).toBe(1);
    expect(world.outcomes).toEqual(['first', 'replayed']);
  });

  test('a key is valid for one caller, one tenant and one mutation', async () => {
    const owners = {
      'key-ana': { name: 'ana', role: 'operator', tenant: 'roma' },
      'key-bea': { name: 'bea', role: 'operator', tenant: 'roma' },
      'key-ana-of-milano': { name: 'ana', role: 'operator', tenant: 'milano' },
    };
    const world = await startKeyed({
      apiKey: new Map([
        ['roma', 'service-key-1'],
        ['milano', 'service-key-2'],
      ]),
      auth: { mode: 'api-key', file: temporaryFile('keys.json', keysText(owners)) },
    });
    const input = { title: 'Contratti', documents: DOCUMENTS, ...KEY };
    const callers = Object.keys(owners).map((key) => callerAt(world.url, { 'x-api-key': key }));
    const made: unknown[] = [];
    for (const caller of [...callers, ...callers])
      made.push((await outcomeOf(caller, 'createDossier', input)).id);
    expect(made.slice(3)).toEqual(made.slice(0, 3));
    expect(new Set(made).size).toBe(3);
    const [caller] = callers;
    const request = { ...KEY, dossierId: made[0], signerId: SIGNER };
    expect(caller && (await outcomeOf(caller, 'createSignatureRequest', request)).id).toMatch(/^\w{26}$/);
  });

  test.each(['', 'x'.repeat(256), 'due\nrighe', 'chiave-è', '\u007f'])(
    'the key %j is invalid',
    async (idempotencyKey) => {
      const world = await startKeyed();
      const { body } = await callerAt(world.url).ask(mutationOf('createDossier'), {
        input: { title: 'Contratti', documents: DOCUMENTS, idempotencyKey },
      });
      expect(body['data']?.['createDossier']).toMatchObject({
        code: 'INVALID_INPUT',
        fieldErrors: [
          {
            path: ['idempotencyKey'],
            message: 'The idempotency key must have 1 to 255 printable ASCII characters.',
          },
        ],
      });
      expect(world.outcomes).toEqual([]);
    },
  );

  test.each(['~', ' ', 'x'.repeat(255)])('the key %j is valid', async (idempotencyKey) => {
    const world = await startKeyed();
    const { id } = await world.createDossier({ idempotencyKey });
    expect(await world.createDossier({ idempotencyKey })).toMatchObject({ id });
  });

  test('a dossier that was created with a key and no longer exists is not created again', async () => {
    const world = await startKeyed();
    await world.createDossier(KEY);
    await world.sandbox.reset();
    expect(await world.createDossier(KEY)).toMatchObject({
      code: 'NOT_FOUND',
      message: 'No dossier has this id.',
    });
  });
});
