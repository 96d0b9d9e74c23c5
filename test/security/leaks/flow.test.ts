import { expect, test } from 'vitest';
import { keysText, temporaryFile } from '../../support/api-keys.ts';
import { mutationOf } from '../../support/operations.ts';
import { makePdf } from '../../support/pdf.ts';
import { startGateway } from '../../support/start-gateway.ts';
import type { Json } from '../../support/start-gateway.ts';
import { jwtOptions, startTokenIssuer } from '../../support/token-issuer.ts';
import {
  CALLER_KEY,
  CODE,
  expectNoLeaks,
  ISSUER_KEY,
  keepRecord,
  OTHER_CODE,
  sendPlanted,
} from './planted.ts';
import type { LeakRecord } from './planted.ts';

/*
 * All steps from a PDF to a signed document, with secrets and fiscal codes in every part of the requests. Every step
 * succeeds, and no secret appears in the log at any level or in a response that does not document it.
 */

const TITLE = `Contratto di ${CODE} (${ISSUER_KEY})`;
const DOCUMENTS = [
  {
    title: TITLE,
    fields: [
      {
        clause: { title: `Firma di ${OTHER_CODE}`, type: 'REQUIRED' },
        position: { box: { page: 0, x: 85, y: 676, width: 177, height: 77 } },
      },
    ],
  },
];

/** A caller with these credentials. */
function callerOf(record: LeakRecord, url: string, credentials: Readonly<Record<string, string>>) {
  const read = (text: string): Json => {
    const answer = JSON.parse(text) as { readonly data: Json; readonly errors?: unknown };
    expect(answer.errors).toBeUndefined();
    return answer.data;
  };
  const named = (query: string): string => query.replace(/^(\w+) /, `$1 find${CODE}_${OTHER_CODE} `);
  return {
    async ask(query: string, variables: object, mayHold: readonly string[] = []): Promise<Json> {
      const body = JSON.stringify({
        query: named(query),
        variables: { ...variables, unused: CODE },
        extensions: { cf: CODE, key: ISSUER_KEY },
      });
      const headers = { 'content-type': 'application/json', ...credentials };
      const init = { method: 'POST', headers, body };
      return read((await sendPlanted(record, query, url, init, mayHold)).text);
    },
    async upload(query: string, input: object, path: string): Promise<Json> {
      const form = new FormData();
      form.set('operations', JSON.stringify({ query: named(query), variables: { input } }));
      form.set('map', JSON.stringify({ [CODE]: [path] }));
      const file = new Blob([new Uint8Array(await makePdf())], { type: `application/pdf; cf=${CODE}` });
      form.append(CODE, file, `${CODE} ${ISSUER_KEY}.pdf`);
      return read(
        (await sendPlanted(record, query, url, { method: 'POST', headers: credentials, body: form })).text,
      );
    },
    get: (address: string, mayHold: readonly string[] = []) =>
      sendPlanted(record, address, new URL(address, url), { headers: credentials }, mayHold),
  };
}

const at = (value: Json | undefined, ...path: readonly string[]): string =>
  String(path.reduce((found: Json | undefined, name) => found?.[name], value));

async function startWorld(auth: 'token' | 'key') {
  const record = keepRecord();
  const issuer = await startTokenIssuer();
  const owner = { name: `portale di ${CODE}`, role: 'operator' };
  const options =
    auth === 'token'
      ? jwtOptions(issuer.url)
      : ({ mode: 'api-key', file: temporaryFile('keys.json', keysText({ [CALLER_KEY]: owner })) } as const);
  const world = await startGateway({
    apiKey: ISSUER_KEY,
    auth: options,
    logger: record.logger,
    metrics: { host: '127.0.0.1', port: 0 },
  });
  const withToken = async (claims: Readonly<Record<string, unknown>>): Promise<Record<string, string>> => {
    const token = await issuer.sign(claims);
    for (const [index, part] of token.split('.').entries())
      record.alsoSecret(`part ${index} of a token`, part);
    return { authorization: `Bearer ${token}` };
  };
  return {
    ...world,
    record,
    as: async (claims: Readonly<Record<string, unknown>>) =>
      callerOf(record, world.url, await withToken(claims)),
    withKey: () => callerOf(record, world.url, { 'x-api-key': CALLER_KEY }),
  };
}

type World = Awaited<ReturnType<typeof startWorld>>;
type Caller = ReturnType<typeof callerOf>;

