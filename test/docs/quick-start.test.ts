import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readQrCode } from '../support/read-qr-code.ts';
import { hasTools, readPage, startProgram } from './support-pages.ts';

const page = readPage('docs/guide/quick-start.md');
const STEPS = [
  '1. Create a dossier',
  '2. Find the signer',
  '3. Create a signature request',
  '4. Upload the PDF',
  '5. Mark the request as ready and notify the signer',
];
const [functions = ''] = page.blocks('sh');
const steps = STEPS.map((heading) => page.blocks('sh', heading).join(''));

test.skipIf(!hasTools)(
  'the five steps end with a QR code that contains the link, and the id of a message',
  async () => {
    const { run } = await startProgram();
    const { stdout, folder } = await run([functions, ...steps].join(''));
    const answers = stdout.split(/\n|(?<=\})(?=\{)/).filter((line) => line !== '');
    const [dossier, signer, request, upload, ready, notified] = answers;
    expect(dossier).toMatch(/"dossier":\{"id":"\w{26}"/);
    expect(signer).toMatch(/"signer":\{"id":"[\w-]{36}"/);
    expect(request).toMatch(/"status":"DRAFT"/);
    expect(upload).toMatch(/"document":\{"status":"READY"\}/);
    expect(ready).toMatch(/"status":"WAIT_FOR_SIGNATURE"/);
    expect(notified).toMatch(/"ioMessageId":"\w{26}"/);
    expect(answers).toHaveLength(6);
    const link = /"link":"([^"]+)"/.exec(ready ?? '')?.[1];
    expect(readQrCode(readFileSync(join(folder, 'qr-code.png')))).toBe(link);
    for (const answer of answers) expect(answer.length, 'an answer fits on a screen').toBeLessThan(500);
  },
);

test.skipIf(!hasTools)(
  'the subscription prints each change up to the signature, as on the page',
  async () => {
    const { run } = await startProgram();
    const [watch = '', sign = ''] = page.blocks('sh', 'Watch the status');
    expect(watch).toMatch(/^REQUEST=PASTE_REQUEST_ID\ncurl -N /);
    const { folder } = await run(
      [
        functions,
        ...steps.slice(0, 3),
        `(${watch.replace(/^REQUEST=.*/, '')}) > events.txt &\n`,
        // The subscription must have its first event before the steps continue.
        'until grep -q WAIT_FOR_UPLOAD events.txt; do sleep 0.1; done\n',
        ...steps.slice(3),
        sign,
        'wait\n',
      ].join(''),
    );
    const eventsIn = (text: string): string[] =>
      text
        .replaceAll(/"ioMessageId":"\w{26}"/g, '"ioMessageId":"…"')
        .split('\n\n')
        .map((block) => block.trim())
        // READY lasts at most a second in the sandbox, and may fall between two polls.
        .filter((block) => block !== ':' && block !== '' && !block.includes('"status":"READY","documents"'));
    const [printed = ''] = page.blocks('text', 'Watch the status');
    expect(eventsIn(readFileSync(join(folder, 'events.txt'), 'utf8'))).toEqual(eventsIn(printed));
  },
);
