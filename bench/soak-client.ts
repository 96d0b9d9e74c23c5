import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, fetch, FormData } from 'undici';
import type { Response } from 'undici';

/** An operation that failed. */
export interface Failure {
  readonly what: string;
  readonly code: string;
  /** Start of its journey and time of the failure, in milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
}

/** The record of the callers. */
export interface Ledger {
  readonly done: Record<string, number>;
  readonly failures: Failure[];
  /** Journeys that failed after all retries. */
  readonly lost: string[];
  /** Requests that callers created, by id; requests that callers notified. */
  readonly requests: Set<string>;
  /** Dossiers that callers created. */
  readonly dossiers: Set<string>;
  /** Keys whose retries returned different requests. */
  readonly doubled: string[];
}

interface Answer {
  readonly data?: Record<string, Result | null> | null;
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
}
interface Result {
  readonly __typename?: string;
  readonly id?: string;
  readonly code?: string;
  readonly cause?: { readonly code: string };
  readonly dossier?: { readonly id: string };
  readonly signer?: { readonly id: string };
  readonly signatureRequest?: Shown;
}
interface Shown {
  readonly id: string;
  readonly status: string;
  readonly documents: readonly { readonly id: string }[];
}

const TRIES = 8;
const SHOWN = 'signatureRequest { id status documents { id status } }';
const ERROR = '... on Error { code message }';
const DOCUMENTS = [
  {
    title: 'Contratto',
    fields: [
      {
        clause: { title: 'Firma', type: 'REQUIRED' },
        position: { box: { page: 0, x: 85, y: 676, width: 177, height: 77 } },
      },
    ],
  },
];
const FISCAL_CODE = 'SPNDNL80R13C555X';

/** Callers of a gateway: each journey retries with its key until it succeeds. */
export class SoakClient {
  readonly ledger: Ledger = {
    done: {},
    failures: [],
    lost: [],
    requests: new Set(),
    dossiers: new Set(),
    doubled: [],
  };
  readonly #url: string;
  readonly #pdf: Buffer<ArrayBuffer>;
  readonly #dispatcher = new Agent();

  constructor(url: string, pdf: Buffer<ArrayBuffer>) {
    this.#url = url;
    this.#pdf = pdf;
  }

  /** All steps in one mutation, with a new dossier or the given one. */
  async requestSignature(dossierId?: string): Promise<Shown | undefined> {
    const query = `mutation ($input: RequestSignatureInput!) { requestSignature(input: $input) { __typename
      ... on RequestSignaturePayload { ${SHOWN} }
      ... on RequestSignatureIncompleteError { cause { code } } ${ERROR} } }`;
    const input = {
      dossier: dossierId === undefined ? { create: { title: 'Contratti' } } : { id: dossierId },
      signer: { fiscalCode: FISCAL_CODE },
      documents: DOCUMENTS.map((document) => ({ ...document, file: null })),
      idempotencyKey: randomUUID(),
    };
    const place = 'variables.input.documents.0.file';
    const result = await this.#journey('requestSignature', (from) =>
      this.#mutate('requestSignature', from, () => this.#send(query, { input }, place)),
    );
    return this.#made(result, input.idempotencyKey);
  }

