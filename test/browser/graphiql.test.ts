import { readFile } from 'node:fs/promises';
import type { ElementHandle, Page, Viewport } from 'puppeteer-core';
import { expect, test, vi } from 'vitest';
import { openPage } from './support-open-page.ts';
import type { PageExpectations } from './support-open-page.ts';
import { picture } from './support-picture.ts';
import { readQrCode } from '../support/read-qr-code.ts';
import { startGateway } from '../support/start-gateway.ts';
import type { Json } from '../support/start-gateway.ts';
import { jwtOptions, startTokenIssuer } from '../support/token-issuer.ts';
import { findingsOn, tabTo } from './support-workbench.ts';

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844, isMobile: true, hasTouch: true };
const CONTRACT = 'examples/contratto.pdf';
const NOTICE = 'examples/informativa.pdf';
const TABS = [
  'CreateDossier',
  'FindSigner',
  'CreateSignatureRequest',
  'UploadDocument',
  'MarkReadyAndNotify',
  'SignatureRequestChanged',
  'RequestSignature',
  'InspectDocument',
];

/** The page of a gateway, once its editors are ready. */
async function open(viewport: Viewport, url: string, expectations: PageExpectations = {}) {
  const { page, problems, origins } = await openPage(viewport, expectations);
  await visit(page, url);
  return { page, problems, origins };
}

async function visit(page: Page, url: string): Promise<void> {
  await page.goto(url);
  // Monaco renders its lines after it has measured the page.
  for (const editor of ['.graphiql-query-editor', '.graphiql-editor-tool'])
    await page.waitForSelector(`${editor} .view-line`);
}

const tabsOf = (page: Page): Promise<string[]> =>
  page.$$eval('.graphiql-tab-button', (buttons) => buttons.map(({ textContent }) => textContent));

async function chooseTab(page: Page, title: string): Promise<void> {
  await page.$eval(`.graphiql-tab-button[title="${title}"]`, (button) => (button as HTMLElement).click());
  await page.waitForSelector(`.graphiql-tab-active .graphiql-tab-button[title="${title}"]`);
}

/** The variables of the open tab, as the editor has them. */
const variables = async (page: Page): Promise<string> =>
  String(
    await page.evaluate(
      `__MONACO.editor.getModels().find(({ uri }) => uri.path.endsWith('variables.json')).getValue()`,
    ),
  );

/** Replaces a text of the variables, as typing does. */
async function edit(page: Page, from: string, to: string): Promise<void> {
  await expect.poll(() => variables(page)).toContain(from);
  await page.evaluate(
    (before, after) => {
      const { __MONACO } = globalThis as unknown as { __MONACO: { editor: { getModels: () => Model[] } } };
      interface Model {
        readonly uri: { readonly path: string };
        readonly getValue: () => string;
        readonly setValue: (text: string) => void;
      }
      const model = __MONACO.editor.getModels().find(({ uri }) => uri.path.endsWith('variables.json'));
      model?.setValue(model.getValue().replace(before, after));
    },
    from,
    to,
  );
}

const shows = (page: Page, text: string) =>
  page.waitForFunction(
    `__MONACO.editor.getModels().find(({ uri }) => uri.path.endsWith('response.json')).getValue().includes(${JSON.stringify(text)})`,
  );

/** Executes the operation and returns the answer once the page shows it. */
async function run(page: Page): Promise<Json> {
  const [response] = await Promise.all([
    page.waitForResponse(
      (candidate) =>
        candidate.url().endsWith('/graphql') && candidate.request().postData()?.includes('__schema') !== true,
    ),
    page.click('.graphiql-execute-button'),
  ]);
  // Every GraphQL response has this shape.
  const { data } = (await response.json()) as { data: Json };
  await shows(page, Object.keys(data)[0] ?? '');
  return data;
}

