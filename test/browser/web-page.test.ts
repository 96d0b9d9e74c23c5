import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleClient } from '../../scripts/bundle-client.ts';
import { startHttpStub } from '../support/http-stub.ts';
import { openPage } from './support-open-page.ts';
import type { PageExpectations } from './support-open-page.ts';
import { readQrCode } from '../support/read-qr-code.ts';
import { startGateway } from '../support/start-gateway.ts';
import { findingsOn } from './support-workbench.ts';
import { temporaryFile } from '../support/api-keys.ts';

/** Set it to update the screenshot. */
const UPDATE_IMAGES = process.env['UPDATE_IMAGES'] !== undefined;
const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const CITIZEN = { fiscalCode: 'SPNDNL80R13C555X' };
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html',
  css: 'text/css',
  js: 'text/javascript',
};

const clientFile = join(mkdtempSync(join(tmpdir(), 'sigillo-client-')), 'sigillo-client.js');
beforeAll(() => bundleClient(clientFile));
afterAll(() => rmSync(dirname(clientFile), { recursive: true }));

/** The page of `examples/web-page`, served by a separate origin that the gateway lists. */
async function openExample(
  viewport: { readonly width: number; readonly height: number },
  expectations: PageExpectations = {},
) {
  const site = await startHttpStub(({ path }, res) => {
    const name = new URL(path, 'http://site').pathname.slice(1) || 'index.html';
    const type = TYPES[name.split('.').at(-1) ?? ''] ?? 'text/plain';
    const file = name === basename(clientFile) ? clientFile : `examples/web-page/${name}`;
    res.writeHead(200, { 'content-type': type }).end(readFileSync(file));
  });
  const { url, sandbox, close } = await startGateway({ protections: { corsOrigins: [site.origin] } });
  const { page, origins } = await openPage(viewport, expectations);
  await page.goto(`${site.origin}/?gateway=${encodeURIComponent(url)}`);
  return { page, origins, sandbox, site, url, close };
}

async function choose(page: Page, ...files: string[]): Promise<void> {
  const input = await page.waitForSelector('input[type=file]');
  // Puppeteer types the element by its selector only.
  await (input as unknown as { uploadFile(...paths: string[]): Promise<void> }).uploadFile(...files);
}

async function fill(page: Page, fiscalCode: string): Promise<void> {
  await page.click('[name=fiscalCode]', { count: 3 });
  await page.keyboard.type(fiscalCode);
}

const textOf = (page: Page, selector: string): Promise<string> =>
  page.$eval(selector, ({ textContent }) => textContent ?? '');
const submit = (page: Page): Promise<void> => page.click('form button');
/** The texts of all errors that the page shows. */
const errorOn = (page: Page): Promise<string> =>
  page.$$eval('.error', (errors) => errors.map(({ textContent }) => textContent).join(''));

test.each([
  ['desk', DESKTOP],
  ['phone', PHONE],
])(
  'two PDFs become a QR code, and the page shows the signature without a reload (on a %s)',
  async (_, viewport) => {
    const { page, origins, sandbox, site, url } = await openExample(viewport);
    await choose(page, 'examples/contratto.pdf', 'examples/informativa.pdf');
    await submit(page);
    await page.waitForSelector('figure:not([hidden])');
    await expect
      .poll(() => textOf(page, '[role=status]'))
      .toBe('The request was sent. Waiting for the signature.');
    const [id = ''] = sandbox.citizen.waiting(CITIZEN).map((request) => request.id);
    const link = await page.$eval('figure a', (element) => element.getAttribute('href'));
    expect(link).toContain(id);
    expect(await page.$eval('progress', ({ value }) => value)).toBe(1);
    const picture = await page.$('figure img');
    expect(readQrCode(Buffer.from((await picture?.screenshot()) ?? []))).toBe(link);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    if (UPDATE_IMAGES && viewport === PHONE)
      await page.screenshot({ path: 'docs/images/web-page.png', fullPage: true });

    await sandbox.citizen.sign(id);
    await expect.poll(() => textOf(page, '[role=status]')).toBe('The documents are signed.');
    const files = await page.$$eval('li a', (links) =>
      links.map((each) => [each.textContent, each.getAttribute('href') ?? '']),
    );
    expect(files.map(([title]) => title)).toEqual(['contratto', 'informativa']);
    for (const [, address = ''] of files) expect((await fetch(address ?? '')).status).toBe(200);
    expect(origins).toEqual(new Set([site.origin, new URL(url).origin]));
  },
);

