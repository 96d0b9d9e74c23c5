import { expect, test } from 'vitest';
import { startGateway } from '../support/start-gateway.ts';
import { jwtOptions, startTokenIssuer } from '../support/token-issuer.ts';
import { openPage } from './support-open-page.ts';
import {
  checkState,
  chooseSample,
  DESKTOP,
  openWorkbench,
  press,
  send,
  sign,
  startCuttable,
  violateContract,
} from './support-workbench.ts';

/** Each state is checked eight times. */
const LONG = { timeout: 400_000 };

test(
  'from the start to the signed document, every state is accessible in each language, width and colour scheme',
  LONG,
  async () => {
    const { page } = await openWorkbench();
    await checkState(page, 'start');
    await chooseSample(page);
    await page.click('.field-editor summary');
    await checkState(page, 'draft');
    await send(page);
    await checkState(page, 'waiting');
    await page.click('.message');
    await page.waitForSelector('.clause');
    await checkState(page, 'clauses');
    await page.click('.screen .back');
    await sign(page);
    await page.waitForSelector('.result.good');
    await page.click('.operation summary');
    await page.waitForSelector('.upstream-calls');
    await page.click('.upstream-calls summary');
    await checkState(page, 'signed');
  },
);

test('what goes wrong is as accessible as what goes right', LONG, async () => {
  const { page, sandbox } = await openWorkbench();
  await chooseSample(page);
  await page.locator('::-p-aria(Title of the document)').fill('X');
  await page.click('.send');
  await page.waitForSelector('.mistake');
  await checkState(page, 'mistake');
  await page.locator('::-p-aria(Title of the document)').fill('Contratto');
  sandbox.faults.add({ kind: 'back-office-outage' });
  await page.click('.send');
  await page.waitForSelector('.note.problem details');
  await page.click('.note.problem summary');
  await checkState(page, 'fault');
  sandbox.faults.clear();
  await page.click('.note.problem .btn');
  await page.waitForSelector('.message');
  sandbox.clock.freeze();
  await page.waitForSelector('.switch.alarming');
  await page.click('.message');
  await press(page, 'Let the provider fail');
  await page.waitForSelector('.result');
  await checkState(page, 'signing-frozen');
  await sandbox.clock.advance(90_000);
  await page.waitForSelector('.request-status .note.problem');
  await checkState(page, 'provider-failed');
});

test('each part of the sandbox is accessible', LONG, async () => {
  const { page, sandbox } = await openWorkbench();
  sandbox.faults.add({ kind: 'tokenizer-limit' });
  await violateContract(sandbox.url);
  await page.waitForSelector('[data-drawer=violations].alarming');
  await press(page, 'State');
  await press(page, 'Take a snapshot');
  await page.waitForSelector('.drawer ::-p-text(Restore snapshot 1)');
  for (const part of ['clock', 'faults', 'magic', 'state', 'violations']) {
    await page.click(`[data-drawer=${part}]`);
    await page.waitForSelector('.drawer');
    await checkState(page, `sandbox-${part}`);
  }
  expect(sandbox.takeViolations()).toHaveLength(1);
});

test('without a token, and without a connection, the page is accessible', LONG, async () => {
  const issuer = await startTokenIssuer();
  const closed = await openWorkbench(DESKTOP, { gateway: { auth: jwtOptions(issuer.url) }, mayWrite: /401/ });
  await closed.page.waitForSelector('.token-bar [role=alert]');
  await checkState(closed.page, 'token');

  const { url } = await startGateway();
  const line = await startCuttable(url);
  const { page } = await openPage(DESKTOP, { mayWrite: /ERR_|502/ });
  await page.goto(line.origin);
  await page.waitForSelector('.drop');
  await chooseSample(page);
  await send(page);
  line.cut();
  await page.waitForSelector('.note.warning');
  await checkState(page, 'connection-lost');
  expect(await page.$('.qr-code')).not.toBeNull();
});
