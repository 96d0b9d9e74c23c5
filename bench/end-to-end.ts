import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { Pool } from 'undici';
import { inParallel, measure, printCosts } from './rounds.ts';
import type { Contestant } from './rounds.ts';

/*
 * Measures the processor time of a query and a mutation over HTTP in the gateway (`src/main.ts`) in production, with and
 * without tokens, next to a bare server that sends the same bytes and plain graphql-yoga with the same schema. Each runs in
 * its own process, and so does the service, which answers immediately; the rounds alternate. It asserts only that the
 * answers are right. About a minute.
 *
 *   npm run bench:end-to-end
 *   npm run bench:end-to-end -- ../other     compares the gateway of another checkout
 *
 * `NODE_OPTIONS_OF_GATEWAY=--cpu-prof` applies to the gateway with tokens only.
 */
const ROUNDS = 7;
const UNITS = 2_000;
const WIDTH = 16;
const [, , other] = process.argv;

const QUERY = `query Read($id: ID!) { signatureRequest(id: $id) {
  id status signerId createdAt expiresAt documents { id title status } } }`;
const MUTATION = `mutation Create($input: CreateDossierInput!) { createDossier(input: $input) {
  __typename
  ... on CreateDossierPayload { dossier { id title documents { title } } }
  ... on InvalidInputError { fieldErrors { path message } }
  ... on Error { code message } } }`;
const DOSSIER = { title: 'Contratti', documents: [{ title: 'Contratto' }] };

const OPERATIONS = {
  // A new id each time, because concurrent identical reads share one call.
  'the query signatureRequest': (nth: number) => ({
    query: QUERY,
    variables: { id: `01KJYMD75M8Q4V6W9X0Y2${String(nth % 100_000).padStart(5, '0')}` },
  }),
  'the mutation createDossier': (nth: number) => ({
    query: MUTATION,
    variables: { input: { ...DOSSIER, title: `Contratti ${nth}` } },
  }),
} as const;
const RIGHT =
  /^\{"data":\{"(signatureRequest":\{"id":"01|createDossier":\{"__typename":"CreateDossierPayload")/;

const children = new Set<ChildProcess>();

function start(file: string | URL, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const child = fork(new URL(file, import.meta.url), args, {
    execArgv: ['--import', new URL('cpu-probe.ts', import.meta.url).href],
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  children.add(child);
  return child;
}

const stub = fork(new URL('service-stub.ts', import.meta.url));
const [servicePort] = (await once(stub, 'message')) as [number]; // what service-stub.ts sends
const service = `http://127.0.0.1:${servicePort}`;

/** Most issuers sign with RS256. */
const { privateKey, publicKey } = await generateKeyPair('RS256');
const jwk = { ...(await exportJWK(publicKey)), kid: 'bench', alg: 'RS256', use: 'sig' };
const issuer = createServer((_, res) => {
  res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [jwk] }));
});
issuer.listen(0, '127.0.0.1');
await once(issuer, 'listening');
// The address of a TCP server has this form.
const { port: issuerPort } = issuer.address() as AddressInfo;
const token = await new SignJWT({ role: 'operator' })
  .setProtectedHeader({ alg: 'RS256', kid: 'bench', typ: 'at+jwt' })
  .setIssuer('bench')
  .setAudience('sigillo')
  .setSubject('a-caller')
  .setExpirationTime('1h')
  .sign(privateKey);

interface Server {
  readonly name: string;
  readonly child: ChildProcess;
  readonly pool: Pool;
}

async function started(name: string, child: ChildProcess): Promise<Server> {
  let said = '';
  while (!/http:\S+\/graphql/.test(said)) {
    const [text] = await once(child.stdout ?? child, 'data');
    said += String(text);
  }
  child.stdout?.resume();
  const { origin } = new URL(/http:\S+?\/graphql/.exec(said.slice(said.indexOf('http:')))?.[0] ?? '');
  return { name, child, pool: new Pool(origin.replace('localhost', '127.0.0.1'), { connections: WIDTH }) };
}

const floor = (name: string, kind: string): Promise<Server> =>
  started(name, start('end-to-end-floor.ts', [kind], { FIRMA_API_URL: service }));

/** As in production, but with limits that the load does not reach. */
function gateway(
  name: string,
  env: NodeJS.ProcessEnv,
  main: string | URL = '../src/main.ts',
): Promise<Server> {
  const child = start(main, [], {
    NODE_ENV: 'production',
    PORT: '0',
    FIRMA_API_KEY: 'bench',
    FIRMA_API_URL: `${service}/api/v1/sign`,
    RATE_LIMIT_PER_MINUTE: '1000000',
    RATE_BUDGET_CALLS: '100000',
    ALLOWED_HOSTS: 'firma.comune.example',
    CORS_ORIGINS: 'https://portale.comune.example',
    ...env,
  });
  return started(name, child);
}

const TOKENS = {
  AUTH: 'jwt',
  AUTH_JWKS_URL: `http://127.0.0.1:${issuerPort}/keys`,
  AUTH_ISSUER: 'bench',
  AUTH_AUDIENCE: 'sigillo',
};

const servers = [
  await floor('a bare server that answers the same bytes', 'bare'),
  await floor('plain graphql-yoga, the answer at hand', 'yoga'),
  await floor('plain graphql-yoga that calls the service by undici', 'calls'),
  await gateway('the gateway in production, AUTH=none', { AUTH: 'none' }),
  await gateway('the gateway in production, AUTH=jwt', {
    ...TOKENS,
    NODE_OPTIONS: process.env['NODE_OPTIONS_OF_GATEWAY'],
  }),
  ...(other === undefined
    ? []
    : [await gateway('the other gateway, AUTH=jwt', TOKENS, pathToFileURL(`${other}/src/main.ts`))]),
];

async function cpuOf(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [micros] = (await once(child, 'message')) as [number]; // what cpu-probe.ts sends
  return micros;
}

const headers = {
  'content-type': 'application/json',
  accept: 'application/json',
  authorization: `Bearer ${token}`,
};

function contestant({ name, child, pool }: Server, operationOf: (nth: number) => object): Contestant {
  let asked = 0;
  const ask = async (): Promise<void> => {
    const body = JSON.stringify(operationOf((asked += 1)));
    const answer = await pool.request({ path: '/graphql', method: 'POST', headers, body });
    const text = await answer.body.text();
    if (!RIGHT.test(text)) throw new Error(`${name}: ${answer.statusCode} ${text}`);
  };
  return {
    name,
    async work(units) {
      const before = await cpuOf(child);
      await inParallel(units, WIDTH, ask);
      return (await cpuOf(child)) - before;
    },
  };
}

try {
  for (const [title, operationOf] of Object.entries(OPERATIONS)) {
    const contestants = servers.map((server) => contestant(server, operationOf));
    printCosts(title, await measure(contestants, { rounds: ROUNDS, units: UNITS }));
  }
} finally {
  for (const { pool } of servers) await pool.close();
  const ends = [...children].map(async (child) => {
    child.kill();
    await once(child, 'exit');
  });
  await Promise.all(ends);
  stub.disconnect();
  issuer.close();
  issuer.closeAllConnections();
}
