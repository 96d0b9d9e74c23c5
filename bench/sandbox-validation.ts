import { createInstance } from '@stoplight/prism-http';
import pino from 'pino';
import { contractOperations } from '../mocks/sandbox/http/contract.ts';

/** Time per call in Prism's engine in microseconds, with and without the validation of request and response. */
export interface ValidationCost {
  readonly name: string;
  readonly withIt: number;
  readonly without: number;
}

const ROUNDS = 15;
const CALLS_PER_ROUND = 100;

const ID = '01KJYMD75M8Q4V6W9X0Y2Z7A1C';
const TIME = '2026-03-05T09:14:07.412Z';
const METADATA = { title: 'Contratto', signature_fields: [] };
const LISTED = {
  id: ID,
  dossier_id: ID,
  signer_id: '7c0d2f6e-5b1a-8e0c-aa35-1f2f6c1b7d90',
  status: 'DRAFT',
  created_at: TIME,
  updated_at: TIME,
  expires_at: TIME,
};
const DOCUMENT = {
  id: ID,
  status: 'WAIT_FOR_UPLOAD',
  metadata: METADATA,
  created_at: TIME,
  updated_at: TIME,
};
const DETAIL = { ...LISTED, documents: [DOCUMENT, DOCUMENT] };

/** Small, medium and large calls. */
const EXCHANGES = [
  {
    name: 'getSignerByFiscalCode',
    method: 'post' as const,
    path: '/signers',
    body: { fiscal_code: 'SPNDNL80R13C555X' },
    status: 200,
    answer: { id: LISTED.signer_id },
  },
  {
    name: 'createSignatureRequest',
    method: 'post' as const,
    path: '/signature-requests',
    body: { dossier_id: ID, signer_id: LISTED.signer_id },
    status: 201,
    answer: DETAIL,
  },
  {
    name: 'getSignatureRequest',
    method: 'get' as const,
    path: `/signature-requests/${ID}`,
    body: undefined,
    status: 200,
    answer: DETAIL,
  },
  {
    name: 'getRequestsByDossier',
    method: 'get' as const,
    path: `/dossiers/${ID}/signature-requests`,
    body: undefined,
    status: 200,
    answer: { items: Array.from({ length: 100 }, () => LISTED) },
  },
];

/** The two alternate, so that other load on the machine affects both. */
export async function validationCosts(): Promise<ValidationCost[]> {
  const operations = await contractOperations();
  const logger = pino<never>({ level: 'silent', customLevels: { success: 31 } } as object);
  const costs: ValidationCost[] = [];
  for (const { name, method, path, body, status, answer } of EXCHANGES) {
    const engineOf = (validates: boolean) =>
      createInstance(
        {
          isProxy: true,
          upstream: new URL('http://sandbox.invalid/'),
          upstreamProxy: undefined,
          checkSecurity: validates,
          validateRequest: validates,
          validateResponse: validates,
          errors: true,
          mock: { dynamic: false },
        },
        {
          logger,
          forward: () => () => async () => ({
            _tag: 'Right',
            right: { statusCode: status, headers: { 'content-type': 'application/json' }, body: answer },
          }),
        },
      );
    const round = async (engine: ReturnType<typeof engineOf>): Promise<number> => {
      const before = performance.now();
      for (let index = 0; index < CALLS_PER_ROUND; index += 1) {
        const headers = { 'ocp-apim-subscription-key': 'bench', 'content-type': 'application/json' };
        const result = await engine.request({ method, url: { path }, headers, body }, operations)();
        if (result._tag === 'Left') throw result.left;
        const { input, output } = result.right.validations;
        if (input.length + output.length > 0) throw new Error(`${name}: ${JSON.stringify([input, output])}`);
      }
      return ((performance.now() - before) * 1000) / CALLS_PER_ROUND;
    };
    const [checking, plain] = [engineOf(true), engineOf(false)];
    const [withIt, without]: [number[], number[]] = [[], []];
    for (let index = 0; index < ROUNDS; index += 1) {
      withIt.push(await round(checking));
      without.push(await round(plain));
    }
    costs.push({ name, withIt: median(withIt), without: median(without) });
  }
  return costs;
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}
