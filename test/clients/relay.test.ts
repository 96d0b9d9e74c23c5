import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
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
import { BLOCKS, makeApp } from './guide-app.ts';

/** The settings of the compiler in the page, and the setting for trusted documents. */
const SETTINGS = BLOCKS.filter(({ language }) => language === 'json').map(({ code }) => JSON.parse(code));

/** The app of docs/guide/clients.md, compiled. */
function compileApp(settings: object = {}) {
  const app = makeApp();
  onTestFinished(() => app.remove());
  app.write('trusted-documents.json', '{}');
  // The artifacts import without file extensions, which bundlers resolve and Node does not; it resolves them in `require`.
  const compiled = { ...SETTINGS[0], ...settings, eagerEsModules: false };
  app.write('relay.config.json', JSON.stringify(compiled));
  app.run(join(import.meta.dirname, 'node_modules/.bin/relay-compiler'));
  app.write('src/__generated__/package.json', '{ "type": "commonjs" }');
  const load = createRequire(join(app.folder, 'src/RequestList.js'));
  // What the Babel plugin of Relay replaces in the app.
  app.write(
    'src/RequestList.js',
    "export { default as upload } from './__generated__/RequestListUploadMutation.graphql';",
  );
  return {
    app,
    artifact: (name: string): unknown => load(`./__generated__/${name}.graphql.js`),
    environmentOf: async (url: string): Promise<Environment> => {
      const loaded = (await app.load('src/environment.js', url)) as { environment: Environment };
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

test.each([
  ['as text', {}],
  ['as a trusted document', SETTINGS[1]],
])('a Relay mutation uploads a file (%s)', async (_, settings: object) => {
  const { app, environmentOf } = compileApp(settings);
  const manifest = join(app.folder, 'trusted-documents.json');
  const protections = 'persistConfig' in settings && { trustedDocuments: readTrustedDocuments(manifest) };
  const { url, sandbox } = await startGateway({ ...(protections && { protections }) });
  const documentId = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  const { requests } = await sandbox.seed({
    requests: [{ status: 'DRAFT', documents: [{ id: documentId }] }],
  });
  const { uploadOf } = (await app.load('src/upload.js', url)) as {
    uploadOf: (...values: unknown[]) => Parameters<typeof commitMutation>[1];
  };
  const file = new File([readFileSync('examples/contratto.pdf')], 'contratto.pdf', {
    type: 'application/pdf',
  });
  const environment = await environmentOf(url);
  const answer = await new Promise((onCompleted, onError) =>
    commitMutation(environment, { ...uploadOf(requests[0]?.id, documentId, file), onCompleted, onError }),
  );
  expect(answer).toEqual({
    uploadDocument: { __typename: 'UploadDocumentPayload', document: { id: documentId, status: 'READY' } },
  });
});
