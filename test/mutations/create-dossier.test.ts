import { expect, test } from 'vitest';
import type { ProfileName } from '../../mocks/sandbox/model/profile.ts';
import { startGateway } from '../support/start-gateway.ts';

const CREATE = `mutation ($input: CreateDossierInput!) { createDossier(input: $input) { __typename
  ... on CreateDossierPayload { dossier { title documents { title fields { clause { title } } } } }
  ... on InvalidInputError { fieldErrors { path } } } }`;
const DOCUMENT = ['documents', '0', 'title'];
const CLAUSE = ['documents', '0', 'fields', '0', 'clause', 'title'];

/** Two UTF-16 units, one character to JSON Schema. The service counts units, and so must all that stands before it. */
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
  'a title of emoji that is just long or short enough is kept, %s',
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
])('%o is refused by the gateway, and by the service too', async (title, path) => {
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
  // What is too short the contract says too; of the longest it sees half.
  const isTooShort = Object.values(title).join('').length < 5;
  expect(sandbox.takeViolations()).toHaveLength(isTooShort ? 1 : 0);
});
