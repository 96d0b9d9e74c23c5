import { expect, test } from 'vitest';
import { callsSince } from '../support/calls-since.ts';
import { sendJson } from '../support/http-stub.ts';
import { startFailingGateway } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';
import type { Json } from '../support/start-gateway.ts';

const DOSSIER = '01KJYMD75KB7D9F1H3K5N7Q9S0';
const dossiers = [{ id: DOSSIER, title: 'Grande', documents_metadata: [{ title: 'Contratto' }] }];
const LIST = `query ($id: ID!, $first: Int!, $after: String) { dossier(id: $id) { signatureRequests(first: $first, after: $after) {
  edges { cursor node { id status } } pageInfo { hasNextPage endCursor } } } }`;

type World = Awaited<ReturnType<typeof startGateway>>;
interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

async function pageOf({ run }: Pick<World, 'run'>, first: number, after: string | null = null) {
  const { data, errors } = await run(LIST, { id: DOSSIER, first, after });
  expect(errors).toBeUndefined();
  return data['dossier']?.['signatureRequests'] as unknown as Page; // the selection of LIST
}

const made = async ({ sandbox }: World, count: number): Promise<string[]> =>
  (await sandbox.seed({ requests: [{ dossier: DOSSIER, count }] })).requests.map(({ id }) => id);

test('10,000 requests appear once each, 500 at a time, while more are created', async () => {
  const world = await startGateway();
  await world.sandbox.seed({ dossiers });
  const expected = await made(world, 10_000);
  callsSince(world);

  const seen: string[] = [];
  let after: string | null = null;
  for (let pages = 1; ; pages += 1) {
    const { edges, pageInfo }: Page = await pageOf(world, 500, after);
    expect(callsSince(world)).toEqual(['getDossier', ...Array<string>(5).fill('getRequestsByDossier')]);
    seen.push(...edges.map(({ node }) => node.id));
    // In the middle of the list, and just before its last page.
    if (pages === 8 || pages === 19) expected.push(...(await made(world, 250)));
    callsSince(world);
    if (!pageInfo.hasNextPage) break;
    expect(edges).toHaveLength(500);
    after = pageInfo.endCursor;
  }
  expect(seen).toEqual(expected);
  expect(new Set(seen).size).toBe(10_500);
});

test('the last cursor continues when the list has grown', async () => {
  const world = await startGateway();
  await world.sandbox.seed({ dossiers });
  await made(world, 100);
  const { pageInfo } = await pageOf(world, 100);
  expect(pageInfo.hasNextPage).toBe(false);
  expect(await pageOf(world, 100, pageInfo.endCursor)).toEqual({
    edges: [],
    pageInfo: { hasNextPage: false, endCursor: null },
  });
  const more = await made(world, 3);
  const next = await pageOf(world, 100, pageInfo.endCursor);
  expect(next.edges.map(({ node }) => node.id)).toEqual(more);
});

test.each([
  [1, 1],
  [25, 1],
  [100, 1],
  [101, 2],
  [110, 2],
  [250, 3],
  [499, 5],
  [500, 5],
])('%i items of list fields cost %i calls for a page, and for the next page', async (first, calls) => {
  const world = await startGateway();
  await world.sandbox.seed({ dossiers });
  const ids = await made(world, 1_200);
  let after: string | null = null;
  for (const page of [0, 1]) {
    callsSince(world);
    const { edges, pageInfo }: Page = await pageOf(world, first, after);
    expect(callsSince(world)).toEqual(['getDossier', ...Array<string>(calls).fill('getRequestsByDossier')]);
    expect(edges.map(({ node }) => node.id)).toEqual(ids.slice(page * first, (page + 1) * first));
    after = pageInfo.endCursor;
  }
});

