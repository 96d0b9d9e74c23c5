import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { Program } from './server-process.ts';

/** A server to measure. */
export interface Contestant {
  readonly name: string;
  readonly label: string;
  /** Whether it has the schema of the gateway. */
  readonly isOurs: boolean;
  /** Processes that answer requests. Each gets as many connections as a server of one process. */
  readonly processes: number;
  readonly program: Program;
}

export interface Surroundings {
  /** The origin of the service. */
  readonly service: string;
  readonly tokens: TokenIssuer;
}

const fileOf = (path: string): string => resolve(import.meta.dirname, path);

/** The gateway as in production, with everything on, and limits that the load does not reach. */
function gateway(main: string, { service }: Surroundings, env: Record<string, string>): Program {
  return {
    args: [main],
    env: {
      FIRMA_API_KEY: 'bench',
      FIRMA_API_URL: service,
      RATE_LIMIT_PER_MINUTE: '1000000',
      RATE_BUDGET_CALLS: '100000',
      RATE_BUDGET_WINDOW_SECONDS: '1',
      ALLOWED_HOSTS: '127.0.0.1',
      ...env,
    },
  };
}

const METRICS = { METRICS_PORT: '0' };
const tokenChecks = ({ tokens }: Surroundings) => ({
  AUTH: 'jwt',
  AUTH_JWKS_URL: tokens.jwksUrl,
  AUTH_ISSUER: 'bench',
  AUTH_AUDIENCE: 'sigillo',
});

const MAIN = fileOf('../src/main.ts');
/** What the package and the images run. */
const BUILT = fileOf('../dist/src/main.js');
const peer = (file: string, { service }: Surroundings): Program => ({
  args: [fileOf(file)],
  env: { FIRMA_API_URL: service },
});

/**
 * @param also other checkouts of the gateway, each a contestant with tokens
 * @param flags of Node, separated by spaces, each a contestant with tokens
 */
export function contestantsOf(
  surroundings: Surroundings,
  also: readonly string[],
  flags: readonly string[] = [],
): Contestant[] {
  const withoutMetrics = tokenChecks(surroundings);
  const jwt = { ...withoutMetrics, ...METRICS };
  const ours = (name: string, label: string, env: Record<string, string>, main = MAIN): Contestant => ({
    name,
    label,
    isOurs: true,
    processes: Number(env['WEB_CONCURRENCY'] ?? 1),
    program: gateway(main, surroundings, env),
  });
  const theirs = (name: string, label: string, file: string): Contestant => ({
    name,
    label,
    isOurs: false,
    processes: 1,
    program: peer(file, surroundings),
  });
  const redis = { ...jwt, REDIS_URL: process.env['REDIS_URL'] ?? '' };
  const traces = { ...jwt, OTEL_EXPORTER_OTLP_ENDPOINT: surroundings.service };
  return [
    theirs('floor', 'floor: node:http, compiled GraphQL, undici', 'servers/floor.ts'),
    theirs('yoga', 'plain graphql-yoga, undici', 'servers/yoga.ts'),
    ...(existsSync(fileOf('rivals/node_modules/mercurius'))
      ? [theirs('mercurius', 'Mercurius with its JIT, undici', 'rivals/mercurius.mjs')]
      : []),
    ours('none', 'Sigillo, AUTH=none', { AUTH: 'none', ...METRICS }),
    ours('jwt', 'Sigillo, AUTH=jwt', jwt),
    ...also.map((path, nth) =>
      ours(`also${nth + 1}`, `Sigillo of ${path}, AUTH=jwt`, jwt, resolve(path, 'src/main.ts')),
    ),
    ...flags.map((given, nth) => {
      const contestant = ours(`flags${nth + 1}`, `Sigillo, AUTH=jwt, node ${given}`, jwt);
      const { args, env } = contestant.program;
      return { ...contestant, program: { args: [...given.split(' '), ...args], env } };
    }),
    ...(existsSync(BUILT) ? [ours('built', 'Sigillo as built, AUTH=jwt', jwt, BUILT)] : []),
    ours('redis', 'Sigillo, AUTH=jwt, with Redis', redis),
    ours('workers', 'the same, two workers', {
      ...redis,
      WEB_CONCURRENCY: '2',
      UPSTREAM_CONNECTIONS: '100', // as many for each worker as for one process
    }),
    ours('no-metrics', 'Sigillo, AUTH=jwt, no metrics', withoutMetrics),
    ours('traces', 'Sigillo, AUTH=jwt, with traces', traces),
    ours('some-traces', 'Sigillo, AUTH=jwt, 1 trace in 100', {
      ...traces,
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.01',
    }),
  ];
}

const CALLERS = 32;

/** Signs tokens with RS256, as most issuers do, and serves its key. */
export class TokenIssuer {
  readonly jwksUrl: string;
  /** Of different callers. */
  readonly tokens: readonly string[];

  private constructor(jwksUrl: string, tokens: readonly string[]) {
    this.jwksUrl = jwksUrl;
    this.tokens = tokens;
  }

  static async start(): Promise<TokenIssuer> {
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'bench', alg: 'RS256', use: 'sig' };
    const server = createServer((_, res) => {
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [jwk] }));
    });
    server.listen(0, '127.0.0.1').unref();
    await once(server, 'listening');
    // The address of a TCP server has this form.
    const { port } = server.address() as AddressInfo;
    const tokens = Array.from({ length: CALLERS }, (_, nth) =>
      new SignJWT({ role: 'operator' })
        .setProtectedHeader({ alg: 'RS256', kid: 'bench', typ: 'at+jwt' })
        .setIssuer('bench')
        .setAudience('sigillo')
        .setSubject(`caller-${nth}`)
        .setExpirationTime('8h')
        .sign(privateKey),
    );
    return new TokenIssuer(`http://127.0.0.1:${port}/keys`, await Promise.all(tokens));
  }
}