async function chooseFiles(page: Page, ...files: readonly string[]): Promise<void> {
  await page.waitForFunction(`document.querySelectorAll('.sigillo-drop input').length === ${files.length}`);
  const inputs = (await page.$$('.sigillo-drop input')) as ElementHandle<HTMLInputElement>[];
  for (const [index, file] of files.entries()) await inputs[index]?.uploadFile(file);
  await page.waitForFunction(`document.querySelectorAll('.sigillo-drop li').length === ${files.length}`);
}

test('the tabs lead from a PDF to a signed document without a copied id, and the page contacts no other server', async () => {
  const { url, sandbox } = await startGateway();
  const { page, origins } = await open(DESKTOP, url);
  expect(await tabsOf(page)).toEqual(TABS);
  await run(page);
  await picture(page, 'graphiql', true);
  await chooseTab(page, 'FindSigner');
  await run(page);
  await chooseTab(page, 'CreateSignatureRequest');
  const request = (await run(page))['createSignatureRequest']?.['signatureRequest'];
  const requestId = String(request?.['id']);

  await chooseTab(page, 'UploadDocument');
  await chooseFiles(page, CONTRACT);
  const uploaded = (await run(page))['uploadDocument'];
  expect(uploaded).toMatchObject({
    document: { status: 'READY' },
    sizeBytes: (await readFile(CONTRACT)).length,
  });
  await picture(page, 'graphiql-upload');

  await chooseTab(page, 'MarkReadyAndNotify');
  const last = await run(page);
  const { link, url: picturesAddress } = last['markReady']?.['signatureRequest']?.['qrCode'] ?? {};
  const qrCode = await fetch(String(picturesAddress));
  expect(readQrCode(Buffer.from(await qrCode.arrayBuffer()))).toBe(link);
  await picture(page, 'graphiql-qr-code', true);

  await chooseTab(page, 'SignatureRequestChanged');
  await page.click('.graphiql-execute-button');
  await shows(page, 'WAIT_FOR_SIGNATURE');
  await page.locator('.sigillo-pane button ::-p-text(Sign)').click();
  await shows(page, '"SIGNED"');
  await page.waitForSelector('.graphiql-execute-button[aria-label^="Execute"]'); // it has ended
  const events = await page.$$eval('.sigillo-events summary', (all) =>
    all.map(({ textContent }) => textContent.replace(/^\S+ /, '')),
  );
  expect(events[0]).toBe('status: WAIT_FOR_SIGNATURE');
  expect(events.at(-1)).toContain('status: WAIT_FOR_SIGNATURE → SIGNED');
  await picture(page, 'graphiql-events');
  expect(sandbox.journal.entries().length).toBeGreaterThan(0);
  expect(await variables(page)).toContain(requestId);
  expect([...origins]).toEqual([new URL(url).origin]);
});

test('an operation with files in a list of inputs has a picker for each, and sends them in that order', async () => {
  const { url } = await startGateway();
  const { page } = await open(DESKTOP, url);
  await chooseTab(page, 'RequestSignature');
  await page.waitForFunction(`document.querySelectorAll('.sigillo-drop').length === 2`);
  expect(await page.$$eval('.sigillo-drop code', (all) => all.map(({ textContent }) => textContent))).toEqual(
    ['input.documents.0.file', 'input.documents.1.file'],
  );
  await page.click('.graphiql-execute-button');
  await shows(page, 'choose a file for input.documents.0.file, input.documents.1.file');
  await chooseFiles(page, CONTRACT, NOTICE);
  const { requestSignature } = await run(page);
  const sizes = await Promise.all([CONTRACT, NOTICE].map(async (file) => (await readFile(file)).length));
  expect(requestSignature).toMatchObject({
    signatureRequest: { status: 'WAIT_FOR_SIGNATURE' },
    files: sizes.map((sizeBytes) => ({ sizeBytes })),
  });
  await picture(page, 'graphiql-two-files');
});