test('every cursor of a large page resumes after its item, with at most one more call', async () => {
  const world = await startGateway();
  await world.sandbox.seed({ dossiers });
  const ids = await made(world, 700);
  const { edges } = await pageOf(world, 340);
  for (const at of [0, 83, 84, 85, 169, 254, 255, 339]) {
    callsSince(world);
    const next = await pageOf(world, 300, edges[at]?.cursor ?? null);
    expect(callsSince(world).length - 1, String(at)).toBeLessThanOrEqual(4);
    expect(next.edges.map(({ node }) => node.id)).toEqual(ids.slice(at + 1, at + 301));
  }
});

test('a page with documents costs one more call per item, ten at a time', async () => {
  const world = await startFailingGateway();
  await world.sandbox.seed({ dossiers });
  const ids = await made(world, 120);
  let running = 0;
  let most = 0;
  const ten = Promise.withResolvers<void>();
  const read: string[] = [];
  world.fail('getSignatureRequest', async ({ path }, res) => {
    read.push(path.split('/').at(-1) ?? '');
    most = Math.max(most, (running += 1));
    // Answered when ten calls have arrived; an eleventh concurrent call would be counted.
    if (running === 10) ten.resolve();
    await ten.promise;
    running -= 1;
    const answer = await fetch(`${world.sandbox.url}${path.replace('/api/v1/sign', '')}`, {
      headers: { 'ocp-apim-subscription-key': 'x' },
    });
    sendJson(res, 200, await answer.json());
  });
  const { data, errors } = await world.run(`{ dossier(id: "${DOSSIER}") {
    a: signatureRequests(first: 100) { nodes { id documents { title } qrCode { link } } edges { node { notification { ioMessageId } } } }
    b: signatureRequests(first: 20) { nodes { documents { id } } } } }`);
  expect(errors).toBeUndefined();
  const nodes = data['dossier']?.['a']?.['nodes'] as unknown as Json[];
  expect(nodes).toEqual(
    ids.slice(0, 100).map((id) => ({ id, documents: [{ title: 'Contratto' }], qrCode: null })),
  );
  expect(read.toSorted()).toEqual(ids.slice(0, 100).toSorted());
  expect(most).toBe(10);
});

test('short and empty pages lose no item', async () => {
  const world = await startFailingGateway();
  await world.sandbox.seed({ dossiers });
  const ids = await made(world, 90);
  const [sample] = (await pageOf(world, 1)).edges;
  const at = '2026-03-05T09:14:07.412Z';
  const itemOf = (id: string) => ({
    id,
    dossier_id: DOSSIER,
    signer_id: 's',
    status: 'DRAFT',
    created_at: at,
    updated_at: at,
    expires_at: at,
  });
  // Pages of 10, and every third page is empty, as in partitioned databases.
  world.fail('getRequestsByDossier', ({ path }, res) => {
    const token = new URL(path, 'http://x').searchParams.get('continuationToken') ?? '0.0';
    const [from = 0, nth = 0] = token.split('.').map(Number);
    const size = nth % 3 === 2 ? 0 : 10;
    const to = from + size;
    const more = to < ids.length && { continuation_token: `${to}.${nth + 1}` };
    sendJson(res, 200, { items: ids.slice(from, to).map(itemOf), ...more });
  });
  const seen: string[] = [];
  let after: string | null = null;
  for (;;) {
    const before = world.count('getRequestsByDossier');
    const { edges, pageInfo }: Page = await pageOf(world, 40, after);
    expect(world.count('getRequestsByDossier') - before).toBeLessThanOrEqual(2);
    seen.push(...edges.map(({ node }) => node.id));
    if (!pageInfo.hasNextPage) break;
    expect(pageInfo.endCursor).not.toBeNull();
    after = pageInfo.endCursor;
  }
  expect(sample?.node.id).toBe(ids[0]);
  expect(seen).toEqual(ids);
});

test('a list read with a cursor after the dossier was deleted is null', async () => {
  const world = await startGateway();
  await world.sandbox.seed({ dossiers });
  await made(world, 120);
  const { pageInfo } = await pageOf(world, 100);
  await world.sandbox.reset();
  const { data, errors } = await world.run(LIST, { id: DOSSIER, first: 100, after: pageInfo.endCursor });
  expect({ data, errors }).toEqual({ data: { dossier: null }, errors: undefined });
});
