import { beforeAll, describe, expect, test } from 'vitest';
import { callerAt, withToken } from '../support/caller.ts';
import type { Reply } from '../support/caller.ts';
import { openStream, statusIn, SUBSCRIPTION } from '../support/event-stream.ts';
import { makePdf } from '../support/pdf.ts';
import { OPERATIONS } from './support-operations.ts';
import type { Operation, Target } from './support-operations.ts';
import { rolesTable } from './support-roles-page.ts';
import { ANNA, BRUNO, CITIZEN, STAFF, startWorld, UNKNOWN } from './support-world.ts';

/*
 * A request of another citizen or tenant is answered exactly as one that does not exist, with the same upstream calls, so
 * that neither the answer nor the load of the service reveals that it exists.
 */

let pdf: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  pdf = new Uint8Array(await makePdf());
});

type World = Awaited<ReturnType<typeof startWorld>>;

/** Everything observable of an answer: status, body, headers, and the upstream calls. */
async function seen(world: World, act: () => Promise<Reply>) {
  const { result, calls } = await world.callsOf(act);
  const { date: _, 'x-request-id': __, ...headers } = result.headers;
  return { status: result.status, body: result.body, headers, calls };
}

/** Requests of another citizen, in every state. */
const FOREIGN_REQUESTS: readonly Operation['request'][] = [
  {},
  { documents: [{ status: 'READY' }] },
  { documents: [{ status: 'REJECTED' }] },
  { status: 'READY' },
  { status: 'WAIT_FOR_SIGNATURE' },
  { status: 'WAIT_FOR_SIGNATURE', notified: true },
  { status: 'SIGNED' },
  { status: 'REJECTED', rejectReason: 'Signed document not found!' },
  { status: 'CANCELLED' },
];

const CALLER_CALL = 'getSignerByFiscalCode POST /api/v1/sign/signers';
const READ = 'getSignatureRequest GET /api/v1/sign/signature-requests/:id';
const OWN = OPERATIONS.filter(({ field }) => rolesTable().get(field)?.['citizen'] === 'own');
/** The operations with the id of a request in their input. */
const ABOUT_REQUESTS = OWN.filter(
  ({ field }) =>
    !['Mutation.findSigner', 'Mutation.createSignatureRequest', 'Mutation.requestSignature'].includes(field),
);

const find = (field: string): Operation => {
  const operation = OPERATIONS.find((candidate) => candidate.field === field);
  if (operation === undefined) throw new TypeError(`there is no operation ${field}`);
  return operation;
};

describe.each(ABOUT_REQUESTS)('$field for a citizen', ({ run }) => {
  test('a request of another citizen, in any status, is answered as one that does not exist', async () => {
    const world = await startWorld();
    const anna = await world.as(CITIZEN);
    const nothing = await seen(world, () => run(anna, UNKNOWN, pdf));
    expect(nothing.calls).toEqual([CALLER_CALL, READ]);
    for (const request of FOREIGN_REQUESTS) {
      const theirs = await world.requestOf(BRUNO, request);
      expect(await seen(world, () => run(anna, theirs, pdf)), JSON.stringify(request)).toEqual(nothing);
      // A request of the same citizen at another institution.
      const elsewhere = await world.requestOf(ANNA, { ...request, issuer: 'beta' });
      expect(await seen(world, () => run(anna, elsewhere, pdf)), JSON.stringify(request)).toEqual(nothing);
    }
  });

  test('during an outage both fail in the same way', async () => {
    const world = await startWorld();
    const anna = await world.as(CITIZEN);
    const theirs = await world.requestOf(BRUNO, { status: 'WAIT_FOR_SIGNATURE' });
    for (const operation of ['getSignatureRequest', 'getSignerByFiscalCode'] as const) {
      const id = world.sandbox.faults.add({ kind: 'status', operation, status: 401 });
      const [unknown, foreign] = [
        await seen(world, () => run(anna, UNKNOWN, pdf)),
        await seen(world, () => run(anna, theirs, pdf)),
      ];
      expect(foreign, operation).toEqual(unknown);
      expect(JSON.stringify(foreign.body), operation).toContain('UPSTREAM_REFUSED');
      world.sandbox.faults.clear(id);
    }
  });
});

test('a subscription to a request of another citizen does not reveal that its owner is subscribed', async () => {
  const world = await startWorld();
  const [anna, bruno] = [
    await world.issuer.sign(CITIZEN),
    await world.issuer.sign({ ...CITIZEN, fiscal_code: BRUNO }),
  ];
  const theirs = await world.requestOf(BRUNO, { status: 'WAIT_FOR_SIGNATURE' });
  const watching = await openStream(world.url, {
    query: SUBSCRIPTION,
    variables: { id: theirs.signatureRequestId },
    headers: withToken(bruno),
  });
  expect(statusIn(await watching.nextData())).toBe('WAIT_FOR_SIGNATURE');
  const { run } = find('Subscription.signatureRequestChanged');
  const caller = callerAt(world.url, withToken(anna));
  const nothing = await seen(world, () => run(caller, UNKNOWN, pdf));
  expect(nothing.calls).toEqual([CALLER_CALL, READ]);
  const { calls, ...answer } = await seen(world, () => run(caller, theirs, pdf));
  expect(answer).toEqual({ ...nothing, calls: undefined });
  // Bruno's own subscription may poll at any moment.
  expect(new Set(calls)).toEqual(new Set([CALLER_CALL, READ]));
});