/** All steps from a dossier to a signed document, with a subscription and a download. */
async function walk(
  { sandbox, record }: World,
  { ask, upload, get }: Caller,
  dossierId?: string,
): Promise<void> {
  const dossier =
    dossierId ??
    at(
      await ask(mutationOf('createDossier', 'dossier { id }'), {
        input: { title: TITLE, documents: DOCUMENTS },
      }),
      'createDossier',
      'dossier',
      'id',
    );
  const found = await ask(mutationOf('findSigner', 'signer { id }'), { input: { fiscalCode: CODE } });
  const signerId = at(found, 'findSigner', 'signer', 'id');
  const request = 'signatureRequest { id status documents { id } }';
  const made = await ask(mutationOf('createSignatureRequest', request), {
    input: { dossierId: dossier, signerId },
  });
  const signatureRequestId = at(made, 'createSignatureRequest', 'signatureRequest', 'id');
  const documentId = at(made, 'createSignatureRequest', 'signatureRequest', 'documents', '0', 'id');

  const address = await ask(mutationOf('createUploadUrl', 'url'), {
    input: { signatureRequestId, documentId },
  });
  record.alsoSecretInLog('an upload URL', at(address, 'createUploadUrl', 'url').replace(/.*&sig=/, ''));

  const stored = await upload(
    mutationOf('uploadDocument', 'document { status }'),
    { signatureRequestId, documentId, file: null },
    'variables.input.file',
  );
  expect(at(stored, 'uploadDocument', 'document', 'status')).toBe('READY');
  const ready = await ask(mutationOf('markReady', 'signatureRequest { status qrCode { link } }'), {
    input: { signatureRequestId },
  });
  expect(at(ready, 'markReady', 'signatureRequest', 'status')).toBe('WAIT_FOR_SIGNATURE');
  await ask(mutationOf('notifySigner', 'signatureRequest { status }'), { input: { signatureRequestId } });
  sandbox.citizen.sign(signatureRequestId);
  await expect
    .poll(async () =>
      at(
        await ask('query ($id: ID!) { signatureRequest(id: $id) { status } }', { id: signatureRequestId }),
        'signatureRequest',
        'status',
      ),
    )
    .toBe('SIGNED');
  const signed = await ask(
    'query ($id: ID!) { signatureRequest(id: $id) { signerId documents { downloadUrl } } }',
    { id: signatureRequestId },
  );
  const link = at(signed, 'signatureRequest', 'documents', '0', 'downloadUrl');
  expect(link).toContain('sig=');
  record.alsoSecretInLog('a download URL', link.replace(/.*&sig=/, ''));
  // The document is the uploaded file, and its file name is the title that the caller chose.
  const file = await get(`/documents/${signatureRequestId}/${documentId}.pdf`, ['a fiscal code', 'the key']);
  expect(file.status).toBe(200);
}

/** Operations of operators only. */
async function rest({ sandbox, metricsUrl }: World, { ask, upload, get }: Caller): Promise<void> {
  await upload(mutationOf('validateDocument', 'isValid'), { file: null }, 'variables.input.file');
  const input = {
    dossier: { create: { title: TITLE } },
    signer: { fiscalCode: CODE },
    documents: [{ ...DOCUMENTS[0], file: null }],
    idempotencyKey: `${CODE} ${ISSUER_KEY}`,
  };
  const all = await upload(
    mutationOf('requestSignature', 'signatureRequest { id status }'),
    input,
    'variables.input.documents.0.file',
  );
  const id = at(all, 'requestSignature', 'signatureRequest', 'id');
  await ask(mutationOf('cancelSignatureRequest', 'signatureRequest { status }'), {
    input: { signatureRequestId: id },
  });
  await ask(
    'query ($id: ID!) { signatureRequest(id: $id) { dossier { signatureRequests { nodes { id } } } } }',
    { id },
  );
  expect(sandbox.journal.entries({ operationId: 'sendNotification' }).length).toBeGreaterThan(1);
  const metrics = await get(metricsUrl ?? 'none');
  expect(metrics.text).toContain('# TYPE');
}

test('an operator by a token whose subject and claims are fiscal codes', async () => {
  const world = await startWorld('token');
  const operator = await world.as({ sub: CODE, fiscal_code: OTHER_CODE, email: `${CODE}@example.it` });
  await walk(world, operator);
  await rest(world, operator);
  expectNoLeaks(world.record);
});

test('an operator by a key with a fiscal code in its name', async () => {
  const world = await startWorld('key');
  await walk(world, world.withKey());
  expectNoLeaks(world.record);
});

test('a citizen', async () => {
  const world = await startWorld('token');
  const operator = await world.as({ sub: 'operator' });
  const made = await operator.ask(mutationOf('createDossier', 'dossier { id }'), {
    input: { title: TITLE, documents: DOCUMENTS },
  });
  const citizen = await world.as({ role: 'citizen', sub: `TINIT-${CODE}`, fiscal_code: `TINIT-${CODE}` });
  await walk(world, citizen, at(made, 'createDossier', 'dossier', 'id'));
  expectNoLeaks(world.record);
});
