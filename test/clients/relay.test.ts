import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  commitMutation,
  createOperationDescriptor,
  fetchQuery,
  getPaginationMetadata,
  getPaginationVariables,
  getSingularSelector,
  requestSubscription,
} from 'relay-runtime';
import type { ConcreteRequest, Environment, ReaderFragment, Variables } from 'relay-runtime';
import { expect, onTestFinished, test } from 'vitest';
import { readTrustedDocuments } from '../../src/graphql/trusted-documents.ts';
import { startGateway } from '../support/start-gateway.ts';

const PAGE = readFileSync('docs/guide/clients.md', 'utf8');
const blocks = (language: string): string[] =>
  [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(([, code = '']) => code);

const PACKAGES = join(import.meta.dirname, 'node_modules');

/** The app of docs/guide/clients.md, compiled. */
function compileApp(changes: object = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sigillo-relay-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [config = ''] = blocks('json');
  const [app = '', environment = ''] = blocks('js');
  mkdirSync(join(folder, 'src'));
  mkdirSync(join(folder, 'node_modules', 'sigillo'), { recursive: true });
  copyFileSync('schema.graphql', join(folder, 'node_modules', 'sigillo', 'schema.graphql'));
  for (const name of ['graphql-sse', 'graphql', 'relay-runtime'])
    symlinkSync(join(PACKAGES, name), join(folder, 'node_modules', name));
  writeFileSync(join(folder, 'src', 'RequestList.js'), app);
  writeFileSync(join(folder, 'trusted-documents.json'), '{}');
  // The artifacts import without file extensions, which bundlers resolve and Node does not; it resolves them in `require`.
  const compiled = { ...JSON.parse(config), ...changes, eagerEsModules: false };
  writeFileSync(join(folder, 'relay.config.json'), JSON.stringify(compiled));
  execFileSync(process.execPath, [join(PACKAGES, 'relay-compiler/cli.js')], {
    cwd: folder,
    stdio: 'pipe',
  });
  const load = createRequire(join(folder, 'src', 'RequestList.js'));
  return {
    folder,
    artifact: (name: string): unknown => load(`./__generated__/${name}.graphql.js`),
    environmentOf: async (url: string): Promise<Environment> => {
      const file = join(folder, 'environment.mjs');
      writeFileSync(file, environment.replace("'/graphql'", JSON.stringify(url)));
      const loaded: { environment: Environment } = await import(/* @vite-ignore */ file);
      return loaded.environment;
    },
  };
}

/** A request, and the data that a component reads from its answer. */
function viewOf(
  environment: Environment,
  request: ConcreteRequest,
  variables: Variables,
  fragment?: ReaderFragment,
) {
  const operation = createOperationDescriptor(request, variables);
  const retained = environment.retain(operation);
  onTestFinished(() => retained.dispose());
  return {
    fetch: () => fetchQuery(environment, request, variables, { fetchPolicy: 'network-only' }).toPromise(),
    read: (): unknown => {
      const { data } = environment.lookup(operation.fragment);
      if (fragment === undefined) return data;
      const selector = getSingularSelector(fragment, data);
      return selector == null ? undefined : environment.lookup(selector).data;
    },
  };
}

interface List {
  readonly dossier: {
    readonly signatureRequests: {
      readonly edges: readonly { readonly node: { readonly id: string; readonly status: string } }[];
      readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    };
  };
}

async function start() {
  const app = compileApp();
  const world = await startGateway();
  const dossierId = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  const { requests } = await world.sandbox.seed({
    dossiers: [{ id: dossierId, title: 'Contratti', documents_metadata: [{ title: 'Contratto' }] }],
    requests: [{ dossier: dossierId, count: 60 }],
  });
  return {
    ...world,
    ...app,
    dossierId,
    ids: requests.map(({ id }) => id),
    environment: await app.environmentOf(world.url),
    requestNamed: (name: string) => app.artifact(name) as ConcreteRequest,
    fragmentNamed: (name: string) => app.artifact(name) as ReaderFragment,
  };
}

test('a Relay connection is read page by page, and refetched', async () => {
  const { environment, requestNamed, fragmentNamed, dossierId, ids } = await start();
  const fragment = fragmentNamed('RequestList_query');
  const list = viewOf(environment, requestNamed('RequestListQuery'), { dossierId }, fragment);
  const connection = () => (list.read() as List).dossier.signatureRequests;
  const shown = () => connection().edges.map(({ node }) => node.id);
  await list.fetch();
  expect(shown()).toEqual(ids.slice(0, 25));

  const { paginationRequest, paginationMetadata } = getPaginationMetadata(fragment, 'test');
  const next = (): Variables =>
    getPaginationVariables(
      'forward',
      25,
      connection().pageInfo.endCursor,
      { dossierId },
      {},
      paginationMetadata,
    );
  await viewOf(environment, paginationRequest, next()).fetch();
  expect(shown()).toEqual(ids.slice(0, 50));
  expect(connection().pageInfo.hasNextPage).toBe(true);
  await viewOf(environment, paginationRequest, next()).fetch();
  expect(shown()).toEqual(ids);
  expect(connection().pageInfo.hasNextPage).toBe(false);

  const again = { dossierId, count: 10, cursor: null };
  const refetched = viewOf(environment, paginationRequest, again, fragment);
  await refetched.fetch();
  expect((refetched.read() as List).dossier.signatureRequests.edges).toHaveLength(10);
});

test('a Relay mutation and an event update a fragment', async () => {
  const { environment, requestNamed, fragmentNamed, sandbox } = await start();
  const { requests } = await sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] });
  const id = requests[0]?.id ?? '';
  const view = viewOf(
    environment,
    requestNamed('RequestListRequestQuery'),
    { id },
    fragmentNamed('RequestList_request'),
  );
  await view.fetch();
  expect(view.read()).toEqual({ signatureRequest: { id, status: 'WAIT_FOR_SIGNATURE' } });

  const answered = Promise.withResolvers<unknown>();
  commitMutation(environment, {
    mutation: requestNamed('RequestListMarkReadyMutation'),
    variables: { input: { signatureRequestId: id } },
    onCompleted: answered.resolve,
    onError: answered.reject,
  });
  expect(await answered.promise).toMatchObject({ markReady: { __typename: expect.any(String) } });

  const ended = Promise.withResolvers<void>();
  let events = 0;
  requestSubscription(environment, {
    subscription: requestNamed('RequestListChangedSubscription'),
    variables: { id },
    onNext: () => void (events += 1),
    onCompleted: ended.resolve,
    onError: ended.reject,
  });
  await expect.poll(() => events).toBe(1);
  sandbox.citizen.sign(id);
  await ended.promise;
  expect(view.read()).toEqual({ signatureRequest: { id, status: 'SIGNED' } });
});

test('operations that the Relay compiler has persisted are trusted documents', async () => {
  const { folder, artifact } = compileApp(JSON.parse(blocks('json')[1] ?? ''));
  const trustedDocuments = readTrustedDocuments(join(folder, 'trusted-documents.json'));
  const { url } = await startGateway({ protections: { trustedDocuments } });
  const { params } = artifact('RequestListQuery') as ConcreteRequest;
  const variables = { dossierId: '01ARZ3NDEKTSV4RRFFQ69G5FAV' };
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ documentId: params.id, variables }),
  });
  expect(await response.json()).toEqual({ data: { dossier: null } });
});