  /** One mutation per step. */
  async singleSteps(): Promise<Shown | undefined> {
    const from = Date.now();
    const key = randomUUID();
    const step = (name: string, type: string, payload: string, input: object, place?: string) => {
      const query = `mutation ($input: ${type}Input!) { ${name}(input: $input) { __typename
        ... on ${type}Payload { ${payload} } ${ERROR} } }`;
      return this.#journey(
        name,
        () => this.#mutate(name, from, () => this.#send(query, { input }, place)),
        from,
      );
    };
    const [made, found] = [
      await step('createDossier', 'CreateDossier', 'dossier { id }', {
        title: 'Contratti',
        documents: DOCUMENTS,
        idempotencyKey: key,
      }),
      await step('findSigner', 'FindSigner', 'signer { id }', { fiscalCode: FISCAL_CODE }),
    ];
    const dossierId = made?.dossier?.id;
    if (dossierId === undefined || found?.signer === undefined) return undefined;
    const wanted = { dossierId, signerId: found.signer.id, idempotencyKey: key };
    const created = await step('createSignatureRequest', 'CreateSignatureRequest', SHOWN, wanted);
    const request = this.#made(created, key);
    if (request === undefined) return undefined;
    const signatureRequestId = request.id;
    const file = { signatureRequestId, documentId: request.documents[0]?.id, file: null };
    await step('uploadDocument', 'UploadDocument', 'document { status }', file, 'variables.input.file');
    await step('markReady', 'MarkReady', SHOWN, { signatureRequestId });
    const notification = { signatureRequestId, idempotencyKey: key };
    return (await step('notifySigner', 'NotifySigner', SHOWN, notification))?.signatureRequest;
  }

  /** Reads a request. */
  async read({ id }: { readonly id: string }): Promise<void> {
    const query = `query ($id: ID!) { signatureRequest(id: $id) { id status documents { id status } dossier { id } } }`;
    await this.#journey('query', async (from) => {
      const { data, errors } = await this.#send(query, { id });
      if (data?.['signatureRequest']?.id === id) return {};
      return this.#failed('query', errors?.[0]?.extensions?.code ?? 'NULL', from);
    });
  }

  /** Subscribes until the event of the signature. */
  async watch({ id }: { readonly id: string }): Promise<void> {
    const query = `subscription ($id: ID!) { signatureRequestChanged(id: $id) { id status } }`;
    await this.#journey('subscription', async (from) => {
      const response = await this.#post(query, { id });
      const text = await response.text();
      if (text.includes('"status":"SIGNED"')) return {};
      return this.#failed('subscription', /"code":"(\w+)"/.exec(text)?.[1] ?? 'ENDED', from);
    });
  }

  /** Downloads the signed file through the gateway. */
  async download({ id, documents }: Shown): Promise<void> {
    const address = new URL(`/documents/${id}/${documents[0]?.id}.pdf`, this.#url);
    await this.#journey('download', async (from) => {
      const signal = AbortSignal.timeout(60_000);
      const response = await fetch(address, { dispatcher: this.#dispatcher, signal });
      if (!response.ok) {
        await response.text();
        return this.#failed('download', `HTTP_${response.status}`, from);
      }
      const file = await response.text().catch(() => undefined);
      if (file?.startsWith('%PDF-') === true) return {};
      return this.#failed('download', file === undefined ? 'BROKEN_OFF' : 'GARBLED', from);
    });
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    await this.#dispatcher.close();
  }

  /** Retries until it succeeds. */
  async #journey(
    what: string,
    attempt: (from: number) => Promise<Result | undefined>,
    from = Date.now(),
  ): Promise<Result | undefined> {
    for (let tries = 1; tries <= TRIES; tries += 1) {
      const result = await attempt(from).catch((failure: unknown) => {
        const code = failure instanceof Error ? `${failure.name}: ${failure.message}` : String(failure);
        return this.#failed(what, code, from);
      });
      if (result !== undefined) {
        this.ledger.done[what] = (this.ledger.done[what] ?? 0) + 1;
        return result;
      }
      await sleep(250 * tries);
    }
    this.ledger.lost.push(what);
    return undefined;
  }

  async #mutate(what: string, from: number, send: () => Promise<Answer>): Promise<Result | undefined> {
    const { data, errors } = await send();
    const result = data?.[what];
    if (result?.__typename?.endsWith('Payload') === true) {
      if (result.dossier !== undefined) this.ledger.dossiers.add(result.dossier.id);
      return result;
    }
    const code = errors?.[0]?.extensions?.code ?? result?.cause?.code ?? result?.code ?? 'NOTHING';
    return this.#failed(what, code, from);
  }

  #made(result: Result | undefined, key: string): Shown | undefined {
    const request = result?.signatureRequest;
    if (request === undefined) return undefined;
    // Each key belongs to one journey: two journeys must not share a request.
    if (this.ledger.requests.has(request.id)) this.ledger.doubled.push(key);
    this.ledger.requests.add(request.id);
    return request;
  }

  #failed(what: string, code: string, from: number): undefined {
    this.ledger.failures.push({ what, code, from, until: Date.now() });
  }

  async #send(query: string, variables: object, place?: string): Promise<Answer> {
    return (await (await this.#post(query, variables, place)).json()) as Answer;
  }

  #post(query: string, variables: object, place?: string): Promise<Response> {
    const operations = JSON.stringify({ query, variables });
    const signal = AbortSignal.timeout(100_000);
    const dispatcher = this.#dispatcher;
    if (place === undefined) {
      const headers = { 'content-type': 'application/json' };
      return fetch(this.#url, { method: 'POST', headers, body: operations, dispatcher, signal });
    }
    const body = new FormData();
    body.set('operations', operations);
    body.set('map', JSON.stringify({ 0: [place] }));
    body.set('0', new Blob([this.#pdf], { type: 'application/pdf' }), 'a.pdf');
    return fetch(this.#url, { method: 'POST', body, dispatcher, signal });
  }
}
