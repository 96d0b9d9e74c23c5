import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { openPage } from '../support/open-page.ts';
import { readQrCode } from '../support/read-qr-code.ts';
import { startGateway } from '../support/start-gateway.ts';
import type { Json } from '../support/start-gateway.ts';

/** Set it to update the screenshots of the README. */
const UPDATE_IMAGES = process.env['UPDATE_IMAGES'] !== undefined;
const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const STEPS = [
  'CreateDossier',
  'FindSigner',
  'CreateSignatureRequest',
  'UploadedDocument',
  'MarkReadyAndNotify',
];
const WATCH = 'SignatureRequestChanged';
const INSPECT = 'InspectDocument';

/** Titles of the tabs. */
const tabsOf = (page: Page): Promise<string[]> =>
  page.$$eval('.graphiql-tab-button', (buttons) => buttons.map(({ textContent }) => textContent));
const frontTab = (page: Page): Promise<string> =>
  page.$eval('.graphiql-tab-active .graphiql-tab-button', ({ textContent }) => textContent);

async function open(page: Page, url: string): Promise<void> {
  await page.goto(url);
  // Monaco renders its lines after it has measured the page.
  for (const editor of ['.graphiql-query-editor', '.graphiql-editor-tool'])
    await page.waitForSelector(`${editor} .view-line`);
}

async function chooseTab(page: Page, title: string): Promise<void> {
  const button = await page.waitForSelector(`.graphiql-tab-button[title="${title}"]`);
  await button?.click();
  await page.waitForSelector(`.graphiql-tab-active .graphiql-tab-button[title="${title}"]`);
  // GraphiQL reads the new text a moment later, and then also puts it into the URL.
  await page.waitForFunction(`new URLSearchParams(location.search).get('query')?.includes(' ${title}(')`);
}

/** Replaces a placeholder with an id: a double click selects it, and typing replaces it. */
async function paste(page: Page, place: string, id: string): Promise<void> {
  const word = await page.waitForSelector(`.graphiql-editor-tool ::-p-text(${place})`);
  await word?.click({ count: 2 });
  await page.keyboard.sendCharacter(id);
  await page.waitForSelector(`.graphiql-editor-tool ::-p-text(${id})`);
}

/** Waits until the state that GraphiQL keeps for a reload contains a text. */
async function keptWith(page: Page, text: string): Promise<string> {
  const kept = `sessionStorage.getItem('graphiql:tabState')`;
  await page.waitForFunction(`${kept}.includes('${text}')`);
  return String(await page.evaluate(kept));
}

/** Executes the operation and returns the answer once the page shows it. */
async function run(page: Page): Promise<Json> {
  const [response] = await Promise.all([
    // Not the response to the introspection query of GraphiQL.
    page.waitForResponse((candidate) => candidate.request().postData()?.includes('__schema') === false),
    page.click('.graphiql-execute-button'),
  ]);
  // Every GraphQL response has this shape.
  const { data } = (await response.json()) as { data: Json };
  await page.waitForFunction(
    `document.querySelector('.result-window').textContent.includes('${Object.keys(data)[0]}')`,
  );
  return data;
}

async function picture(page: Page, name: string): Promise<void> {
  if (UPDATE_IMAGES) await page.screenshot({ path: `docs/images/${name}.png` });
}

test('the five tabs lead from a PDF to a QR code and a notification, and the page contacts no other server', async () => {
  const { url } = await startGateway();
  const { page, problems, origins } = await openPage(DESKTOP);
  await open(page, url);
  expect(await tabsOf(page)).toEqual([...STEPS, WATCH, INSPECT]);
  expect(await frontTab(page)).toBe(STEPS[0]);

  const made = await run(page);
  const dossierId = String(made['createDossier']?.['dossier']?.['id']);
  await picture(page, 'graphiql');

  await chooseTab(page, 'FindSigner');
  const found = await run(page);
  const signerId = String(found['findSigner']?.['signer']?.['id']);

  await chooseTab(page, 'CreateSignatureRequest');
  await paste(page, 'PASTE_DOSSIER_ID', dossierId);
  await paste(page, 'PASTE_SIGNER_ID', signerId);
  const created = (await run(page))['createSignatureRequest']?.['signatureRequest'];
  const requestId = String(created?.['id']);
  const documentId = String(created?.['documents']?.[0]?.['id']);

  await chooseTab(page, 'UploadedDocument');
  // Monaco renders only visible lines, so the line is read from the stored state.
  const { tabs } = JSON.parse(await keptWith(page, 'REQUEST=')) as { tabs: { query: string }[] };
  const line = /^# (REQUEST=.*)$/m.exec(tabs[3]?.query ?? '')?.[1] ?? '';
  expect(line).toContain(url);
  const command = line.replace('PASTE_REQUEST_ID', requestId).replace('PASTE_DOCUMENT_ID', documentId);
  const { stdout } = await promisify(execFile)('bash', ['-c', command]);
  expect(JSON.parse(stdout)).toMatchObject({ data: { uploadDocument: { document: { status: 'READY' } } } });
  await paste(page, 'PASTE_REQUEST_ID', requestId);
  expect((await run(page))['signatureRequest']).toMatchObject({ documents: [{ status: 'READY' }] });

  await chooseTab(page, 'MarkReadyAndNotify');
  await paste(page, 'PASTE_REQUEST_ID', requestId);
  const last = await run(page);
  const { link, url: picturesAddress } = last['markReady']?.['signatureRequest']?.['qrCode'] ?? {};
  const qrCode = await fetch(String(picturesAddress));
  expect(readQrCode(Buffer.from(await qrCode.arrayBuffer()))).toBe(link);
  expect(link).toContain(requestId);
  expect(last['notifySigner']?.['signatureRequest']?.['notification']?.['ioMessageId']).toMatch(/^\w{26}$/);
  await picture(page, 'graphiql-qr-code');

  expect(problems).toEqual([]);
  expect([...origins]).toEqual([new URL(url).origin]);
});

