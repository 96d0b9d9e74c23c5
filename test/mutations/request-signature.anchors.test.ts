import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { anchoredDocuments, TAG } from '../support/anchored-documents.ts';
import { makePdf } from '../support/pdf.ts';
import { anchoredInput, CLAUSE, requestSignature } from '../support/request-signature.ts';
import { startGateway } from '../support/start-gateway.ts';

type World = Awaited<ReturnType<typeof startGateway>>;

const A4 = async (): Promise<Buffer<ArrayBuffer>> =>
  (await anchoredDocuments['A4']?.make()) ?? Buffer.alloc(0);
const OTHER = async (): Promise<Buffer<ArrayBuffer>> =>
  (await anchoredDocuments['form XObject']?.make()) ?? Buffer.alloc(0);
const KEY = { idempotencyKey: '0f8fad5b-d9cb-469f-a165-70867728950e' };

const callsOf = ({ sandbox }: World): string[] =>
  sandbox.journal.entries().flatMap(({ operationId }) => operationId ?? []);

test('an anchor that is not found is an error with its path and the nearest text, before any effect', async () => {
  const world = await startGateway();
  const file = await A4();
  const answer = await requestSignature(
    world,
    anchoredInput([
      { file, anchor: { text: '{{Firma:Rossi}}' } },
      { file, anchor: { text: TAG, occurrence: 2 } },
      { file, anchor: { text: 'Nessun testo come questo' } },
      { file, anchor: { text: TAG, page: 1 } },
    ]),
    [file, file, file, file],
  );
  const path = (index: number) => ['documents', String(index), 'fields', '0', 'position', 'anchor'];
  expect(answer).toMatchObject({
    __typename: 'AnchorNotFoundError',
    anchors: [
      { path: path(0), text: '{{Firma:Rossi}}', matches: 0, nearest: TAG },
      { path: path(1), text: TAG, matches: 1, nearest: null },
      { path: path(2), text: 'Nessun testo come questo', matches: 0, nearest: null },
      { path: path(3), text: TAG, matches: 0, nearest: null },
    ],
  });
  expect(callsOf(world)).toEqual([]);
});

test('a box that leaves the page is an error with the size of the page and by how much, before any effect', async () => {
  const world = await startGateway();
  const file = await A4();
  const anchors = [
    { text: TAG, offsetX: 400 },
    { text: TAG, align: 'ABOVE', offsetY: -600, offsetX: -250 },
  ];
  const answer = await requestSignature(world, anchoredInput(anchors.map((anchor) => ({ file, anchor }))), [
    file,
    file,
  ]);
  const message = (overflow: string): string =>
    `The box that the anchor gives the field leaves page 0 (595.28 × 841.89 points) ${overflow}. Change the offsets, the size or the alignment of the anchor.`;
  expect(answer).toMatchObject({
    __typename: 'InvalidInputError',
    fieldErrors: [
      {
        path: ['documents', '0', 'fields', '0', 'position', 'anchor'],
        message: message('by 181.72 points at its right edge'),
      },
      { message: message('by 50 points at its left edge and by 145.07 points at its top edge') },
    ],
  });
  expect(callsOf(world)).toEqual([]);
});

/** The service was not asked. */
const NOT_OPENED = { __typename: 'UnreadablePdfError', message: expect.not.stringContaining('service') };

test('a file that cannot be read for its anchors is the cause of the step RESOLVE_ANCHORS, before any effect', async () => {
  const world = await startGateway();
  for (const [content, cause] of [
    [Buffer.from('no PDF'), { __typename: 'NotAPdfError' }],
    [Buffer.from('%PDF-1.7 and nothing else'), NOT_OPENED],
    [Buffer.from(readFileSync('test/support/encrypted.pdf')), NOT_OPENED],
  ] as const) {
    const answer = await requestSignature(world, anchoredInput([{ file: content, anchor: { text: TAG } }]), [
      content,
    ]);
    expect(answer).toMatchObject({
      __typename: 'RequestSignatureIncompleteError',
      step: 'RESOLVE_ANCHORS',
      cause,
      progress: { dossierId: null, signatureRequest: null },
    });
  }
  expect(callsOf(world)).toEqual([]);
});

