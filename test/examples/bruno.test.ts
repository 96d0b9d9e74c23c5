import { expect, test } from 'vitest';
import { readPage } from '../docs/support-pages.ts';
import { keysText, temporaryFile } from '../support/api-keys.ts';
import { runMain } from '../support/start-main.ts';
import { runIn } from './run-commands.ts';

const page = readPage('examples/bruno/README.md');

/** Runs the command of a section in a collection, with other values than those of its environment. */
async function runCollection(heading: string, collection: string, values: Readonly<Record<string, string>>) {
  const [command = ''] = page.blocks('sh', heading);
  expect(command).toContain('run --env local');
  const others = Object.entries(values).map(([name, value]) => ` --env-var ${name}=${value}`);
  return runIn(`examples/bruno/${collection}`, command.trim() + others.join(''), process.env);
}

/** The program with these variables: the URL of the gateway and the origin of its sandbox. */
async function start(env: Readonly<Record<string, string>>) {
  const main = runMain(env);
  const url = await main.url();
  const [, sandbox = ''] = /sandbox at (http:\/\/[^/]+)/.exec(main.output.stdout) ?? [];
  return { url, sandbox };
}

test('every operation of the collection succeeds in order, with an API key', async () => {
  const keys = temporaryFile('keys.json', keysText({ right: { name: 'office', role: 'operator' } }));
  const { url } = await start({ AUTH: 'api-key', AUTH_API_KEYS_FILE: keys });
  const result = await runCollection('The operations of Sigillo', 'graphql', { url, key: 'right' });
  expect(result, result.stdout + result.stderr).toMatchObject({ code: 0 });
  expect(result.stdout).toContain('18 (18 Passed)');
});

test('every control call of the collection succeeds in order', async () => {
  const { sandbox } = await start({});
  const values = { control: `${sandbox}/_sandbox`, api: `${sandbox}/api/v1/sign` };
  const result = await runCollection('The control API of the sandbox', 'sandbox-control', values);
  expect(result, result.stdout + result.stderr).toMatchObject({ code: 0 });
  expect(result.stdout).toContain('25 (25 Passed)');
});

test('the collection fails with a key that the gateway does not know', async () => {
  const keys = temporaryFile('keys.json', keysText({ right: { name: 'office', role: 'operator' } }));
  const { url } = await start({ AUTH: 'api-key', AUTH_API_KEYS_FILE: keys });
  const result = await runCollection('The operations of Sigillo', 'graphql', { url });
  expect(result.code).toBe(1);
  expect(result.stdout).toContain('401');
});
