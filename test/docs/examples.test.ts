import { readdirSync, readFileSync } from 'node:fs';
import { buildSchema, parse, TypeInfo, validate, visit, visitWithTypeInfo } from 'graphql';
import { expect, test } from 'vitest';
import { openStream, statusIn } from '../support/event-stream.ts';
import { startGateway } from '../support/start-gateway.ts';
import type { Json } from '../support/start-gateway.ts';

const schema = buildSchema(readFileSync('schema.graphql', 'utf8'));
const names = readdirSync('examples')
  .filter((file) => file.endsWith('.graphql'))
  .map((file) => file.replace('.graphql', ''));
const queryOf = (name: string): string => readFileSync(`examples/${name}.graphql`, 'utf8');
const PDF = new Uint8Array(readFileSync('examples/contratto.pdf'));
const SECOND_PDF = new Uint8Array(readFileSync('examples/informativa.pdf'));

test('every example is valid for schema.graphql and has variables', () => {
  for (const name of names) {
    expect(validate(schema, parse(queryOf(name))), name).toEqual([]);
    expect(JSON.parse(readFileSync(`examples/${name}.json`, 'utf8')), name).toBeTypeOf('object');
  }
});

test('every query, mutation and subscription has an example', () => {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const used = new Set<string>();
  const info = new TypeInfo(schema);
  const visitor = visitWithTypeInfo(info, {
    Field(node) {
      if (roots.includes(info.getParentType() as (typeof roots)[number])) used.add(node.name.value);
    },
  });
  for (const name of names) visit(parse(queryOf(name)), visitor);
  const all = roots.flatMap((type) => Object.keys(type?.getFields() ?? {}));
  expect([...used].toSorted()).toEqual(all.toSorted());
});

test('the examples work when they are run one after another', async () => {
  const gateway = await startGateway();
  /** Ids from earlier results, for PASTE_…_ID. */
  const ids: Record<string, string> = {};
  const left = new Set(names);
  const runExample = async (name: string): Promise<Json> => {
    left.delete(name);
    const text = readFileSync(`examples/${name}.json`, 'utf8');
    const variables = JSON.parse(text.replaceAll(/PASTE_(\w+)_ID/g, (_, what: string) => String(ids[what])));
    const wantsFile = text.includes('"file": null');
    const { data, errors } = await (wantsFile
      ? gateway.upload(queryOf(name), variables, PDF)
      : gateway.run(queryOf(name), variables));
    expect(errors, name).toBeUndefined();
    for (const result of Object.values(data)) {
      // A mutation returns a union; every member but the payload is an error.
      if (result?.['__typename'] !== undefined)
        expect(result['__typename'], JSON.stringify(result)).toMatch(/Payload$/);
    }
    return data;
  };
  const newRequest = async (): Promise<void> => {
    const created = (await runExample('create-signature-request'))['createSignatureRequest'];
    const request = created?.['signatureRequest'];
    ids['REQUEST'] = String(request?.['id']);
    ids['DOCUMENT'] = String(request?.['documents']?.[0]?.['id']);
  };

  ids['DOSSIER'] = String((await runExample('create-dossier'))['createDossier']?.['dossier']?.['id']);
  ids['SIGNER'] = String((await runExample('find-signer'))['findSigner']?.['signer']?.['id']);
  expect(await runExample('validate-document')).toMatchObject({ validateDocument: { isValid: true } });
  expect(await runExample('inspect-document')).toMatchObject({
    inspectDocument: { pages: [{ index: 0 }], anchors: [{ matchCount: 1 }], problems: [] },
  });

  const once = await runExample('create-signature-request-once');
  expect(await runExample('create-signature-request-once')).toEqual(once);

  await newRequest();
  expect(await runExample('create-upload-url')).toMatchObject({ createUploadUrl: { method: 'PUT' } });
  const ready = { documents: [{ status: 'READY' }] };
  expect(await runExample('upload-document')).toMatchObject({
    uploadDocument: { document: { status: 'READY' }, sizeBytes: PDF.length },
  });
  expect(await runExample('uploaded-document')).toMatchObject({ signatureRequest: ready });
  const waiting = { signatureRequest: { status: 'WAIT_FOR_SIGNATURE' } };
  expect(await runExample('mark-ready')).toMatchObject({ markReady: waiting });
  const message = { ioMessageId: expect.stringMatching(/^\w{26}$/) };
  expect(await runExample('notify-signer')).toMatchObject({
    notifySigner: { signatureRequest: { notification: message } },
  });
  expect(await runExample('signature-request')).toMatchObject({
    signatureRequest: { notification: message, isExpired: false },
  });

  await newRequest();
  await runExample('upload-document');
  expect(await runExample('mark-ready-and-notify')).toMatchObject({
    markReady: waiting,
    notifySigner: { signatureRequest: { notification: message } },
  });
  const changed = await openStream(gateway.url, {
    query: queryOf('signature-request-changed'),
    variables: { id: ids['REQUEST'] },
  });
  left.delete('signature-request-changed');
  expect(statusIn(await changed.nextData())).toBe('WAIT_FOR_SIGNATURE');
  expect(await runExample('cancel-signature-request')).toMatchObject({
    cancelSignatureRequest: { signatureRequest: { status: 'CANCELLED' } },
  });

  expect((await changed.rest()).map(({ event, data }) => [event, statusIn(data)])).toEqual([
    ['next', 'CANCELLED'],
    ['complete', undefined],
  ]);

  const form = new FormData();
  const variables: unknown = JSON.parse(readFileSync('examples/request-signature.json', 'utf8'));
  form.set('operations', JSON.stringify({ query: queryOf('request-signature'), variables }));
  const places = [0, 1].map((index) => [index, [`variables.input.documents.${index}.file`]]);
  form.set('map', JSON.stringify(Object.fromEntries(places)));
  form.set('0', new Blob([PDF]), 'contratto.pdf');
  form.set('1', new Blob([SECOND_PDF]), 'informativa.pdf');
  left.delete('request-signature');
  const requested = (await (await fetch(gateway.url, { method: 'POST', body: form })).json()) as Json;
  expect(requested['data']).toMatchObject({
    requestSignature: {
      __typename: 'RequestSignaturePayload',
      signatureRequest: { ...waiting.signatureRequest, notification: message },
      files: [{ sizeBytes: PDF.length }, { sizeBytes: SECOND_PDF.length }],
    },
  });

  const { dossier } = await runExample('dossier-signature-requests');
  expect(dossier?.['signatureRequests']?.['nodes']).toHaveLength(3);
  expect([...left]).toEqual([]);
});