test('the editor marks wrong variables, and not the absence of those with a default', async () => {
  const { url } = await startGateway();
  const { page } = await open(DESKTOP, url);
  await chooseTab(page, 'RequestSignature');
  await edit(page, '"BELOW"', '"UNDER"');
  const marks = () =>
    page.evaluate(
      `__MONACO.editor.getModelMarkers({}).filter(({ resource }) => resource.path.endsWith('variables.json')).map(({ message }) => message)`,
    );
  await expect.poll(marks).toEqual([expect.stringContaining('Valid values: "ABOVE", "BELOW"')]);
});

test('a dropped file replaces the chosen one, and can be removed with the keyboard', async () => {
  const { url } = await startGateway();
  const { page } = await open(DESKTOP, url);
  await chooseTab(page, 'UploadDocument');
  await chooseFiles(page, CONTRACT);
  await page.$eval('.sigillo-drop', (zone) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['%PDF-1.7'], 'dropped.pdf', { type: 'application/pdf' }));
    zone.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  });
  const remove = await page.waitForSelector('.sigillo-drop button[aria-label="Remove dropped.pdf"]');
  await remove?.focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction(`document.querySelectorAll('.sigillo-drop li').length === 0`);
});

test('a request is uploaded, sent and signed by keyboard alone', async () => {
  const { url } = await startGateway();
  const { page } = await open(DESKTOP, url);
  await page.focus('body');
  await tabTo(page, /^RequestSignature$/m);
  await page.keyboard.press('Enter');
  await page.waitForFunction(`document.querySelectorAll('.sigillo-drop').length === 2`);
  for (const [index, file] of [CONTRACT, NOTICE].entries()) {
    const chooser = await vi.waitFor(
      async () => {
        // Again from the tab: GraphiQL may render the pane once more, which takes the focus from a picker.
        await tabTo(page, new RegExp(`^input.documents.${index}.file`, 'm'));
        const opened = page.waitForFileChooser({ timeout: 10_000 });
        const [found] = await Promise.all([opened, page.keyboard.press('Space')]);
        return found;
      },
      { timeout: 60_000 },
    );
    await chooser.accept([file]);
    await page.waitForFunction(`document.querySelectorAll('.sigillo-drop li').length === ${index + 1}`);
  }
  await tabTo(page, /^Execute query/m);
  await page.keyboard.press('Enter');
  await shows(page, 'WAIT_FOR_SIGNATURE');
  await tabTo(page, /^SignatureRequestChanged$/m);
  await page.keyboard.press('Enter');
  await tabTo(page, /^Execute query/m);
  await page.keyboard.press('Enter');
  await page.waitForSelector('.sigillo-events summary');
  await tabTo(page, /^Sign$/m);
  await page.keyboard.press('Enter');
  await shows(page, '"SIGNED"');
});

test('an id that the user typed stays, and another known id can be chosen', async () => {
  const { url } = await startGateway();
  const { page } = await open(DESKTOP, url);
  const first = String((await run(page))['createDossier']?.['dossier']?.['id']);
  const second = String((await run(page))['createDossier']?.['dossier']?.['id']);
  await chooseTab(page, 'CreateSignatureRequest');
  await expect.poll(() => variables(page)).toContain(second);
  await page.select('.sigillo-pane select', first);
  await expect.poll(() => variables(page)).toContain(first);

  await edit(page, first, 'TYPED_BY_HAND');
  // GraphiQL takes the text over a moment later, and forgets it if another tab is selected before.
  await page.waitForFunction(`sessionStorage.getItem('graphiql:tabState').includes('TYPED_BY_HAND')`);
  await page.select('.sigillo-pane select', second);
  await chooseTab(page, 'FindSigner');
  await run(page);
  await chooseTab(page, 'CreateSignatureRequest');
  await expect.poll(() => variables(page)).not.toContain('PASTE_SIGNER_ID');
  expect(await variables(page)).toContain('TYPED_BY_HAND');
});