test.each(OPERATIONS)(
  '$field for staff: a request of another tenant is answered as one that does not exist',
  async ({ run }) => {
    const world = await startWorld();
    const operator = await world.as({ ...STAFF.operator, tenant: 'beta' });
    // Citizens are not records of an institution.
    const nothing = { ...UNKNOWN, fiscalCode: ANNA };
    for (const request of FOREIGN_REQUESTS) {
      const theirs = await world.requestOf(ANNA, request);
      const [unknown, foreign] = [
        await seen(world, () => run(operator, { ...nothing, signerId: theirs.signerId }, pdf)),
        await seen(world, () => run(operator, theirs, pdf)),
      ];
      expect(foreign, JSON.stringify(request)).toEqual(unknown);
    }
  },
);

test('findSigner refuses another fiscal code to a citizen, known or not, without an upstream call', async () => {
  const world = await startWorld();
  const anna = await world.as(CITIZEN);
  const { run } = find('Mutation.findSigner');
  const nothing = await seen(world, () => run(anna, UNKNOWN, pdf));
  expect(nothing).toMatchObject({
    body: {
      data: {
        findSigner: {
          code: 'INVALID_INPUT',
          fieldErrors: [{ path: ['fiscalCode'], message: 'The fiscal code must be that of the caller.' }],
        },
      },
    },
    calls: [],
  });
  const { signerId } = await world.requestOf(BRUNO);
  // Not registered in IO, not a tester, an outage: errors that a citizen gets for their own fiscal code.
  for (const fiscalCode of [BRUNO, 'SNZAPP80A01H501C', 'NONTST80A01H501O', 'SPNAPP80A01H501B'])
    expect(await seen(world, () => run(anna, { ...UNKNOWN, signerId, fiscalCode }, pdf))).toEqual(nothing);
});

test('createSignatureRequest refuses another signer to a citizen, known or not', async () => {
  const world = await startWorld();
  const anna = await world.as(CITIZEN);
  const { run } = find('Mutation.createSignatureRequest');
  const { dossierId } = await world.requestOf(ANNA);
  const nothing = await seen(world, () => run(anna, { ...UNKNOWN, dossierId }, pdf));
  expect(nothing).toMatchObject({
    body: {
      data: {
        createSignatureRequest: {
          code: 'INVALID_INPUT',
          fieldErrors: [{ path: ['signerId'], message: 'The signer must be the caller.' }],
        },
      },
    },
    calls: [CALLER_CALL],
  });
  const theirs = await world.requestOf(BRUNO);
  expect(await seen(world, () => run(anna, { ...theirs, dossierId }, pdf))).toEqual(nothing);
  // With another signer the answer does not reveal whether the dossier exists.
  expect(await seen(world, () => run(anna, theirs, pdf))).toEqual(nothing);
  expect(await seen(world, () => run(anna, UNKNOWN, pdf))).toEqual(nothing);
});

test('createSignatureRequest of a citizen answers for a dossier of another tenant as for one that does not exist', async () => {
  const world = await startWorld();
  const anna = await world.as(CITIZEN);
  const { run } = find('Mutation.createSignatureRequest');
  const { signerId, dossierId } = await world.requestOf(ANNA, { issuer: 'beta' });
  const nothing = await seen(world, () => run(anna, { ...UNKNOWN, signerId }, pdf));
  expect(nothing.body).toMatchObject({
    data: { createSignatureRequest: { code: 'NOT_FOUND', resource: 'DOSSIER' } },
  });
  expect(await seen(world, () => run(anna, { ...UNKNOWN, signerId, dossierId }, pdf))).toEqual(nothing);
});

test.each(['Mutation.uploadDocument', 'Mutation.createUploadUrl'])(
  '%s: a document of another request is answered as one that does not exist',
  async (field) => {
    const world = await startWorld();
    const anna = await world.as(CITIZEN);
    const { run } = find(field);
    const [own, theirs] = [await world.requestOf(ANNA), await world.requestOf(BRUNO)];
    const withDocument = (documentId: string): Target => ({ ...own, documentId });
    const nothing = await seen(world, () => run(anna, withDocument(UNKNOWN.documentId), pdf));
    expect(JSON.stringify(nothing.body)).toContain('"resource":"DOCUMENT"');
    expect(await seen(world, () => run(anna, withDocument(theirs.documentId), pdf))).toEqual(nothing);
    expect(world.sandbox.storedBlobs()).toEqual([]);
  },
);

