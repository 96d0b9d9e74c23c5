import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import type { AxeResults } from 'axe-core';
import type { Page, Viewport } from 'puppeteer-core';
import { onTestFinished } from 'vitest';
import type { SandboxOptions } from '../../mocks/sandbox/http/server.ts';
import { openPage } from '../support/open-page.ts';
import { startGateway } from '../support/start-gateway.ts';

export const DESKTOP = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** The workbench of a gateway with its own sandbox, in English unless the language is another. */
export async function openWorkbench(viewport: Readonly<Viewport> = DESKTOP, options: SandboxOptions = {}) {
  const { url, sandbox } = await startGateway({}, options);
  const { page, problems, origins } = await openPage(viewport);
  const origin = new URL(url).origin;
  await page.goto(origin);
  await page.waitForSelector('.drop');
  return { page, problems, origins, origin, sandbox, url };
}

/** Loads the sample contract and waits until the page has drawn it and the gateway has inspected it. */
export async function chooseSample(page: Page): Promise<void> {
  await page.click('.drop button');
  await page.waitForSelector('.sheet[data-drawn=true]');
  await page.waitForSelector('.document-form .verdict.good');
}

/** From the draft to a request that waits for its signature, and its message on the phone. */
export async function send(page: Page): Promise<void> {
  await page.click('.send');
  await page.waitForSelector('.qr-code');
  await page.waitForSelector('.message');
}

/** Signs the first message of the phone. */
export async function sign(page: Page): Promise<void> {
  await page.click('.message');
  await page.waitForSelector('.clause');
  await page.click('.screen .btn-primary');
  await page.waitForSelector('.signed .sheet[data-drawn=true]');
}

export const textOf = (page: Page, selector: string): Promise<string> =>
  page.$eval(selector, ({ textContent }) => textContent ?? '');

/** Clicks the element with this role and name, as a screen reader knows it. */
export async function press(page: Page, name: string): Promise<void> {
  await page.locator(`::-p-aria(${name})`).click();
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The findings of axe, of every severity. */
export async function findingsOn(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}

/** Set it to update the screenshots of the README and the guide. */
const UPDATE_IMAGES = process.env['UPDATE_IMAGES'] !== undefined;

/** Writes what the page shows to `test-results`, and to `docs/images` if it has a name there. */
export async function picture(page: Page, state: string, documented?: string): Promise<void> {
  mkdirSync('test-results', { recursive: true });
  const width = page.viewport()?.width ?? 0;
  // The bar of the sandbox stays in view, which a picture of the whole page would show in its middle.
  await page.evaluate('scrollTo(0, 0)');
  await page.screenshot({ path: `test-results/workbench-${state}-${width}.png`, fullPage: true });
  if (UPDATE_IMAGES && documented !== undefined)
    await page.screenshot({ path: `docs/images/${documented}.png` });
}

/** A TCP proxy whose connections can be cut; until it is restored, it refuses others. */
export async function startCuttable(target: string) {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let isCut = false;
  let fatal: string | undefined;
  const cut = (): void => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((socket) => {
    if (isCut) return void socket.destroy();
    const upstream = connect(Number(port), hostname);
    socket.on('data', (chunk) => {
      if (fatal !== undefined && chunk.includes(fatal)) cut();
    });
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has an address of this form.
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    origin,
    cut,
    /** Cuts the connections as soon as a client has sent this text. */
    cutAt: (text: string): void => void (fatal = text),
    restore: (): void => {
      isCut = false;
      fatal = undefined;
    },
  };
}
