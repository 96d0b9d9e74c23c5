import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { PdfUnfinishedError, createPdfThreads } from '../../mocks/sandbox/pdf/pdf-threads.ts';
import { makePdf } from '../support/pdf.ts';
import { failure, shown } from './support-answers.ts';
import { issuerOf, sandboxForTest } from './support-issuer.ts';

/** A time limit that every file exceeds, because a thread takes longer to start. */
const HASTY = { maxWorkMs: 1 };

vi.mock('../../mocks/sandbox/pdf/pdf-threads.ts', async (original) => {
  const module = await original<typeof import('../../mocks/sandbox/pdf/pdf-threads.ts')>();
  return { ...module, createPdfThreads: (options = HASTY) => module.createPdfThreads(options) };
});

function threadsForTest(...options: Parameters<typeof createPdfThreads>) {
  const threads = createPdfThreads(...options);
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
  const long = Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(8 * 1_048_576)]);
  await expect(threads.verdictOn(long, [])).rejects.toThrow(PdfUnfinishedError);
  const file = await makePdf();
  await vi.waitFor(
    async () => expect(await threads.verdictOn(file, [])).toMatchObject({ kind: 'read' }),
    15_000,
  );
});

test('starts no work after it is closed', async () => {
  const threads = createPdfThreads(PATIENT);
  const cut = threads.verdictOn(await makePdf(), []);
  await Promise.all([expect(cut).rejects.toThrow(PdfUnfinishedError), threads.close()]);
  await expect(threads.verdictOn(await makePdf(), [])).rejects.toThrow(PdfUnfinishedError);
  const file = await makePdf();
  expect(await threads.signed(file, [], 0)).toBe(file);
});

test('a file that cannot be validated in time is a failure that the service did not catch', async () => {
  const issuer = issuerOf(await sandboxForTest());
  const form = new FormData();
  form.append('document', new Blob([await makePdf()], { type: 'application/pdf' }), 'a.pdf');
  expect(shown(await issuer.call('POST', '/validate-document', form))).toEqual(
    failure('Something went wrong.'),
  );
});

test('a document keeps its status if its file cannot be validated in time', async () => {
  const sandbox = await sandboxForTest({ frozenAt: new Date() });
  const issuer = issuerOf(sandbox);
  const request = await issuer.createRequest();
  await issuer.upload(request, await makePdf());
  await sandbox.clock.advance(60_000);
  expect(await issuer.read(request.id)).toMatchObject({ documents: [{ status: 'WAIT_FOR_UPLOAD' }] });
});

test('a file that cannot be signed in time is signed without a mark', async () => {
  const file = await makePdf();
  expect(await threadsForTest(HASTY).signed(file, [], 0)).toBe(file);
});