const DOSSIER = 'dossier { id title signatureRequests { nodes { id signerId documents { id } } } }';

describe('a dossier that a citizen reaches through their own request', () => {
  const refused = (path: readonly string[]) => [
    {
      message: 'Your role does not permit this field. Use a token or an API key with a role that does.',
      path,
      locations: [expect.anything()],
      extensions: { code: 'FORBIDDEN' },
    },
  ];

  test('has its own fields, and none of its requests', async () => {
    const world = await startWorld();
    const anna = await world.as(CITIZEN);
    const own = await world.requestOf(ANNA);
    await world.requestOf(BRUNO, { dossier: own.dossierId });
    const { result, calls } = await world.callsOf(() =>
      anna.ask(`query ($id: ID!) { signatureRequest(id: $id) { id ${DOSSIER} } }`, {
        id: own.signatureRequestId,
      }),
    );
    const dossier = { id: own.dossierId, title: 'Dossier di esempio', signatureRequests: null };
    expect(result.body).toEqual({
      data: { signatureRequest: { id: own.signatureRequestId, dossier } },
      errors: refused(['signatureRequest', 'dossier', 'signatureRequests']),
    });
    expect(calls).toEqual([CALLER_CALL, READ, 'getDossier GET /api/v1/sign/dossiers/:id']);
  });

  test('is limited in the same way in the payload of a mutation', async () => {
    const world = await startWorld();
    const anna = await world.as(CITIZEN);
    const { dossierId, signerId } = await world.requestOf(ANNA);
    const { result, calls } = await world.callsOf(() =>
      anna.ask(
        `mutation ($input: CreateSignatureRequestInput!) { createSignatureRequest(input: $input) {
           ... on CreateSignatureRequestPayload { signatureRequest { ${DOSSIER} } } } }`,
        { input: { dossierId, signerId } },
      ),
    );
    const dossier = { id: dossierId, title: 'Dossier di esempio', signatureRequests: null };
    expect(result.body).toEqual({
      data: { createSignatureRequest: { signatureRequest: { dossier } } },
      errors: refused(['createSignatureRequest', 'signatureRequest', 'dossier', 'signatureRequests']),
    });
    expect(calls.join()).not.toContain('getRequestsByDossier');
  });
});

test('of many ids in one operation a citizen gets their own requests, and the signer is looked up once', async () => {
  const world = await startWorld();
  const anna = await world.as(CITIZEN);
  const [own, theirs] = [await world.requestOf(ANNA), await world.requestOf(BRUNO)];
  const { result, calls } = await world.callsOf(() =>
    anna.ask(
      `query ($own: ID!, $theirs: ID!, $none: ID!) {
         a: signatureRequest(id: $theirs) { id documents { id } qrCode { link } }
         b: signatureRequest(id: $own) { id }
         c: signatureRequest(id: $none) { id }
         d: signatureRequest(id: $theirs) { status signerId } }`,
      { own: own.signatureRequestId, theirs: theirs.signatureRequestId, none: UNKNOWN.signatureRequestId },
    ),
  );
  expect(result.body).toEqual({ data: { a: null, b: { id: own.signatureRequestId }, c: null, d: null } });
  expect(calls.toSorted()).toEqual([READ, READ, READ, CALLER_CALL]);
});

test('staff read the items of a list with the key of their own tenant', async () => {
  const world = await startWorld();
  const own = await world.requestOf(ANNA);
  await world.requestOf(BRUNO, { dossier: own.dossierId });
  const list = `query ($id: ID!) { dossier(id: $id) {
    signatureRequests { nodes { id documents { id } dossier { id } } pageInfo { endCursor } } } }`;
  const variables = { id: own.dossierId };
  const readers = {
    alfa: await world.as(STAFF.reader),
    beta: await world.as({ ...STAFF.reader, tenant: 'beta' }),
  };
  const { body } = await readers.alfa.ask(list, variables);
  const connection = body['data']?.['dossier']?.['signatureRequests'];
  expect(connection?.['nodes']).toHaveLength(2);
  expect(connection?.['nodes']).toContainEqual({
    id: own.signatureRequestId,
    documents: [{ id: own.documentId }],
    dossier: { id: own.dossierId },
  });
  // Another tenant can use neither the dossier nor a cursor of its list.
  const after = connection?.['pageInfo']?.['endCursor'];
  const rest = `query ($id: ID!, $after: String) { dossier(id: $id) { signatureRequests(after: $after) { nodes { id } } } }`;
  expect((await readers.beta.ask(list, variables)).body).toEqual({ data: { dossier: null } });
  expect((await readers.beta.ask(rest, { ...variables, after })).body).toEqual({ data: { dossier: null } });
});
