import { expect, test } from 'vitest';
import { sendJson } from '../support/http-stub.ts';
import { API_KEY, expectNoSecrets, refuses, startFailingGateway } from '../support/service-proxy.ts';

const PAGE = `query ($id: ID!, $first: Int!, $after: String) { dossier(id: $id) { signatureRequests(first: $first, after: $after) {
  nodes { id } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`;

type World = Awaited<ReturnType<typeof startFailingGateway>>;

interface Page {
  readonly nodes: readonly { readonly id: string }[];
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/** Creates a dossier and its requests in the sandbox, without the gateway. @returns their ids */
async function dossierWith({ sandbox }: World, requests: number): Promise<{ id: string; ids: string[] }> {
  const post = async (path: string, body: object): Promise<string> => {
    const answer = await fetch(`${sandbox.url}${path}`, {
      method: 'POST',
      headers: { 'ocp-apim-subscription-key': API_KEY, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return ((await answer.json()) as { id: string }).id; // as in the contract
  };
  const id = await post('/dossiers', {
    title: 'x',
    documents_metadata: [{ title: 'Contratto', signature_fields: [] }],
  });
  const ids: string[] = [];
  for (let made = 0; made < requests; made += 1)
    ids.push(await post('/signature-requests', { dossier_id: id, signer_id: 's' }));
  return { id, ids };
}

async function pageOf(world: World, variables: object): Promise<Page> {
  const { data, errors } = await world.run(PAGE, variables);
  expect(errors).toBeUndefined();
  return data['dossier']?.['signatureRequests'] as unknown as Page; // the selection of PAGE
}

async function refusalOf(world: World, variables: object) {
  const answer = await world.run(PAGE, variables);
  expectNoSecrets(JSON.stringify(answer));
  expect(answer.data).toEqual({ dossier: { signatureRequests: null } });
  return answer.errors?.map(({ message, extensions }) => [message, extensions]);
}

test.each([
  [60, 25],
  [60, 7],
  [60, 30],
  [60, 60],
  [130, 100],
  [230, 110],
  [3, 1],
])('%i requests, %i at a time, appear once each and in order', async (total, first) => {
  const world = await startFailingGateway();
  const { id, ids } = await dossierWith(world, total);
  const seen: string[] = [];
  let after: string | null = null;
  for (;;) {
    const page: Page = await pageOf(world, { id, first, after });
    expect(page.nodes).toEqual(page.edges.map(({ node }) => node));
    expect(page.pageInfo).toMatchObject({
      hasPreviousPage: false,
      startCursor: page.edges.at(0)?.cursor,
      endCursor: page.edges.at(-1)?.cursor,
    });
    seen.push(...page.nodes.map((node) => node.id));
    if (!page.pageInfo.hasNextPage) break;
    expect(page.nodes).toHaveLength(first);
    after = page.pageInfo.endCursor;
  }
  expect(seen).toEqual(ids);
});

test('every cursor resumes after its item', async () => {
  const world = await startFailingGateway();
  const { id, ids } = await dossierWith(world, 30);
  const { edges } = await pageOf(world, { id, first: 30 });
  for (const at of [0, 23, 24, 25, 28]) {
    const { nodes, pageInfo } = await pageOf(world, { id, first: 2, after: edges[at]?.cursor });
    expect(nodes.map((node) => node.id)).toEqual(ids.slice(at + 1, at + 3));
    expect(pageInfo.hasNextPage).toBe(at + 3 < ids.length);
  }
});

test('a page whose items need only list fields costs one call', async () => {
  const world = await startFailingGateway();
  const { id } = await dossierWith(world, 30);
  await pageOf(world, { id, first: 10 });
  expect(world.calls.map(({ operation }) => operation)).toEqual(['getDossier', 'getRequestsByDossier']);
});

test('fields that lists do not contain cost one call per item, and are null for an item that no longer exists', async () => {
  const world = await startFailingGateway();
  const { id, ids } = await dossierWith(world, 3);
  refuseDetail(world, ids[1] ?? '', 404);
  const answer = await world.run(
    `{ dossier(id: "${id}") { signatureRequests { nodes { id documents { id } qrCode { link } notification { ioMessageId } signedAt } } } }`,
  );
  const empty = { qrCode: null, notification: null, signedAt: null };
  expect(answer).toEqual({
    data: {
      dossier: {
        signatureRequests: {
          nodes: ids.map((each, index) => ({ id: each, documents: index === 1 ? null : [], ...empty })),
        },
      },
    },
  });
  expect(world.count('getSignatureRequest')).toBe(3);
});

test('an item that cannot be read keeps the fields of the list, and each other field has its error', async () => {
  const world = await startFailingGateway();
  const { id, ids } = await dossierWith(world, 2);
  refuseDetail(world, ids[1] ?? '', 400);
  const { data, errors } = await world.run(
    `{ dossier(id: "${id}") { signatureRequests { edges { node { ...both } } } } }
    fragment both on SignatureRequest { id signedAt papers: documents { id } }`,
  );
  expect(data).toMatchObject({
    dossier: {
      signatureRequests: {
        edges: [
          { node: { id: ids[0], signedAt: null, papers: [] } },
          { node: { id: ids[1], signedAt: null, papers: null } },
        ],
      },
    },
  });
  const node = ['dossier', 'signatureRequests', 'edges', 1, 'node'];
  expect(errors).toMatchObject([{ path: [...node, 'signedAt'] }, { path: [...node, 'papers'] }]);
  expect(world.count('getSignatureRequest')).toBe(2);
});

test.each([true, false])('the items are read only if the answer has a field for it: %s', async (isAsked) => {
  const world = await startFailingGateway();
  const { id } = await dossierWith(world, 2);
  await world.run(
    `query ($isAsked: Boolean!) { dossier(id: "${id}") { signatureRequests { nodes { id ... @include(if: $isAsked) { signedAt } } } } }`,
    { isAsked },
  );
  expect(world.count('getSignatureRequest')).toBe(isAsked ? 2 : 0);
});

/** The service answers the reads of all requests but this one. */
function refuseDetail(
  world: Awaited<ReturnType<typeof startFailingGateway>>,
  id: string,
  status: number,
): void {
  world.fail('getSignatureRequest', ({ path }, res) =>
    path.endsWith(id) ? sendJson(res, status, { status, detail: 'no' }) : sendJson(res, 200, detailOf(path)),
  );
}

function detailOf(path: string) {
  const at = '2026-03-05T09:14:07.412Z';
  const times = { created_at: at, updated_at: at, expires_at: at };
  return {
    id: path.split('/').at(-1),
    dossier_id: 'd',
    signer_id: 's',
    status: 'DRAFT',
    documents: [],
    ...times,
  };
}

test('a dossier without requests has an empty page', async () => {
  const world = await startFailingGateway();
  const { id } = await dossierWith(world, 0);
  expect(await pageOf(world, { id, first: 25 })).toEqual({
    nodes: [],
    edges: [],
    pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
  });
});

test.each([0, -1, 501, 2 ** 31 - 1])('a page of %i is refused without an upstream call', async (first) => {
  const world = await startFailingGateway();
  const { id } = await dossierWith(world, 0);
  expect(await refusalOf(world, { id, first })).toEqual([
    ['The argument `first` must be from 1 to 500.', { code: 'BAD_USER_INPUT' }],
  ]);
  expect(world.count('getRequestsByDossier')).toBe(0);
});

const cursor = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

test('a cursor of another list is refused without an upstream call', async () => {
  const world = await startFailingGateway();
  const [{ id }, other] = [await dossierWith(world, 2), await dossierWith(world, 2)];
  const { pageInfo } = await pageOf(world, { id: other.id, first: 1 });
  const before = world.count('getRequestsByDossier');
  const wrong = [
    '',
    'x',
    '💥',
    'MQ',
    cursor(null),
    cursor({ dossierId: id }),
    cursor({ dossierId: id, offset: -1 }),
    cursor({ dossierId: id, offset: 101 }),
    cursor({ dossierId: id, offset: 0.5 }),
    cursor({ dossierId: id, offset: 0, token: '' }),
    cursor({ offset: 1 }),
    pageInfo.endCursor,
  ];
  for (const after of wrong)
    expect(await refusalOf(world, { id, first: 1, after }), after ?? '').toEqual([
      ['The argument `after` must be a cursor of this list.', { code: 'BAD_USER_INPUT' }],
    ]);
  expect(world.count('getRequestsByDossier')).toBe(before);
});

test('a cursor that the service no longer accepts is refused without the message of the service', async () => {
  const world = await startFailingGateway();
  const { id } = await dossierWith(world, 2);
  const after = cursor({ dossierId: id, offset: 0, token: 'never given out' });
  expect(await refusalOf(world, { id, first: 1, after })).toEqual([
    ['The cursor `after` is no longer valid. Read the list from its start.', { code: 'BAD_USER_INPUT' }],
  ]);
});

test('a failure of the service is not mistaken for an invalid cursor', async () => {
  const world = await startFailingGateway();
  const { id } = await dossierWith(world, 2);
  world.fail('getRequestsByDossier', refuses(500, 'CosmosDatabaseError'));
  const after = cursor({ dossierId: id, offset: 0, token: 'given out' });
  expect(await refusalOf(world, { id, first: 1, after })).toEqual([
    ['Firma con IO is unavailable. Retry later.', { code: 'UPSTREAM_UNAVAILABLE' }],
  ]);
});

test.each(['last: 5', 'before: "x"'])(
  'lists page forward only: %s is not in the schema',
  async (argument) => {
    const world = await startFailingGateway();
    const answer = await world.run(
      `{ dossier(id: "x") { signatureRequests(${argument}) { nodes { id } } } }`,
    );
    expect(answer.errors).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
  },
);

test('an item that breaks the contract is null with its own error, and the other items remain', async () => {
  const world = await startFailingGateway();
  const at = '2026-03-05T09:14:07.412Z';
  const item = (id: string, status: unknown) => ({
    id,
    dossier_id: 'd1',
    signer_id: 's1',
    status,
    created_at: at,
    updated_at: at,
    expires_at: at,
  });
  world.fail('getDossier', (_, res) =>
    sendJson(res, 200, { id: 'd1', title: 'x', documents_metadata: [], created_at: at, updated_at: at }),
  );
  world.fail('getRequestsByDossier', (_, res) =>
    sendJson(res, 200, { items: [item('r1', 'DRAFT'), item('r2', 7), item('r3', 'READY')] }),
  );
  const query =
    '{ dossier(id: "d1") { signatureRequests { nodes { id } edges { cursor node { id } } pageInfo { endCursor } } } }';
  const { data, errors } = await world.run(query);
  const cursor = expect.any(String);
  expect(data).toEqual({
    dossier: {
      signatureRequests: {
        nodes: [{ id: 'r1' }, null, { id: 'r3' }],
        edges: [
          { cursor, node: { id: 'r1' } },
          { cursor, node: null },
          { cursor, node: { id: 'r3' } },
        ],
        pageInfo: { endCursor: cursor },
      },
    },
  });
  expect(errors).toMatchObject([
    { path: ['dossier', 'signatureRequests', 'nodes', 1], extensions: { code: 'UPSTREAM_CONTRACT' } },
    { path: ['dossier', 'signatureRequests', 'edges', 1, 'node'], extensions: { code: 'UPSTREAM_CONTRACT' } },
  ]);
});
