import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { openPage } from './support-open-page.ts';
import { startSigned } from '../support/downloads.ts';

const VIEW = { width: 800, height: 600 };

/** An empty page of a separate origin. */
async function startPage(): Promise<string> {
  const server = createServer(
    (_, res) => void res.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  // A server that listens on TCP has an address of this form.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The response to a script of the page that requests the first bytes of a file. */
const READ = (file: string): string => `(async () => {
  try {
    const response = await fetch(${JSON.stringify(file)}, { headers: { range: 'bytes=0-4' } });
    return [response.status, response.headers.get('content-range'), await response.text()];
  } catch (error) { return error.name; }
})()`;

test(
  'a page of a listed origin can read a range of a document, and a page of another origin cannot',
  { timeout: 60_000 },
  async () => {
    const [listed, foreign] = [await startPage(), await startPage()];
    const { file } = await startSigned({ protections: { corsOrigins: [listed] } });
    const { page } = await openPage(VIEW, { mayWrite: /404|CORS policy|ERR_FAILED/ });
    await page.goto(listed);
    expect(await page.evaluate(READ(file))).toEqual([
      206,
      expect.stringMatching(/^bytes 0-4\/\d+$/),
      '%PDF-',
    ]);
    await page.goto(foreign);
    expect(await page.evaluate(READ(file))).toBe('TypeError');
  },
);

test('the browser’s viewer displays a document', async () => {
  const { file } = await startSigned();
  // Browsers also request an icon.
  const { page } = await openPage(VIEW, { mayWrite: /404/ });
  const response = await page.goto(file);
  expect([response?.status(), response?.headers()['content-type']]).toEqual([200, 'application/pdf']);
  // The viewer is a separate frame; a refused document has none.
  await expect.poll(() => page.frames().length).toBeGreaterThan(1);
});