test('the policy of the page is enforced: an injected script does not run', async () => {
  const { url } = await startGateway();
  const { page, problems } = await open(DESKTOP, url, {
    mayWrite: /Content Security Policy|ERR_UNKNOWN_URL_SCHEME/,
  });
  const answer = await page.reload();
  expect(answer?.headers()['content-security-policy']).toMatch(/script-src 'self'; worker-src 'self';/);
  await page.evaluate(() => {
    for (const [name, value] of [
      ['textContent', 'globalThis.injected = 1'],
      ['src', 'https://evil.example/x.js'],
      ['src', 'data:text/javascript,globalThis.injected = 1'],
    ] as const)
      document.body.append(Object.assign(document.createElement('script'), { [name]: value }));
    document.body.insertAdjacentHTML('beforeend', '<img src="x:" onerror="globalThis.injected = 1">');
  });
  await expect.poll(() => problems.filter((text) => /script/i.test(text)).length).toBeGreaterThanOrEqual(3);
  expect(await page.evaluate('globalThis.injected')).toBeUndefined();
});

test('the token goes with every operation and upload, and is neither in the history nor kept after the tab', async () => {
  const issuer = await startTokenIssuer();
  const { url } = await startGateway({ auth: jwtOptions(issuer.url) });
  const { page } = await open(DESKTOP, url, { mayWrite: /401/ });
  const token = await issuer.sign({ role: 'operator' });
  await page.type('.sigillo-secret', token);
  await page.keyboard.press('Enter');
  await run(page);
  await page.click('.graphiql-editor-tools [data-name="headers"]');
  // The editor takes the focus some time after it has appeared.
  const headers = '[data-uri$="request-headers.json"]';
  const takesFocus = async (): Promise<unknown> => {
    await page.click(`.graphiql-editor-tool ${headers}`);
    return page.evaluate(`document.activeElement.closest('${headers}') !== null`);
  };
  await expect.poll(takesFocus).toBe(true);
  await page.keyboard.sendCharacter(`{"x-other": "secret-of-a-header"}`);
  await run(page);
  await expect
    .poll(() => page.evaluate(`sessionStorage.getItem('graphiql:queries')`))
    .toContain('CreateDossier');
  await page.waitForFunction(`!document.querySelector('.graphiql-spinner')`);
  const kept = await page.evaluate(() => ({
    session: Object.entries(sessionStorage).filter(([name]) => name !== 'sigillo:token'),
    local: Object.entries(localStorage),
    address: location.href,
  }));
  expect(JSON.stringify(kept)).not.toContain(token.slice(0, 20));
  expect(JSON.stringify(kept)).not.toContain('secret-of-a-header');
  expect(kept.local).toEqual([]);
  expect(kept.address).toBe(url);
});

test('a gateway that does not answer is reported in words, also during an upload', async () => {
  const { url, close } = await startGateway();
  const { page } = await open(DESKTOP, url, { mayWrite: /ERR_/ });
  await chooseTab(page, 'UploadDocument');
  await chooseFiles(page, CONTRACT);
  // The editor loads its three workers from the gateway when it first needs them. The network says less:
  // the end of a worker's request is sometimes not reported, and the page then never counts as idle.
  await expect.poll(() => page.workers().length).toBe(3);
  await Promise.all(page.workers().map((worker) => worker.evaluate('self.name')));
  await close();
  for (const tab of ['UploadDocument', 'FindSigner', 'SignatureRequestChanged']) {
    await chooseTab(page, tab);
    await page.click('.graphiql-execute-button');
    await shows(page, 'The gateway did not answer. Check whether it runs');
  }
});

test('selecting another tab ends the subscription', async () => {
  const { url, sandbox } = await startGateway();
  const { requests } = await sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] });
  const { page } = await open(DESKTOP, url);
  await chooseTab(page, 'SignatureRequestChanged');
  await edit(page, 'PASTE_REQUEST_ID', requests[0]?.id ?? '');
  const stopped = new Promise<string>((resolve) => {
    page.on('requestfailed', (request) => resolve(request.failure()?.errorText ?? ''));
  });
  await page.click('.graphiql-execute-button');
  await shows(page, 'WAIT_FOR_SIGNATURE');
  await chooseTab(page, 'FindSigner');
  expect(await stopped).toBe('net::ERR_ABORTED');
});

