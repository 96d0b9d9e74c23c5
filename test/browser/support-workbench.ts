import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import type { AxeResults } from 'axe-core';
import type { Page, Viewport } from 'puppeteer-core';
import { expect, onTestFinished } from 'vitest';
import type { SandboxOptions } from '../../mocks/sandbox/http/server.ts';
import type { GatewayOverrides } from '../support/gateway-options.ts';
import { openPage } from './support-open-page.ts';
import type { PageExpectations } from './support-open-page.ts';
import { startGateway } from '../support/start-gateway.ts';

export const DESKTOP = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** The workbench of a gateway with its own sandbox, in English. */
export async function openWorkbench(
  viewport: Readonly<Viewport> = DESKTOP,
  {
    mayWrite,
    gateway = {},
    ...options
  }: SandboxOptions & PageExpectations & { gateway?: GatewayOverrides } = {},
) {
  const { url, sandbox } = await startGateway(gateway, options);
  const { page, origins } = await openPage(viewport, { ...(mayWrite && { mayWrite }) });
  const origin = new URL(url).origin;
  await page.goto(origin);
  await page.waitForSelector('.drop');
  return { page, origins, origin, sandbox, url };
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

/** Sends a body that the contract does not permit, past the gateway. */
export async function violateContract(sandboxUrl: string): Promise<void> {
  await fetch(`${sandboxUrl}/dossiers`, {
    method: 'POST',
    headers: { 'ocp-apim-subscription-key': 'sandbox', 'content-type': 'application/json' },
    body: '{"title":1}',
  });
}

export const textOf = (page: Page, selector: string): Promise<string> =>
  page.$eval(selector, ({ textContent }) => textContent ?? '');

/** Clicks the element with this role and name, as a screen reader knows it. */
export async function press(page: Page, name: string): Promise<void> {
  await page.locator(`::-p-aria(${name})`).click();
}

/** Presses Tab until the element with this text or label has the focus. */
export async function tabTo(page: Page, name: RegExp): Promise<void> {
  const focused = `(() => {
    const element = document.activeElement;
    const label = element.labels?.[0]?.textContent ?? '';
    return [element.getAttribute('aria-label') ?? '', label, element.textContent.trim()].join('\\n');
  })()`;
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab');
    if (name.test(String(await page.evaluate(focused)))) return;
  }
  throw new Error(`Tab never reaches ${String(name)}`);
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The findings of axe, of every severity. @param rules all unless given */
export async function findingsOn(page: Page, rules?: readonly string[]): Promise<string[]> {
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(AXE);
  const options = { resultTypes: ['violations'], ...(rules && { runOnly: rules }) };
  const { violations } = (await page.evaluate(`axe.run(${JSON.stringify(options)})`)) as AxeResults;
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}

/** The rules of axe whose result depends on colours. */
const OF_COLOURS = ['color-contrast', 'link-in-text-block'];

/**
 * Checks what the page shows now in both languages, at both widths, light and dark: axe finds nothing, and nothing is wider
 * than the window. Writes pictures of it.
 */
export async function checkState(page: Page, state: string): Promise<void> {
  const findings: string[] = [];
  for (const language of ['it', 'en'] as const) {
    await page.click(`header.top button[lang=${language}]`);
    await page.waitForSelector(`html[lang=${language}]`);
    for (const viewport of [PHONE, DESKTOP]) {
      await page.setViewport(viewport);
      for (const scheme of ['dark', 'light'] as const) {
        await page.emulateMediaFeatures([
          { name: 'prefers-color-scheme', value: scheme },
          { name: 'prefers-reduced-motion', value: 'reduce' },
        ]);
        const found = await findingsOn(page, scheme === 'dark' ? OF_COLOURS : undefined);
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        if (overflow !== 0) found.push(`${String(overflow)} pixels wider than the window`);
        findings.push(
          ...found.map((finding) => `${state}, ${language}, ${viewport.width}, ${scheme}: ${finding}`),
        );
        if ((language === 'it') === (scheme === 'dark'))
          await picture(page, `${state}-${language}-${scheme}`);
      }
    }
  }
  // So that one run shows the findings of all states.
  expect.soft(findings).toEqual([]);
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
