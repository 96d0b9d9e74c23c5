import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'graphql';
import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { anchoredDocuments } from '../support/anchored-documents.ts';
import { temporaryFile } from '../support/api-keys.ts';
import { openPage } from './support-open-page.ts';
import { startGateway } from '../support/start-gateway.ts';
import {
  chooseSample,
  DESKTOP,
  openWorkbench,
  PHONE,
  picture,
  press,
  send,
  startCuttable,
  tabTo,
  textOf,
  violateContract,
} from './support-workbench.ts';

const INSPECT = `mutation ($input: InspectDocumentInput!) { inspectDocument(input: $input) {
  ... on InspectDocumentPayload { isSigned anchors { matches { textBox { page x y } } } } } }`;

/** Drags from one place of the page of the document to another, both as shares of its size. */
async function draw(
  page: Page,
  from: readonly [number, number],
  to: readonly [number, number],
): Promise<void> {
  const layer = await page.waitForSelector('.field-layer');
  await layer?.scrollIntoView();
  const box = await layer?.boundingBox();
  if (box === null || box === undefined) throw new Error('The page of the document is not visible');
  const at = ([x, y]: readonly [number, number]) => [box.x + x * box.width, box.y + y * box.height] as const;
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at(to), { steps: 4 });
  await page.mouse.up();
}

test.each([
  ['a desk', DESKTOP],
  ['a phone', PHONE],
])('on %s a PDF becomes a signed one, with the mark where its field was drawn', async (_, viewport) => {
  const { page, origins, origin, sandbox, url } = await openWorkbench(viewport);
  await chooseSample(page);
  // The second field, in the upper right.
  await draw(page, [0.55, 0.25], [0.9, 0.34]);
  await page.waitForSelector('.field-box ::-p-text(2)');
  await page.waitForSelector('.document-form .verdict.good');
  await picture(page, 'draft', viewport === DESKTOP ? 'workbench-draft' : undefined);
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);

  await send(page);
  await picture(page, 'waiting', viewport === DESKTOP ? 'workbench' : undefined);
  await page.click('.message');
  await page.waitForSelector('.clause');
  await page.click('.screen .btn-primary');
  await page.waitForSelector('.signed .sheet[data-drawn=true]');
  await page.waitForSelector('.result.good');

  const address = await page.$eval('.open-signed', (link) => link.getAttribute('href') ?? '');
  const file = new Uint8Array(await (await fetch(new URL(address, origin))).arrayBuffer());
  const form = new FormData();
  const anchors = [{ text: 'FIRMA DI PROVA' }];
  form.set('operations', JSON.stringify({ query: INSPECT, variables: { input: { file: null, anchors } } }));
  form.set('map', '{"0":["variables.input.file"]}');
  form.set('0', new Blob([file], { type: 'application/pdf' }), 'signed.pdf');
  const { data } = await (await fetch(url, { method: 'POST', body: form })).json();
  const places = data.inspectDocument.anchors[0].matches.map(
    (match: { textBox: { x: number; y: number } }) => match.textBox,
  );
  // An A4 page is 595 points wide and 842 high.
  expect(places).toContainEqual({
    page: 0,
    x: expect.closeTo(0.55 * 595, -2),
    y: expect.closeTo(0.29 * 842, -2),
  });
  expect(sandbox.takeViolations()).toEqual([]);
  expect([...origins]).toEqual([origin]);
});

