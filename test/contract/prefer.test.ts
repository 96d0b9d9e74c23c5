import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startSandbox } from '../../mocks/sandbox/http/server.ts';
import { callOperation } from './support-call.ts';
import { contractExamples, contractOperations, operationOf } from './support-contract.ts';
import { startPrismMock } from './support-prism.ts';

// `Prefer` as docs/guide/sandbox.md describes it, from the sandbox and from `npm run mock`.

interface Server {
  /** Base of the API. */
  readonly url: string;
  readonly close: () => Promise<void>;
  readonly takeViolations?: () => unknown;
}

const SERVERS: Readonly<Record<string, () => Promise<Server>>> = {
  'the sandbox': () => startSandbox({ rateLimit: false }),
  async 'npm run mock'() {
    const { url, close } = await startPrismMock('npm run mock');
    return { url, close };
  },
};

describe.each(Object.entries(SERVERS))('%s', (_name, start) => {
  let server: Server;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.close());

  const ask = async (id: string, prefer: string | undefined, accept?: string) => {
    const response = await callOperation(server.url, operationOf(id), { prefer, accept });
    const text = await response.text();
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    return { status: response.status, type: response.headers.get('content-type')?.split(';')[0], body };
  };

  test.each(contractExamples)(
    'finds $example.name of $operation.id by its name',
    async ({ operation, answer: { status, contentType: type }, example: { name, value: body } }) => {
      for (const accept of [undefined, 'application/json', 'text/html, nonsense', '*/*;q=0.1']) {
        for (const prefer of [`example=${name}`, `example="${name}"; code=${status}`]) {
          expect(await ask(operation.id, prefer, accept)).toEqual({ status, type, body });
        }
      }
    },
  );

  const answers = contractOperations.flatMap(({ id, answers: all }) =>
    [...new Set(all.map(({ status }) => status))].map((status) => ({ id, status })),
  );
  test.each(answers)('answers $id with $status, for any Accept header', async ({ id, status }) => {
    for (const accept of [undefined, 'application/json', 'application/problem+json', 'text/html']) {
      expect((await ask(id, `code=${status}`, accept)).status).toBe(status);
    }
  });

  test('chooses the accepted body if a status has two', async () => {
    for (const type of ['application/json', 'application/problem+json']) {
      expect(await ask('getDossier', 'code=401', type)).toMatchObject({ status: 401, type });
    }
  });

  test.each([
    [
      'code=404; example=nope',
      'getDossier has no example "nope" with status 404. Its examples: 404: dossier_not_found',
    ],
    [
      'code=200, example=dossier_not_found',
      'getDossier has no example "dossier_not_found" with status 200. Its examples: 200: found',
    ],
    ['example=nope', 'getDossier has no example "nope". Its examples: 200: found; 400: '],
    [
      'code=418',
      'getDossier has no response with status 418. Its statuses: 200, 400, 401, 403, 404, 429, 500',
    ],
  ])('lists the alternatives to %s', async (prefer, detail) => {
    expect(await ask('getDossier', prefer)).toEqual({
      status: 404,
      type: 'application/problem+json',
      body: { title: expect.any(String), status: 404, detail: expect.stringMatching(startOf(detail)) },
    });
  });

  test('reports that an answer without a body has no examples', async () => {
    expect(await ask('setSignatureRequestStatus', 'code=204, example=nope')).toMatchObject({
      status: 404,
      body: { detail: 'setSignatureRequestStatus has no example "nope" with status 204. There are none' },
    });
  });

  const post = (path: string, headers: Record<string, string>, body: string) =>
    fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'ocp-apim-subscription-key': 'key', ...headers },
      body,
    });
  test.each([
    ['is not JSON', '/signers', { 'content-type': 'application/json' }, '{"fiscal_code": nope'],
    ['is empty', '/signers', { 'content-type': 'application/json' }, ''],
    ['has an invalid type', '/signers', { 'content-type': 'a/b/c' }, 'x'],
    [
      'is truncated between its parts',
      '/validate-document',
      { 'content-type': 'multipart/form-data; boundary=x' },
      '--x\r\nnonsense',
    ],
  ])('answers a body that %s, and stays up', async (_what, path, headers, body) => {
    const refused = await post(path, headers, body);
    expect([400, 422]).toContain(refused.status);
    await refused.text();
    expect((await ask('getDossier', 'code=200')).status).toBe(200);
    server.takeViolations?.();
  });
});

function startOf(text: string): RegExp {
  return new RegExp(`^${text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}`);
}

describe('npm run mock', () => {
  let mock: Awaited<ReturnType<typeof startPrismMock>>;
  beforeAll(async () => {
    mock = await startPrismMock('npm run mock');
  });
  afterAll(() => mock.close());

  test('serves the API with and without the base path', async () => {
    expect(mock.url).toMatch(/\/api\/v1\/sign$/);
    for (const base of [mock.url, new URL(mock.url).origin]) {
      const response = await callOperation(base, operationOf('getDossier'));
      expect([response.status, await response.json()]).toEqual([
        200,
        expect.objectContaining({ title: expect.any(String) }),
      ]);
    }
  });

  test('accepts a status as a bare word, as the service does', async () => {
    const response = await fetch(`${mock.url}/signature-requests/x/status`, {
      method: 'PUT',
      headers: { 'ocp-apim-subscription-key': 'key', 'content-type': 'application/json' },
      body: 'READY',
    });
    expect(response.status).toBe(204);
  });

  test('allows web pages of every origin', async () => {
    const { status, headers } = await fetch(`${mock.url}/dossiers`, { method: 'OPTIONS' });
    expect([status, headers.get('access-control-allow-origin')]).toEqual([204, '*']);
  });
});
