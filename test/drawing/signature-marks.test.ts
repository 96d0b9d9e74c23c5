import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { anchoredDocuments, TAG } from '../support/anchored-documents.ts';
import { anchoredInput, requestSignature } from '../support/request-signature.ts';
import type { Anchored } from '../support/request-signature.ts';
import { startGateway } from '../support/start-gateway.ts';
import { isDark, isMark, isRed, Rendering } from './support-rendering.ts';
import type { Box } from './support-rendering.ts';

const DOWNLOADS = `query ($id: ID!) { signatureRequest(id: $id) { status documents { downloadUrl fields { position { ... on FieldBox { page x y width height } } } } } }`;

type World = Awaited<ReturnType<typeof startGateway>>;

/** Requests the signature of documents, lets the citizen sign, and returns the signed files. */
async function signed(world: World, documents: readonly Anchored[]): Promise<Buffer[]> {
  const requested = await requestSignature(
    world,
    anchoredInput(documents),
    documents.map(({ file }) => file),
  );
  expect(requested).toMatchObject({ __typename: 'RequestSignaturePayload' });
  const id = String(requested?.['signatureRequest']?.['id']);
  world.sandbox.citizen.sign(id);
  await world.sandbox.clock.advance(5 * 60_000);
  const { data } = await world.run(DOWNLOADS, { id });
  expect(data).toMatchObject({ signatureRequest: { status: 'SIGNED' } });
  const found = data['signatureRequest']?.['documents'];
  return Promise.all(
    documents.map(async (_, index) => {
      const response = await fetch(String(found?.[index]?.['downloadUrl']));
      return Buffer.from(await response.arrayBuffer());
    }),
  );
}

const centreOf = ({ left, top, right, bottom }: Box) => ({ x: (left + right) / 2, y: (top + bottom) / 2 });

interface Look {
  readonly name: string;
  readonly before: Buffer;
  readonly after: Buffer | undefined;
  readonly page?: number;
  /** The parts of the page in which only the text, and only the mark, are. */
  readonly textPart?: Box;
  readonly markPart?: Box;
}

/** Whether the mark is where the text is: the centres of both, as the reader sees them, are within 2 points. */
async function expectMarkOnText({ name, before, after, page = 0, textPart, markPart }: Look): Promise<void> {
  const [original, marked] = await Promise.all(
    [before, after ?? before].map((file) => Rendering.of(file, page + 1)),
  );
  if (original === undefined) return;
  const ink = original.boxOf(isRed, { part: textPart }) ?? original.boxOf(isDark, { part: textPart });
  const mark = marked?.boxOf(isMark, { part: markPart, before: original });
  if (ink === undefined || mark === undefined) throw new Error(`${name}: no text or no mark was rendered`);
  const [text, frame] = [centreOf(ink), centreOf(mark)];
  expect.soft(Math.abs(frame.x - text.x), `${name}, across`).toBeLessThan(2);
  expect.soft(Math.abs(frame.y - text.y), `${name}, down`).toBeLessThan(2);
}

const CENTER = { align: 'CENTER', width: 160, height: 60 };

const batches = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, nth) =>
    items.slice(nth * size, (nth + 1) * size),
  );

test.each(batches(Object.entries(anchoredDocuments), 10).map((batch, nth) => ({ batch, nth })))(
  'the mark of the signature is on the text of the anchor, whatever the page is like ($nth)',
  async ({ batch }) => {
    const world = await startGateway();
    const documents = await Promise.all(
      batch.map(async ([name, { make, anchor = TAG }]) => ({
        name,
        file: await make(),
        anchor: { text: anchor, ...CENTER },
      })),
    );
    const files = await signed(world, documents);
    for (const [index, { name, file }] of documents.entries()) {
      await expectMarkOnText({ name, before: file, after: files[index] });
    }
  },
);

const INSPECT = `mutation ($input: InspectDocumentInput!) { inspectDocument(input: $input) {
  ... on InspectDocumentPayload { anchors { matches { page textBox { x y width height } } } problems { path severity message } } } }`;

const fileOf = (path: string): Buffer<ArrayBuffer> => Buffer.from(readFileSync(path));
const PRODUCERS = readdirSync('test/support/producers').filter((name) => name.endsWith('.pdf'));

test.each([
  ['that other programs made', PRODUCERS.map((name) => [`test/support/producers/${name}`, TAG] as const)],
  [
    'of the examples',
    [
      ['examples/contratto.pdf', 'Firma'],
      ['examples/informativa.pdf', 'Informativa'],
    ] as const,
  ],
])('the mark is on the text of documents %s', async (_, list) => {
  const world = await startGateway();
  const documents = list.map(([path, text]) => ({ file: fileOf(path), anchor: { text, ...CENTER } }));
  const files = await signed(world, documents);
  for (const [index, { file, anchor }] of documents.entries()) {
    const { data } = await world.upload(INSPECT, { input: { file: null, anchors: [anchor] } }, file);
    const found = data['inspectDocument']?.['anchors']?.[0]?.['matches']?.[0];
    const [match, page] = [found?.['textBox'], Number(found?.['page'])];
    const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((name) => Number(match?.[name]));
    if (x === undefined || y === undefined || width === undefined || height === undefined) return;
    const [left, top] = [x + width / 2 - 100, y + height / 2 - 50];
    await expectMarkOnText({
      name: list[index]?.[0] ?? '',
      before: file,
      after: files[index],
      page,
      // Other texts of the page have the same colours, and the notice at its foot has the colour of the mark.
      textPart: { left: x - 4, top: y - 4, right: x + width + 3, bottom: y + height },
      markPart: { left: Math.max(0, left), top, right: left + 200, bottom: top + 100 },
    });
  }
});
