import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import type { Viewport } from 'puppeteer-core';
import { expect, onTestFinished } from 'vitest';

/** Another Chromium or Chrome can be named by `CHROMIUM`. */
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

export interface PageExpectations {
  /** What a test that breaks something makes the browser write to the console. Any other message fails the test. */
  readonly mayWrite?: RegExp;
  /** A name that stands for this machine, and that a browser does not know as its own. */
  readonly hostName?: string;
}

/** A new browser that closes with the test, and a page whose every console message and exception fails the test. */
export async function openPage(viewport: Readonly<Viewport>, { mayWrite, hostName }: PageExpectations = {}) {
  const profile = await mkdtemp(join(tmpdir(), 'sigillo-chromium-'));
  const browser = await puppeteer.launch({
    executablePath: CHROMIUM,
    userDataDir: profile,
    // No sandbox because CI runs as root, where Chromium refuses to start with one.
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-component-update',
      ...(hostName === undefined ? [] : [`--host-resolver-rules=MAP ${hostName} 127.0.0.1`]),
    ],
  });
  onTestFinished(async () => {
    await browser.close();
    await rm(profile, { recursive: true, force: true });
  });
  const page = await browser.newPage();
  // As for the tests themselves: a busy machine makes a page slow, never red.
  page.setDefaultTimeout(100_000);
  await page.setViewport(viewport);
  /** What the console shows (including violations of the content security policy), and exceptions. */
  const problems: string[] = [];
  page.on('console', (message) => problems.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => problems.push(String(error)));
  onTestFinished(() => {
    expect(problems.filter((problem) => mayWrite?.test(problem) !== true)).toEqual([]);
  });
  /** Origins to which the page sent requests, except `blob:` and `data:`. */
  const origins = new Set<string>();
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'blob:' && url.protocol !== 'data:') origins.add(url.origin);
  });
  return { page, problems, origins };
}