test('a box that is drawn on the visible part of a page has the coordinates of the service', async () => {
  const { page } = await openWorkbench();
  const path = join(mkdtempSync(join(tmpdir(), 'sigillo-')), 'crop-box.pdf');
  writeFileSync(path, (await anchoredDocuments['CropBox']?.make()) ?? '');
  const input = await page.waitForSelector('input[type=file]');
  await input?.uploadFile(path);
  await page.waitForSelector('.sheet[data-drawn=true]');
  await page.waitForSelector('.document-form .verdict ::-p-text(CropBox)');
  // Of the A4 page, which the service sees, the part from (50, 60) to (500, 700) is visible.
  const shareOf = (x: number, y: number) => [(x - 50) / 450, (700 - y) / 640] as const;
  await draw(page, shareOf(150, 350), shareOf(300, 250));
  await page.waitForSelector('.field-box ::-p-text(2)');
  const numbers = () =>
    page.$$eval('.field-editor:last-of-type .numbers input', (inputs) =>
      inputs.map((each) => Number((each as unknown as { value: string }).value)),
    );
  await expect
    .poll(numbers)
    .toEqual([1, 150, 841.89 - 350, 150, 100].map((value) => expect.closeTo(value, -0.3)));
  const [layer, box] = await Promise.all(
    ['.field-layer', '[data-field]:last-of-type'].map(async (selector) =>
      (await page.$(selector))?.boundingBox(),
    ),
  );
  const [left, top] = shareOf(150, 350);
  expect(((box?.x ?? 0) - (layer?.x ?? 0)) / (layer?.width ?? 0)).toBeCloseTo(left, 2);
  expect(((box?.y ?? 0) - (layer?.y ?? 0)) / (layer?.height ?? 0)).toBeCloseTo(top, 2);
  await picture(page, 'crop-box');
});

test('the whole flow works by keyboard alone', async () => {
  const { page, sandbox } = await openWorkbench();
  const go = async (name: RegExp): Promise<void> => {
    await tabTo(page, name);
    await page.keyboard.press('Enter');
  };
  await go(/Use a sample contract/);
  await page.waitForSelector('.sheet[data-drawn=true]');
  await tabTo(page, /Field 1:/);
  const left = () =>
    page.$eval('.field-box', (element) => (element as unknown as { style: { left: string } }).style.left);
  const before = await left();
  for (let times = 0; times < 4; times += 1) await page.keyboard.press('ArrowRight');
  expect(Number.parseFloat(await left())).toBeGreaterThan(Number.parseFloat(before));
  await go(/Request the signature/);
  await page.waitForSelector('.message');
  await go(/asks for your signature/);
  await page.waitForSelector('.clause');
  await tabTo(page, /^Sign$/m);
  await page.keyboard.press('Enter');
  await page.waitForSelector('.signed .sheet[data-drawn=true]');
  const [call] = sandbox.journal.entries({ operationId: 'createDossier' });
  expect(JSON.stringify(call?.requestBody)).toContain('"x":105');
});

test('a fault is armed, seen with what to do, and recovered from', async () => {
  const { page, sandbox } = await openWorkbench();
  await chooseSample(page);
  await press(page, 'Faults');
  await press(page, 'Arm: The back office refuses every key');
  await page.waitForSelector('.switch.alarming ::-p-text(1 armed)');
  await page.click('.send');
  await page.waitForSelector('[role=alert] ::-p-text(The service refuses the key of the gateway.)');
  await press(page, 'Remove: The back office refuses every key');
  await page.waitForFunction(`document.querySelector('.switch.alarming') === null`);
  expect(sandbox.faults.list()).toEqual([]);
  await press(page, 'Continue from there');
  await page.waitForSelector('.qr-code');
  expect(sandbox.citizen.waiting({ fiscalCode: 'SPNDNL80R13C555X' })).toHaveLength(1);
});

test('the failure of the provider is shown on both sides, and the citizen can try again', async () => {
  const { page } = await openWorkbench();
  await chooseSample(page);
  await send(page);
  await page.click('.message');
  await press(page, 'Let the provider fail');
  await page.waitForSelector('.request-status .note.problem ::-p-text(Invalid response status from QTSP!)');
  await page.waitForSelector('.result.bad');
  await press(page, 'Try again');
  await page.click('.screen .btn-primary');
  await page.waitForSelector('.result.good ::-p-text(for it the request stays failed)');
});