test('a query in the URL opens in an additional tab, and a reload keeps the edited text', async () => {
  const { url } = await startGateway();
  const { page } = await open(DESKTOP, `${url}?query=${encodeURIComponent('query Linked { __typename }')}`);
  expect(await tabsOf(page)).toEqual([...TABS, 'Linked']);
  expect(await run(page)).toEqual({ __typename: 'Query' });
  await visit(page, url);
  await chooseTab(page, 'CreateSignatureRequest');
  await edit(page, 'PASTE_DOSSIER_ID', 'TYPED_BY_HAND');
  await page.waitForFunction(`sessionStorage.getItem('graphiql:tabState').includes('TYPED_BY_HAND')`);
  await visit(page, url);
  expect(await tabsOf(page)).toEqual([...TABS, 'Linked']);
  await expect.poll(() => variables(page)).toContain('TYPED_BY_HAND');
});

test('the documentation panel shows the descriptions of the schema', async () => {
  const { url } = await startGateway();
  const { page } = await open(DESKTOP, url);
  await page.click('button[aria-label="Show Documentation Explorer"]');
  await page.locator('.graphiql-doc-explorer ::-p-text(Mutation)').click();
  await page.waitForSelector('.graphiql-doc-explorer ::-p-text(Step 1: creates a dossier)');
});

test.each([
  ['light', DESKTOP],
  ['dark', DESKTOP],
  ['light', PHONE],
  ['dark', PHONE],
] as const)('axe-core finds nothing on the page (%s, %j)', async (scheme, viewport) => {
  const { url } = await startGateway();
  const { page } = await openPage(viewport);
  // GraphiQL chooses the theme of its editors when it starts.
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await visit(page, url);
  if (viewport === PHONE) await page.click('button[aria-label="Show Files and ids"]');
  await run(page);
  await chooseTab(page, 'RequestSignature');
  await chooseFiles(page, CONTRACT, NOTICE);
  await run(page);
  expect(await findingsOn(page)).toEqual([]);
  await picture(page, `graphiql-${scheme}-${viewport.width}`);
});

test('an Italian browser gets the pane and the comments in Italian', async () => {
  const { url } = await startGateway();
  const { page } = await openPage(DESKTOP);
  await page.evaluateOnNewDocument(`Object.defineProperty(navigator, 'language', { get: () => 'it-IT' })`);
  await visit(page, url);
  expect(await page.$eval('.sigillo-pane', (pane) => [pane.getAttribute('lang'), pane.textContent])).toEqual([
    'it',
    expect.stringContaining('Firma come cittadino'),
  ]);
  await page.waitForSelector('.graphiql-query-editor ::-p-text(Passo)');
});

test('on a phone everything is in one column that scrolls, and a file can be uploaded', async () => {
  const { url } = await startGateway();
  const { page } = await open(PHONE, url);
  await run(page);
  // Without a viewport setting a phone lays a page out 980 pixels wide.
  expect(await page.evaluate('[innerWidth, document.documentElement.scrollWidth]')).toEqual([390, 390]);
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
  await picture(page, 'graphiql-390');

  await page.click('button[aria-label="Show Files and ids"]');
  for (const tab of ['FindSigner', 'CreateSignatureRequest']) {
    await chooseTab(page, tab);
    await run(page);
  }
  await chooseTab(page, 'UploadDocument');
  await chooseFiles(page, CONTRACT);
  expect((await run(page))['uploadDocument']).toMatchObject({ document: { status: 'READY' } });
  await page.evaluate('scrollTo(0, 0)');
  await picture(page, 'graphiql-390-upload');
});
