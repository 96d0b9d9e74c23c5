import { readdirSync, readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { Inspector } from '../../src/inspection/inspector.ts';
import { isRed, Rendering } from './support-rendering.ts';

const PRODUCERS = 'test/support/producers';
const TEXTS = ['affidamento efficace', 'Località è perché', 'חתימת הלקוח', '署名欄'];

test('the box of a text is where the text is drawn, in PDFs of other programs', async () => {
  const inspector = new Inspector({ maxBytes: 16 * 1024 * 1024, maxWorkMs: 60_000, threads: 1 });
  onTestFinished(() => inspector.close());
  const files = readdirSync(PRODUCERS).filter((name) => name.endsWith('.pdf'));
  for (const name of files.filter((name) => name !== 'libreoffice.pdf')) {
    const file = readFileSync(`${PRODUCERS}/${name}`);
    const found = await inspector.inspect(
      [file],
      TEXTS.map((text) => ({ text, page: undefined })),
    );
    if (found.kind !== 'read') throw new Error(`${name} was not read`);
    expect(found.texts[0]?.count, name).toBe(1);
    for (const [match] of found.texts.map(({ matches }) => matches)) {
      const height = found.pages[match?.page ?? 0]?.height;
      if (match === undefined || height === undefined) continue;
      const { left, right, bottom, top } = match.box;
      const part = { left: left - 4, right: right + 4, top: height - top - 2, bottom: height - bottom + 2 };
      const ink = (await Rendering.of(file, match.page + 1)).boxOf(isRed, { part });
      expect(Math.abs((ink?.left ?? 0) - left), name).toBeLessThan(2);
      expect(Math.abs((ink?.right ?? 0) - right), name).toBeLessThan(2);
    }
  }
});