test('a value that the gateway refuses is marked, with the reason beside it', async () => {
  const { page } = await openWorkbench();
  await chooseSample(page);
  await page.locator('::-p-aria(Fiscal code of the signer)').fill('SNZAPP80A01H501C');
  await page.click('.send');
  await page.waitForSelector('[role=alert] ::-p-text(The citizen cannot be reached in the IO app.)');
  await page.locator('::-p-aria(Title of the document)').fill('X');
  await page.click('.send');
  await page.waitForSelector('.mistake');
  expect(await page.$eval('.is-invalid', (input) => (input as unknown as { value: string }).value)).toBe('X');
  // A change of the draft takes back what was wrong with the last one.
  await page.locator('::-p-aria(Title of the document)').fill('Contratto');
  await page.waitForFunction(`document.querySelector('.mistake') === null`);
});

test('a file that is not a PDF is named, and not sent', async () => {
  const { page } = await openWorkbench();
  const input = await page.waitForSelector('input[type=file]');
  await input?.uploadFile('package.json');
  await page.waitForSelector('.verdict.bad ::-p-text(not a PDF)');
  expect(await page.$eval('.send', (button) => (button as unknown as { disabled: boolean }).disabled)).toBe(
    true,
  );
});

test('a text of the PDF places a field, and a similar text is named', async () => {
  const { page } = await openWorkbench();
  await chooseSample(page);
  await page.click('.field-editor summary');
  const box = await page.waitForSelector('::-p-aria(Place by a text of the PDF)');
  await box?.type('FIRMA');
  await press(page, 'Find');
  await page.waitForSelector('.anchor ::-p-text(Similar: “Firma”)');
  await page.locator('::-p-aria(Place by a text of the PDF)').fill('Firma');
  await press(page, 'Find');
  await page.waitForSelector('.anchor ::-p-text(Found once.)');
  await send(page);
});

test('after the network was cut during an upload, the same request continues', async () => {
  const { url, sandbox } = await startGateway();
  const line = await startCuttable(url);
  const { page } = await openPage(DESKTOP, { mayWrite: /ERR_|502/ });
  await page.goto(line.origin);
  await page.waitForSelector('.drop');
  await chooseSample(page);
  line.cutAt('documentId');
  await page.click('.send');
  await page.waitForSelector('[role=alert] ::-p-text(The gateway does not answer.)');
  line.restore();
  await press(page, 'Continue from there');
  await page.waitForSelector('.qr-code');
  expect(sandbox.journal.entries({ operationId: 'createSignatureRequest' })).toHaveLength(1);
});

test('a subscription that was cut is resumed, and no change is missed', async () => {
  const { url, sandbox } = await startGateway();
  const line = await startCuttable(url);
  const { page } = await openPage(DESKTOP, { mayWrite: /ERR_|502/ });
  await page.goto(line.origin);
  await page.waitForSelector('.drop');
  await chooseSample(page);
  await send(page);
  line.cut();
  await page.waitForSelector('.note.warning ::-p-text(The connection to the gateway is lost.)');
  const [request] = sandbox.citizen.waiting({ fiscalCode: 'SPNDNL80R13C555X' });
  sandbox.citizen.sign(request?.id ?? '');
  line.restore();
  await page.waitForSelector('.signed');
});

test('the PDF is inspected once per change of its fields, and an inspection that is out of date ends', async () => {
  const { page } = await openWorkbench();
  const sent: string[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/graphql') && request.method() === 'POST') sent.push(request.url());
  });
  await chooseSample(page);
  expect(sent).toHaveLength(1);
  // The title is not part of what is inspected, nor is a field that is back where it was.
  await page.locator('::-p-aria(Title of the document)').fill('Contratto di prova');
  await page.focus('.field-box');
  await page.keyboard.press('ArrowRight');
  await page.waitForSelector('.document-form .verdict ::-p-text(Checking the PDF)');
  await page.keyboard.press('ArrowLeft');
  await page.waitForSelector('.document-form .verdict.good');
  for (let times = 0; times < 5; times += 1) await page.keyboard.press('ArrowRight');
  await page.waitForSelector('.document-form .verdict.good');
  expect(sent).toHaveLength(2);
});

