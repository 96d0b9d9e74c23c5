import { expect, test } from 'vitest';
import { openPage } from './support-open-page.ts';
import { startGateway } from '../support/start-gateway.ts';
import { jwtOptions, startTokenIssuer } from '../support/token-issuer.ts';
import { chooseSample, DESKTOP, openWorkbench, press, send, sign, textOf } from './support-workbench.ts';

test('a gateway with authentication asks for a token, which no text to copy contains', async () => {
  const issuer = await startTokenIssuer();
  const { page } = await openWorkbench(DESKTOP, {
    gateway: { auth: jwtOptions(issuer.url) },
    mayWrite: /401/,
  });
  await page.waitForSelector('.token-bar [role=alert] ::-p-text(Enter the token of an operator)');
  const use = async (token: string): Promise<void> => {
    await page.click('.token-bar input', { count: 3 });
    await page.keyboard.sendCharacter(token);
    await press(page, 'Use');
  };
  await use('wrong');
  await page.waitForSelector('.token-bar [role=alert] ::-p-text(The gateway refuses this token)');
  const token = await issuer.sign({ role: 'operator' });
  await use(token);
  await chooseSample(page);
  await send(page);
  // The stream ends with a token that is refused, and continues with the next one.
  await use('wrong');
  await page.waitForSelector('.token-bar [role=alert] ::-p-text(The gateway refuses this token)');
  await use(token);
  await page.waitForFunction(`document.querySelector('.token-bar [role=alert]') === null`);
  expect(await page.$('.qr-code')).not.toBeNull();
  await sign(page);
  // A link cannot send the token.
  await page.waitForSelector('.open-signed[href^="blob:"][download="Contratto.pdf"]');
  await page.click('.operation summary');
  for (const [tab, text] of [
    ['curl', '"Authorization: Bearer $TOKEN"'],
    ['TypeScript', 'process.env.TOKEN'],
    ['PHP', "getenv('TOKEN')"],
  ] as const) {
    await press(page, tab);
    await expect.poll(() => textOf(page, '.snippets pre')).toContain(text);
    expect(await textOf(page, '.snippets pre')).not.toContain(token.slice(0, 20));
  }
  // GraphiQL has the same token.
  await page.goto(`${new URL(page.url()).origin}/graphql`);
  await page.waitForFunction(`document.querySelector('.sigillo-secret')?.value === ${JSON.stringify(token)}`);
});

test('each operation is sent by the id of its document, without its text', async () => {
  const { page } = await openWorkbench();
  const bodies: Promise<string | undefined>[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/graphql')) bodies.push(request.fetchPostData());
  });
  await chooseSample(page);
  await send(page);
  await sign(page);
  await page.waitForSelector('.result.good');
  const sent = await Promise.all(bodies);
  // Inspection, request, two subscriptions, and reads of the status.
  expect(sent.length).toBeGreaterThan(4);
  for (const body of sent) {
    expect(body).toMatch(/"documentId":"[\da-f]{64}"/);
    expect(body).not.toContain('"query"');
  }
});

test('without HTTPS, on another machine than its own, the page sends texts', async () => {
  const hostName = 'firma.comune.example';
  const { url } = await startGateway({ protections: { allowedHosts: [hostName] } });
  const { page } = await openPage(DESKTOP, { hostName });
  const bodies: Promise<string | undefined>[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/graphql')) bodies.push(request.fetchPostData());
  });
  await page.goto(`http://${hostName}:${new URL(url).port}/`);
  await page.waitForSelector('.drop');
  await chooseSample(page);
  await send(page);
  await sign(page);
  expect((await Promise.all(bodies)).join()).not.toContain('documentId');
});

test('an injected script does not run, and nothing is sent to another origin', async () => {
  const { page } = await openWorkbench(DESKTOP, { mayWrite: /Content Security Policy/ });
  const blocked = await page.evaluate(`new Promise((resolve) => {
    const found = new Set();
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
      found.add(effectiveDirective);
      if (found.size === 4) resolve([...found].toSorted());
    });
    const script = document.createElement('script');
    script.textContent = 'window.hasRun = true';
    document.body.append(script);
    const image = document.createElement('div');
    image.innerHTML = '<img src="https://evil.example/a.png" onerror="window.hasRun = true">';
    fetch('https://evil.example/').catch(() => undefined);
  })`);
  expect(blocked).toEqual(['connect-src', 'img-src', 'script-src-attr', 'script-src-elem']);
  expect(await page.evaluate('window.hasRun')).toBeUndefined();
});
