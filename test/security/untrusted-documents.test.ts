import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readTrustedDocuments } from '../../src/graphql/trusted-documents.ts';
import { FORMATS } from '../support/request-formats.ts';
import { startGateway } from '../support/start-gateway.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const EXAMPLES = readdirSync('examples').filter((name) => name.endsWith('.graphql'));
const TRUSTED = new Map(
  EXAMPLES.map((name) => readFileSync(`examples/${name}`, 'utf8')).map((text) => [sha256(text), text]),
);
const exampleId = (name: string): string => sha256(readFileSync(`examples/${name}.graphql`, 'utf8'));

const UNTRUSTED = '{ dossier(id: "1") { title } }';
const READ = exampleId('signature-request');
const VARIABLES = { id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' };

const start = () => startGateway({ protections: { trustedDocuments: TRUSTED } });

test.each(Object.keys(FORMATS))('an unlisted operation is refused in %s', async (form) => {
  const { url, sandbox } = await start();
  for (const [sent, code] of [
    [{ query: UNTRUSTED }, 'DOCUMENT_NOT_ALLOWED'],
    [{ query: UNTRUSTED, documentId: READ }, 'DOCUMENT_NOT_ALLOWED'],
    [{ documentId: sha256(UNTRUSTED) }, 'DOCUMENT_NOT_TRUSTED'],
    [{ documentId: '__proto__' }, 'DOCUMENT_NOT_TRUSTED'],
    // The way in which Apollo registers a document, which is refused here.
    [{ query: UNTRUSTED, extensions: apollo(sha256(UNTRUSTED)) }, 'DOCUMENT_NOT_ALLOWED'],
    [{ extensions: apollo(sha256(UNTRUSTED)) }, 'DOCUMENT_NOT_TRUSTED'],
    [{ variables: VARIABLES }, 'DOCUMENT_ID_MISSING'],
  ] as const) {
    const text = await (await FORMATS[form]?.(url, sent))?.text();
    expect(text).toContain(`"code":"${code}"`);
    expect(text).not.toContain('"data":{');
  }
  expect(sandbox.journal.entries()).toEqual([]);
});

test.each(Object.keys(FORMATS))(
  'a trusted document is executed in %s, by each way to name it',
  async (form) => {
    const { url } = await start();
    for (const sent of [
      { documentId: READ, variables: VARIABLES },
      { documentId: `sha256:${READ}`, variables: VARIABLES },
      { extensions: apollo(READ), variables: VARIABLES },
    ]) {
      expect(await (await FORMATS[form]?.(url, sent))?.text()).toContain(
        '{"data":{"signatureRequest":null}}',
      );
    }
  },
);

test('a trusted mutation is still not executed by GET', async () => {
  const { url, sandbox } = await start();
  const sent = { documentId: exampleId('mark-ready'), variables: { input: { signatureRequestId: 'x' } } };
  expect((await FORMATS['an address']?.(url, sent))?.status).toBe(405);
  expect(sandbox.journal.entries()).toEqual([]);
});

test.each([
  'null',
  '1',
  '"x"',
  '[]',
  '{"documentId":{"a":1}}',
  '{"extensions":{"persistedQuery":1}}',
  '{"extensions":null}',
  '{"query":1}',
])('the body %s is refused as a client error', async (body) => {
  const { url } = await start();
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body });
  const text = await response.text();
  expect(response.status, text).toBeLessThan(500);
  expect(text).toMatch(/BAD_REQUEST|DOCUMENT_/);
});

test('with trusted documents there is no GraphiQL, whose tabs would be refused', async () => {
  const { url } = await start();
  const page = await fetch(url, { headers: { accept: 'text/html' } });
  expect(await page.text()).not.toContain('<script');
});

test('every example runs by its hash in a manifest, uploads included', async () => {
  const { url } = await start();
  for (const name of EXAMPLES.map((file) => file.replace('.graphql', ''))) {
    const variables: unknown = JSON.parse(readFileSync(`examples/${name}.json`, 'utf8'));
    const text = await (
      await FORMATS['a JSON body']?.(url, { documentId: exampleId(name), variables })
    )?.text();
    // Only an executed document reports that the file is missing or that the id does not exist.
    expect(text, name).toMatch(/^\{"data":|BAD_USER_INPUT|"NOT_FOUND"/);
  }
});

function apollo(sha256Hash: string) {
  return { persistedQuery: { version: 1, sha256Hash } };
}

function manifestWith(content: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'sigillo-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'manifest.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

test('a manifest maps hashes to documents, with or without the prefix sha256:', () => {
  const file = manifestWith({ [sha256('{ a }')]: '{ a }', [`sha256:${sha256('{ b }')}`]: '{ b }' });
  expect(readTrustedDocuments(file)).toEqual(
    new Map([
      [sha256('{ a }'), '{ a }'],
      [sha256('{ b }'), '{ b }'],
    ]),
  );
});

test.each([
  ['{', 'must be a readable JSON file'],
  [[], 'must be a JSON object with documents by their SHA-256'],
  [{}, 'must contain a document'],
  [{ abc: '{ a }' }, 'every entry must be a SHA-256 with the text of a document, unlike the entry abc'],
  [
    { [sha256('x')]: { body: 'x' } },
    `every entry must be a SHA-256 with the text of a document, unlike the entry ${sha256('x')}`,
  ],
  [{ [sha256('{ a }')]: '{ a b }' }, `the document does not match its hash ${sha256('{ a }')}`],
])('the manifest %j is refused', (content, message) => {
  expect(() => readTrustedDocuments(manifestWith(content))).toThrow(message);
});
