import { expect, onTestFinished, test } from 'vitest';
import { Inspector, UninspectableError } from '../../src/inspection/inspector.ts';
import { anchoredDocuments, TAG } from '../support/anchored-documents.ts';
import { PDFS, SEED } from './support-budget.ts';
import { basePdfs, damaged } from './support-pdfs.ts';

const MAX_WORK_MS = 5_000;
/** For the start of a new thread, which its limit does not include, on a busy machine. */
const TOLERANCE_MS = 30_000;
const THREADS = 2;
const MEBIBYTE = 1024 * 1024;

test(`${PDFS} damaged PDFs are read or refused in time, and harm neither the process nor the next file`, async () => {
  const inspector = new Inspector({ maxBytes: 16 * MEBIBYTE, maxWorkMs: MAX_WORK_MS, threads: THREADS });
  onTestFinished(() => inspector.close());
  const bases = await basePdfs();
  const texts = [TAG, 'Firma'].map((text) => ({ text, page: undefined }));
  const outcomes: Record<string, number> = {};
  const slow: string[] = [];
  let [made, rssAfterWarmUp] = [0, 0];
  const readNext = async (): Promise<void> => {
    while (made < PDFS) {
      const nth = (made += 1);
      if (nth === Math.ceil(PDFS / 10)) rssAfterWarmUp = process.memoryUsage().rss;
      const pdf = damaged(SEED + nth, bases);
      const startedAt = performance.now();
      const outcome = await inspector.inspect([pdf], texts).then(
        ({ kind }) => kind,
        (error: unknown) => {
          if (!(error instanceof UninspectableError)) throw error;
          return 'ended';
        },
      );
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      const ms = Math.round(performance.now() - startedAt);
      if (ms > MAX_WORK_MS + TOLERANCE_MS) slow.push(`file ${nth}: ${outcome} after ${ms} ms`);
    }
  };
  await Promise.all(Array.from({ length: THREADS }, readNext));
  console.log(`FUZZ_SEED=${SEED}`, outcomes, `${Math.round(process.memoryUsage().rss / MEBIBYTE)} MiB`);
  expect(slow).toEqual([]);
  expect(process.memoryUsage().rss - rssAfterWarmUp).toBeLessThan(600 * MEBIBYTE);
  const sound = await anchoredDocuments['A4']?.make();
  expect(await inspector.inspect([sound ?? Buffer.alloc(0)], texts)).toMatchObject({
    texts: [{ count: 1 }, {}],
  });
}, 3_600_000);
