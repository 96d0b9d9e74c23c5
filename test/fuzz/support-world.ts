import { startSandbox } from '../../mocks/sandbox/http/server.ts';
import type { Sandbox } from '../../mocks/sandbox/http/server.ts';
import { startGatewayProcess } from './support-gateway.ts';
import type { GatewayProcess } from './support-gateway.ts';
import { settled } from './support-patience.ts';
import { SETTINGS } from './support-settings.ts';
import type { WorldName } from './support-settings.ts';
import { VerdictError } from './support-verdict.ts';
import { HOSTILE_TEXTS, targetsOf } from './support-values.ts';
import type { Ids, Target } from './support-values.ts';
import { Wire } from './support-wire.ts';
import type { WireAnswer } from './support-wire.ts';

export { WORLDS } from './support-settings.ts';

/** The longest permitted processor time of one event loop turn; see `support-probe.ts`. */
const LONGEST_BLOCK_MS = 2_000;
/** The maximum number of connections to the service. */
const CONNECTIONS = 4;

/** A gateway under attack, and what the attackers know. */
export interface World {
  readonly gateway: GatewayProcess;
  readonly sandbox: Sandbox;
  readonly ids: Ids;
  /** Documents in WAIT_FOR_UPLOAD. */
  readonly drafts: readonly Target[];
  /** Downloadable documents, whose titles are not valid file names. */
  readonly signed: readonly Target[];
  /** Documents of another tenant. */
  readonly foreign: readonly Target[];
  /** Values of the header Authorization; empty without authentication. */
  readonly credentials: readonly string[];
  readonly secrets: readonly string[];
  /** The value of the header Host. */
  readonly host: string;
  /** The bytes of a valid request, whose answer `isGood` recognises by its mark. */
  good(mark: string, headers?: readonly string[]): Buffer;
  isGood(answer: WireAnswer, mark: string): boolean;
  /** The result of `work`, within the time limit. @throws {HangError} */
  settled<T>(work: Promise<T>): Promise<T>;
  /** Checks that the gateway is as healthy as at the start. @throws {VerdictError} */
  checkHealth(): Promise<void>;
  close(): Promise<void>;
}

export async function startWorld(name: WorldName): Promise<World> {
  const sandbox = await startSandbox({ timeScale: 0.01, rateLimit: false });
  const { env, host, credentials, secrets, issuer, foreign, ...rest } = await SETTINGS[name](sandbox);
  const { idleSockets = 0, checkOthers = () => Promise.resolve() } = rest;
  const gateway = await startGatewayProcess({
    UPSTREAM_CONNECTIONS: String(CONNECTIONS),
    // Without a rate limit in the sandbox, because waiting for a slot would look like a hang.
    RATE_BUDGET_CALLS: '100000',
    // On a busy machine overload is not a fault of the gateway.
    MAX_EVENT_LOOP_DELAY_MS: '0',
    ...env,
  });

  const good = (mark: string, headers: readonly string[] = []): Buffer => {
    const body = `{"query":"{ ${mark}: __typename }"}`;
    const lines = [
      'POST /graphql HTTP/1.1',
      `Host: ${host}`,
      'Content-Type: application/json',
      'Accept: application/json',
      ...credentials.slice(0, 1).map((credential) => `Authorization: ${credential}`),
      `Content-Length: ${body.length}`,
      ...headers,
    ];
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
  };
  const isGood = ({ status, body }: WireAnswer, mark: string): boolean =>
    status === 200 && body === `{"data":{"${mark}":"Query"}}`;
  const askAnother = async (): Promise<void> => {
    const wire = await Wire.open(gateway.url);
    try {
      wire.write(good('another'));
      const answer = await wire.answer();
      if (answer === undefined || !isGood(answer, 'another'))
        throw new VerdictError(`a valid request is answered with ${answer?.status} ${answer?.body}`);
    } finally {
      wire.close();
    }
  };
  await askAnother(); // otherwise the modules loaded with the first request would count as a block
  await gateway.report();

  const own = await seedAll(sandbox, issuer);
  return {
    gateway,
    sandbox,
    ...own,
    ids: foreign === undefined ? own.ids : withIds(own.ids, foreign.ids),
    foreign: foreign?.targets ?? [],
    credentials,
    secrets,
    host,
    good,
    isGood,
    settled: (work) => settled(work, askAnother),
    async checkHealth() {
      const death = gateway.death();
      if (death !== undefined) throw new VerdictError(death);
      if (gateway.complaints().length > 0) throw new VerdictError(gateway.complaints().join('\n'));
      await askAnother();
      const { longestBlockMs } = await gateway.report();
      if (longestBlockMs > LONGEST_BLOCK_MS)
        throw new VerdictError(`the gateway was busy for ${Math.round(longestBlockMs)} ms in one turn`);
      await expectFewSockets(gateway, CONNECTIONS + idleSockets);
      await checkOthers();
    },
    async close() {
      await gateway.stop();
      await sandbox.close(); // throws if the gateway has violated the contract
    },
  };
}

/** Connections of disconnected clients and idle connections to the service are closed after some seconds. */
async function expectFewSockets(gateway: GatewayProcess, most: number): Promise<void> {
  let sockets = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 100 && sockets > most; attempt += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    ({ sockets } = await gateway.report());
  }
  if (sockets > most) throw new VerdictError(`${sockets} connections are left open`);
}

/** Several existing objects of each kind, with requests in each status, because the attackers change them. */
async function seedAll(
  sandbox: Sandbox,
  institution: string | undefined,
): Promise<Pick<World, 'ids' | 'drafts' | 'signed'>> {
  const issuer = institution === undefined ? {} : { issuer: institution };
  const statuses = ['DRAFT', 'READY', 'WAIT_FOR_SIGNATURE', 'SIGNED', 'REJECTED', 'CANCELLED'] as const;
  const { requests } = await sandbox.seed({
    requests: statuses.map((status) => ({ ...issuer, status, count: 10 })),
  });
  const signatureRequestId = requests.map(({ id }) => id);
  const dossierId = requests.map((request) => request.dossierId);
  const ids = {
    id: [...signatureRequestId, ...dossierId],
    dossierId,
    signatureRequestId,
    documentId: requests.flatMap(({ documentIds }) => documentIds),
    signerId: requests.map((request) => request.signerId),
  };
  const drafts = await sandbox.seed({ requests: [{ ...issuer, status: 'DRAFT', count: 20 }] });
  const titles = HOSTILE_TEXTS.filter(({ length }) => length >= 3 && length <= 60);
  const odd = await sandbox.seed({
    dossiers: titles.map((title, index) => ({
      ...issuer,
      id: `01KJYMD75M8Q4V6W9X0Y2Z${String(index).padStart(4, '0')}`,
      title: 'Contratti',
      documents_metadata: [{ title }],
    })),
  });
  const signed = await sandbox.seed({
    requests: odd.dossiers.map((dossier) => ({ ...issuer, dossier, status: 'SIGNED' })),
  });
  return { ids, drafts: targetsOf(drafts.requests), signed: targetsOf(signed.requests) };
}

const withIds = (own: Ids, others: Ids): Ids => ({
  id: [...own.id, ...others.signatureRequestId, ...others.dossierId],
  dossierId: [...own.dossierId, ...others.dossierId],
  signatureRequestId: [...own.signatureRequestId, ...others.signatureRequestId],
  documentId: [...own.documentId, ...others.documentId],
  signerId: own.signerId,
});
