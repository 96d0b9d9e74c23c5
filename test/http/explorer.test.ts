import { expect, test } from 'vitest';
import { explorerTabs } from '../../src/graphql/explorer/explorer.ts';
import { startGateway } from '../support/start-gateway.ts';

const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

test('there is a tab for each of the five steps, in order, with its variables, and one that watches', () => {
  const tabs = explorerTabs();
  expect(tabs.map(({ title }) => title)).toEqual([
    'CreateDossier',
    'FindSigner',
    'CreateSignatureRequest',
    'UploadedDocument',
    'MarkReadyAndNotify',
    'SignatureRequestChanged',
  ]);
  for (const [index, { query, variables }] of tabs.entries()) {
    expect(query).toMatch(index < 5 ? new RegExp(`^# Step ${index + 1} of 5: `) : /^# Watch/);
    expect(JSON.parse(variables)).toBeTypeOf('object');
  }
});

test('comments fit the editor, but for the one line that is to be copied', () => {
  const lines = explorerTabs().flatMap(({ query }) => query.split('\n'));
  const tooWide = lines.filter((line) => line.startsWith('#') && line.length > 51);
  expect(tooWide).toEqual([expect.stringMatching(/^# REQUEST=PASTE_REQUEST_ID .*-F 0=@"\$FILE"$/)]);
});

test('a browser gets GraphiQL, under a policy that lets it load nothing from elsewhere', async () => {
  const { url } = await startGateway();
  const response = await fetch(url, { headers: BROWSER });
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const policy = response.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/https?:|\*/);
  const html = await response.text();
  expect(html).toContain('Step 1 of 5');
  expect(html.slice(0, html.indexOf('</head>'))).toContain(
    '<meta name="viewport" content="width=device-width, initial-scale=1" />',
  );
  expect(html.slice(0, html.indexOf('<script>'))).not.toMatch(/(?:src|href)="(?!data:)/);
});

test('the page travels compressed, and not again while it is the same', async () => {
  const { url } = await startGateway();
  const plain = await fetch(url, { headers: { ...BROWSER, 'accept-encoding': 'identity' } });
  expect(plain.headers.get('content-encoding')).toBeNull();
  const compressed = await fetch(url, { headers: { ...BROWSER, 'accept-encoding': 'br, gzip' } });
  expect(compressed.headers.get('content-encoding')).toBe('gzip');
  expect(await compressed.text()).toBe(await plain.text());
  const etag = compressed.headers.get('etag') ?? '';
  const again = await fetch(url, { headers: { ...BROWSER, 'if-none-match': etag } });
  expect(again.status).toBe(304);
  expect(await again.text()).toBe('');
});

test('a program that sends a query by GET gets its answer', async () => {
  const { url } = await startGateway();
  const response = await fetch(`${url}?query={__typename}`, { headers: { accept: 'application/json' } });
  expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
});