test('the page shows the error, and the corrected form creates another request', async () => {
  const { page, sandbox } = await openExample(DESKTOP);
  const noPdf = temporaryFile('lettera.pdf', 'Gentile cittadina');
  await choose(page, noPdf);
  await submit(page);
  await expect.poll(() => errorOn(page)).toContain('not a PDF');
  await fill(page, 'SNZAPP80A01H501C');
  await submit(page);
  await expect.poll(() => errorOn(page)).toContain('do not use the IO app');
  await fill(page, 'SPNDNL80R13C555X');
  await choose(page, 'examples/contratto.pdf');
  await submit(page);
  await page.waitForSelector('figure:not([hidden])');
  expect(await errorOn(page)).toBe('');
  expect(sandbox.citizen.waiting(CITIZEN)).toHaveLength(1);
});

test('the same form sent again returns the same request', async () => {
  const { page, sandbox } = await openExample(DESKTOP);
  await choose(page, 'examples/contratto.pdf');
  sandbox.faults.add({ kind: 'status', status: 500, operation: 'setSignatureRequestStatus', count: 10 });
  await submit(page);
  await expect.poll(() => errorOn(page)).not.toBe('');
  sandbox.faults.clear();
  await submit(page);
  await page.waitForSelector('figure:not([hidden])');
  const created = sandbox.journal.entries({ operationId: 'createSignatureRequest' });
  expect(created).toHaveLength(1);
});

test('each error is shown beside its input, in the language of the page', async () => {
  const { page } = await openExample(DESKTOP);
  await page.click('[data-language=it]');
  expect(await page.$eval('html', (html) => html.getAttribute('lang'))).toBe('it');
  await submit(page);
  await expect.poll(() => textOf(page, '#files-error')).toBe('Scegli almeno un documento PDF.');
  await choose(page, 'examples/contratto.pdf');
  await fill(page, 'ABC');
  await submit(page);
  await expect.poll(() => textOf(page, '#fiscal-code-error')).toContain('Il codice fiscale non è corretto.');
  expect(await findingsOn(page)).toEqual([]);
});

test('while the gateway does not answer, the page says so in a sentence', async () => {
  const { page, close } = await openExample(DESKTOP, { mayWrite: /ERR_CONNECTION/ });
  await choose(page, 'examples/contratto.pdf');
  await close();
  await submit(page);
  await expect.poll(() => textOf(page, '#form-error')).toContain('The service cannot be reached.');
});

test('an upload in a browser reports its progress, and is aborted with the reason of the signal', async () => {
  const { page, url, sandbox } = await openExample(DESKTOP);
  const seen = await page.evaluate(`(async () => {
    const { RequestSignature, SigilloClient } = await import('/${basename(clientFile)}');
    const client = new SigilloClient({ url: ${JSON.stringify(url)} });
    const file = new File(['%PDF-', new Uint8Array(4_000_000)], 'grande.pdf', { type: 'application/pdf' });
    const variables = {
      input: {
        dossier: { create: { title: 'Contratti' } },
        signer: { fiscalCode: '${CITIZEN.fiscalCode}' },
        documents: [{ title: 'Contratto', file }],
      },
    };
    let sent;
    const abort = new AbortController();
    const reason = await client
      .run(RequestSignature, variables, {
        signal: abort.signal,
        onProgress(progress) {
          sent = progress;
          abort.abort('enough');
        },
      })
      .catch((error) => error);
    return { reason, hasTotal: sent.totalBytes > file.size, isPart: sent.sentBytes <= sent.totalBytes };
  })()`);
  expect(seen).toEqual({ reason: 'enough', hasTotal: true, isPart: true });
  expect(sandbox.citizen.waiting(CITIZEN)).toEqual([]);
});
