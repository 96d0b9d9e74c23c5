import { expect, test, vi } from 'vitest';
import { makePdf } from '../support/pdf.ts';
import { failure, shown } from './support-answers.ts';
import { issuerOf, sandboxForTest } from './support-issuer.ts';

/** A time limit that every file exceeds, because a thread takes longer to start. */
const HASTY = { maxWorkMs: 1 };

vi.mock('../../mocks/sandbox/pdf/pdf-threads.ts', async (original) => {
  const module = await original<typeof import('../../mocks/sandbox/pdf/pdf-threads.ts')>();
  class HastyPdfThreads extends module.PdfThreads {
    constructor(options = HASTY) {
      super(options);
    }
  }
  return { ...module, PdfThreads: HastyPdfThreads };
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
