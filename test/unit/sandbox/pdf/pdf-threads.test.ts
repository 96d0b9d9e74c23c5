import { createHash } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { PdfUnfinishedError, PdfThreads } from '../../../../mocks/sandbox/pdf/pdf-threads.ts';
import { greedyPdf, makePdf } from '../../../support/pdf.ts';

function threadsForTest(...options: ConstructorParameters<typeof PdfThreads>) {
  const threads = new PdfThreads(...options);
  onTestFinished(() => threads.close());
  return threads;
}

const PATIENT = { maxWorkMs: 60_000 };

test('reads many files concurrently, each with its own result', async () => {
  const threads = threadsForTest(PATIENT);
  const files = [await makePdf(), Buffer.from('no PDF'), await makePdf({ pages: 2 }), Buffer.from('%PDF-')];
  const verdicts = await Promise.all(
    [...files, ...files, ...files].map((file) => threads.verdictOn(file, [])),
  );
  expect(verdicts.map(({ kind }) => kind)).toEqual(
    [1, 2, 3].flatMap(() => ['read', 'unreadable', 'read', 'unreadable']),
  );
});

test('aborts a file that takes too long, and continues with the next', async () => {
  const threads = threadsForTest({ maxWorkMs: 3_000 });
  // The same bytes in each run: some others are refused at once.
  const noise = createHash('shake256', { outputLength: 8 * 1_048_576 })
    .update('noise')
    .digest();
  const long = Buffer.concat([Buffer.from('%PDF-1.7\n'), noise]);
  await expect(threads.verdictOn(long, [])).rejects.toThrow(PdfUnfinishedError);
  const file = await makePdf();
  await vi.waitFor(
    async () => expect(await threads.verdictOn(file, [])).toMatchObject({ kind: 'read' }),
    15_000,
  );
});

test('ends a thread whose objects exceed the memory, and continues with the next file', async () => {
  const threads = threadsForTest({ maxWorkMs: 600_000, maxMemoryBytes: 128 * 1_048_576 });
  await expect(threads.verdictOn(greedyPdf, [])).rejects.toThrow(PdfUnfinishedError);
  expect(await threads.verdictOn(await makePdf(), [])).toMatchObject({ kind: 'read' });
});

test('starts no work after it is closed', async () => {
  const threads = new PdfThreads(PATIENT);
  const cut = threads.verdictOn(await makePdf(), []);
  await Promise.all([expect(cut).rejects.toThrow(PdfUnfinishedError), threads.close()]);
  await expect(threads.verdictOn(await makePdf(), [])).rejects.toThrow(PdfUnfinishedError);
  const file = await makePdf();
  expect(await threads.signed(file, [], 0)).toBe(file);
});

test('a file that cannot be signed in time is signed without a mark', async () => {
  const file = await makePdf();
  expect(await threadsForTest({ maxWorkMs: 1 }).signed(file, [], 0)).toBe(file);
});