test('the clock, snapshots and the reset act on the sandbox', async () => {
  const { page, sandbox } = await openWorkbench();
  await page.click('[aria-controls=sandbox-drawer]');
  await press(page, 'Freeze');
  await page.waitForSelector('.switch.alarming ::-p-text(frozen)');
  for (const [step, days] of [
    ['+15 minutes', 1 / 96],
    ['+1 day', 1],
    ['+90 days', 90],
  ] as const) {
    const before = sandbox.clock.now();
    await press(page, step);
    await expect.poll(() => sandbox.clock.now() - before).toBe(days * 86_400_000);
  }
  await press(page, 'Resume');
  await page.waitForFunction(`document.querySelector('.switch.alarming') === null`);

  await press(page, 'State');
  await press(page, 'Take a snapshot');
  await page.waitForSelector('.drawer ::-p-text(Restore snapshot 1)');
  await press(page, 'Add a request that waits for its signature');
  await page.waitForSelector('.message');
  await press(page, 'Restore snapshot 1');
  await page.waitForFunction(`document.querySelector('.message') === null`);
  await press(page, 'Add a request that waits for its signature');
  await page.waitForSelector('.message');
  await press(page, 'Reset the sandbox');
  await page.waitForFunction(`document.querySelector('.message') === null`);
  expect(await page.$$eval('.event', (all) => all.map(({ textContent }) => textContent))).toContain(
    'Sandbox reset',
  );
});

test('each fault of the catalogue can be armed, and each magic value says what it does', async () => {
  const { page, sandbox } = await openWorkbench();
  await chooseSample(page);
  await press(page, 'Faults');
  const names = await page.$$eval('.catalogue .btn', (all) =>
    all.map((button) => button.getAttribute('aria-label') ?? ''),
  );
  expect(names.length).toBeGreaterThan(10);
  for (const [index, name] of names.entries()) {
    await press(page, name);
    await expect.poll(() => sandbox.faults.list()).toHaveLength(index + 1);
  }
  await page.waitForSelector(`.switch.alarming ::-p-text(${names.length} armed)`);
  expect(await page.$$('.catalogue .active')).toHaveLength(names.length);

  await press(page, 'Magic values');
  await page.waitForSelector('.drawer ::-p-text(Has never logged in to the IO app.)');
  await press(page, 'Use: XMSOFF80A01H501R');
  await press(page, 'Use: [firma dopo 10 s]');
  const values = await page.$$eval('.row-of-two input', (all) =>
    all.map((input) => (input as unknown as { value: string }).value),
  );
  expect(values).toEqual(['Contratto di collaborazione [firma dopo 10 s]', 'XMSOFF80A01H501R']);
});

test('a contract violation is counted, explained and can be cleared', async () => {
  const { page, sandbox } = await openWorkbench();
  await violateContract(sandbox.url);
  await page.waitForSelector('.switch.alarming .count ::-p-text(1)');
  await press(page, 'Contract violations 1');
  await page.waitForSelector('.drawer ::-p-text(POST /api/v1/sign/dossiers)');
  await press(page, 'Clear');
  await page.waitForSelector('.drawer ::-p-text(Every call conforms to the contract.)');
  expect(sandbox.takeViolations()).toEqual([]);
});

/** Runs a program in a folder. @returns what it prints */
async function outputOf(folder: string, program: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { cwd: folder });
  return stdout;
}