test.each([
  ['a desk', DESKTOP],
  ['a phone', PHONE],
])('the sixth tab subscribes to a request on %s: the answer updates until it is signed', async (_, size) => {
  const { url, sandbox } = await startGateway();
  const { requests } = await sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] });
  const id = requests[0]?.id ?? '';
  const { page, problems, origins } = await openPage(size);
  await open(page, url);
  await chooseTab(page, WATCH);
  await paste(page, 'PASTE_REQUEST_ID', id);
  await page.click('.graphiql-execute-button');
  const shows = (text: string) =>
    page.waitForFunction(`document.querySelector('.result-window').textContent.includes('${text}')`);
  await shows('WAIT_FOR_SIGNATURE');
  sandbox.citizen.sign(id);
  await shows('SIGNED');
  await page.waitForSelector('.graphiql-execute-button[aria-label^="Execute"]'); // it has ended
  expect(problems).toEqual([]);
  expect([...origins]).toEqual([new URL(url).origin]);
});

test('selecting another tab ends the subscription', async () => {
  const { url, sandbox } = await startGateway();
  const { requests } = await sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] });
  const { page } = await openPage(DESKTOP);
  await open(page, url);
  await chooseTab(page, WATCH);
  await paste(page, 'PASTE_REQUEST_ID', requests[0]?.id ?? '');
  const stopped = new Promise<string>((resolve) => {
    page.on('requestfailed', (request) => resolve(request.failure()?.errorText ?? ''));
  });
  await page.click('.graphiql-execute-button');
  await page.waitForSelector('.graphiql-execute-button[aria-label^="Stop"]');
  await chooseTab(page, 'FindSigner');
  expect(await stopped).toBe('net::ERR_ABORTED');
});

test('a query in the URL opens in an additional tab, and a reload keeps the edited text', async () => {
  const { url } = await startGateway();
  const { page, problems } = await openPage(DESKTOP);
  await open(page, `${url}?query=${encodeURIComponent('query Linked { __typename }')}`);
  expect(await tabsOf(page)).toEqual([...STEPS, WATCH, INSPECT, 'Linked']);
  expect(await frontTab(page)).toBe('Linked');
  expect(await run(page)).toEqual({ __typename: 'Query' });

  await chooseTab(page, 'CreateSignatureRequest');
  await paste(page, 'PASTE_DOSSIER_ID', 'TYPED_BY_HAND');
  await keptWith(page, 'TYPED_BY_HAND');
  await open(page, page.url());
  expect(await tabsOf(page)).toEqual([...STEPS, WATCH, INSPECT, 'Linked']);
  expect(await frontTab(page)).toBe('CreateSignatureRequest');
  await page.waitForSelector('.graphiql-editor-tool ::-p-text(TYPED_BY_HAND)');
  expect(problems).toEqual([]);
});

test('the documentation panel shows the descriptions of the schema', async () => {
  const { url } = await startGateway();
  const { page } = await openPage(DESKTOP);
  await open(page, url);
  await page.click('button[aria-label="Show Documentation Explorer"]');
  await page.locator('.graphiql-doc-explorer ::-p-text(Mutation)').click();
  await page.waitForSelector('.graphiql-doc-explorer ::-p-text(Step 1: creates a dossier)');
});

test('on a phone the editors are as wide as the screen and the answer is below them', async () => {
  const { url } = await startGateway();
  const { page, problems } = await openPage({ ...PHONE, isMobile: true });
  await open(page, url);
  await run(page);
  // Without a viewport setting a phone lays a page out 980 pixels wide.
  expect(await page.evaluate('innerWidth')).toBe(PHONE.width);
  const boxOf = (selector: string) =>
    page.$eval(selector, (element) => {
      const { top, bottom, width } = element.getBoundingClientRect();
      return { top, bottom, width };
    });
  const editors = await boxOf('.graphiql-editors');
  const answer = await boxOf('.graphiql-response');
  expect(editors.width).toBeGreaterThan(PHONE.width * 0.9);
  expect(answer.width).toBeGreaterThan(PHONE.width * 0.9);
  expect(answer.top).toBeGreaterThanOrEqual(editors.bottom);
  expect(problems).toEqual([]);
});