test('files that exceed the memory for inspections are too large, with the limit', async () => {
  const world = await startGateway({ inspection: { maxBytes: 2_000, maxWorkMs: 120_000, threads: 1 } });
  const file = await A4();
  const documents = Array.from({ length: 5 }, () => ({ file, anchor: { text: TAG } }));
  const files = documents.map(() => file);
  expect(await requestSignature(world, anchoredInput(documents), files)).toMatchObject({
    step: 'RESOLVE_ANCHORS',
    cause: { __typename: 'FileTooLargeError' },
  });
});

describe('a key', () => {
  test('returns the same request for a retry with the same file', async () => {
    const world = await startGateway();
    const file = await A4();
    const input = anchoredInput([{ file, anchor: { text: TAG } }], KEY);
    const first = await requestSignature(world, input, [file]);
    expect(first).toMatchObject({ __typename: 'RequestSignaturePayload' });
    expect(await requestSignature(world, input, [file])).toEqual(first);
    expect(callsOf(world).filter((name) => name === 'createDossier')).toHaveLength(1);
  });

  test('continues after a failed step with the same boxes', async () => {
    const world = await startGateway();
    const file = await A4();
    const input = anchoredInput([{ file, anchor: { text: TAG } }], KEY);
    world.sandbox.faults.add({ kind: 'status', operation: 'createSignatureRequest', count: 1, status: 500 });
    expect(await requestSignature(world, input, [file])).toMatchObject({
      step: 'CREATE_SIGNATURE_REQUEST',
      progress: { dossierId: expect.any(String), signatureRequest: null },
    });
    expect(await requestSignature(world, input, [file])).toMatchObject({
      __typename: 'RequestSignaturePayload',
    });
    expect(callsOf(world).filter((name) => name === 'createDossier')).toHaveLength(1);
  });

  test('is a conflict for a retry with a file that gives other boxes', async () => {
    const world = await startGateway();
    const [file, other] = [await A4(), await OTHER()];
    const input = anchoredInput([{ file, anchor: { text: TAG } }], KEY);
    world.sandbox.faults.add({ kind: 'status', operation: 'createSignatureRequest', count: 1, status: 500 });
    await requestSignature(world, input, [file]);
    expect(await requestSignature(world, input, [other])).toMatchObject({
      __typename: 'IdempotencyConflictError',
    });
    expect(
      await requestSignature(world, anchoredInput([{ file, anchor: { text: TAG, offsetX: 1 } }], KEY), [
        file,
      ]),
    ).toMatchObject({
      __typename: 'IdempotencyConflictError',
    });
  });
});

test('files with and without anchors are stored as they were sent, in any order', async () => {
  const world = await startGateway();
  const [file, plain] = [await A4(), await makePdf({ padToBytes: 9 * 1024 * 1024 })];
  const anchored = { clause: CLAUSE, position: { anchor: { text: TAG } } };
  const files = [await makePdf(), file, plain, await makePdf({ pages: 3 })];
  const documents = files.map((content, index) => ({
    title: `Documento ${index + 1}`,
    fields: content === file ? [anchored] : [],
    file: null,
  }));
  expect(await requestSignature(world, { documents }, files)).toMatchObject({
    __typename: 'RequestSignaturePayload',
    files: files.map((content) => ({
      sizeBytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
    })),
  });
});

test('many requests with anchors and without share the blocks for uploads, and all of them end', async () => {
  const world = await startGateway();
  const file = await A4();
  const large = await makePdf({ padToBytes: 5 * 1024 * 1024 });
  const answers = await Promise.all(
    Array.from({ length: 16 }, (_, nth) =>
      nth % 4 === 3
        ? requestSignature(world, {}, [large])
        : requestSignature(world, anchoredInput([{ file, anchor: { text: TAG } }]), [file]),
    ),
  );
  expect(answers.map((answer) => answer?.['__typename'])).toEqual(
    answers.map(() => 'RequestSignaturePayload'),
  );
});