test('an operation can be copied in four languages, and each copy runs', async () => {
  const { page, url, sandbox } = await openWorkbench();
  await page.browserContext().overridePermissions(new URL(url).origin, ['clipboard-read', 'clipboard-write']);
  await chooseSample(page);
  await send(page);
  await page.click('.operation summary');
  const copyOf = async (tab: string): Promise<string> => {
    await press(page, tab);
    await page.click('.snippets .copy');
    await page.waitForSelector('.snippets .copy ::-p-text(Copied)');
    return String(await page.evaluate('navigator.clipboard.readText()'));
  };
  const [request] = sandbox.citizen.waiting({ fiscalCode: 'SPNDNL80R13C555X' });
  const id = request?.id ?? '';

  // The copies have the idempotency key of the page, so they return its request.
  const folder = dirname(temporaryFile('contratto.pdf', ''));
  copyFileSync('examples/contratto.pdf', join(folder, 'contratto.pdf'));
  expect(await outputOf(folder, 'sh', '-c', await copyOf('curl'))).toContain(id);
  writeFileSync(join(folder, 'request.ts'), await copyOf('TypeScript'));
  expect(await outputOf(folder, process.execPath, 'request.ts')).toContain(id);
  writeFileSync(join(folder, 'request.php'), await copyOf('PHP'));
  if (existsSync('/usr/bin/php')) expect(await outputOf(folder, '/usr/bin/php', 'request.php')).toContain(id);
  const graphql = await copyOf('GraphQL');
  expect(parse(graphql).definitions).toHaveLength(1);
  expect(sandbox.journal.entries({ operationId: 'createSignatureRequest' })).toHaveLength(1);

  await page.waitForSelector('.upstream-calls ::-p-text(/signers)');
  expect(await textOf(page, '.upstream-calls')).not.toContain('violates');
  expect(await textOf(page, '.upstream-calls')).not.toContain('SPNDNL80R13C555X');
});

test('the page speaks Italian and English, and keeps the choice', async () => {
  const { page } = await openWorkbench();
  const language = () => page.$eval('html', (html) => html.getAttribute('lang'));
  const edges = () =>
    page.$$eval('.top nav button', (buttons) =>
      buttons.map((button) => getComputedStyle(button).borderColor),
    );
  const [italian, english] = await edges();
  expect(await language()).toBe('en');
  await press(page, 'State');
  await press(page, 'Take a snapshot');
  await page.waitForSelector('.event ::-p-text(Snapshot taken)');
  await press(page, 'Italiano');
  await page.waitForSelector('h2 ::-p-text(L’ente)');
  expect(await language()).toBe('it');
  // What happened before the change of language is told in the new one.
  await page.waitForSelector('.event ::-p-text(Copia salvata)');
  await expect.poll(edges).toEqual([english, italian]);
  await press(page, 'English');
  await expect.poll(edges).toEqual([italian, english]);
  await press(page, 'Italiano');
  await page.reload();
  await page.waitForSelector('h2 ::-p-text(Il telefono del cittadino)');
  await chooseSample(page);
  await send(page);
});

test('the page starts with less than 300 kB, and loads pdf.js with the first document', async () => {
  const { url } = await startGateway();
  const { page } = await openPage(DESKTOP);
  const sizes = new Map<string, number>();
  page.on('response', (response) => {
    const { pathname } = new URL(response.url());
    if (pathname === '/' || pathname.startsWith('/assets/'))
      sizes.set(pathname, Number(response.headers()['content-length']));
  });
  await page.goto(new URL('/', url).href, { waitUntil: 'networkidle2' });
  const first = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  expect(first).toBeGreaterThan(10_000);
  expect(first).toBeLessThan(300_000);
  expect([...sizes.keys()].filter((path) => path.includes('pdf'))).toEqual([]);
  await chooseSample(page);
  expect([...sizes.keys()].some((path) => path.includes('pdf.worker'))).toBe(true);
});

test('without JavaScript the page says what it is, in both languages', async () => {
  const { url } = await startGateway();
  const { page } = await openPage(DESKTOP);
  await page.setJavaScriptEnabled(false);
  await page.goto(new URL('/', url).href);
  const text = await textOf(page, 'main');
  expect(text).toContain('This is the workbench of Sigillo');
  expect(text).toContain('Questo è il banco di prova di Sigillo');
  expect(text).toContain('The workbench needs JavaScript');
});
