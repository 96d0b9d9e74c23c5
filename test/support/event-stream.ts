import { onTestFinished } from 'vitest';
import { withoutRequestIds } from './read-answer.ts';
import type { Json } from './start-gateway.ts';

/** One block of a stream: an event, a comment (heartbeat) or a `retry` hint. */
export interface StreamBlock {
  readonly event?: string;
  readonly data?: Json;
  readonly retry?: number;
  /** Whether it contains only a comment. */
  readonly isComment: boolean;
}

interface StreamRequest {
  readonly query: string;
  readonly variables?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly init?: RequestInit;
}

/** Opens an event stream by POST, as `curl -N` does, on a connection that the test closes. */
export async function openStream(
  url: string,
  { query, variables = {}, headers = {}, init = {} }: StreamRequest,
) {
  const leaving = new AbortController();
  onTestFinished(() => leaving.abort());
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
    signal: leaving.signal,
    ...init,
  });
  const blocks = blocksOf(response);
  const next = async (): Promise<StreamBlock | undefined> => (await blocks.next()).value;
  /** The next block that is not a comment. */
  const nextEvent = async (): Promise<StreamBlock | undefined> => {
    for (;;) {
      const block = await next();
      if (block?.isComment !== true) return block;
    }
  };
  return {
    response,
    next,
    nextEvent,
    /** `data` of the next event. */
    nextData: async (): Promise<Json | undefined> => (await nextEvent())?.data,
    /** All blocks until the end, without comments. */
    rest: async (): Promise<StreamBlock[]> => {
      const events: StreamBlock[] = [];
      for (let block = await nextEvent(); block !== undefined; block = await nextEvent()) events.push(block);
      return events;
    },
    /** Closes the connection. */
    leave: () => leaving.abort(),
  };
}

async function* blocksOf(response: Response): AsyncGenerator<StreamBlock, undefined> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) yield blockOf(part, response);
  }
  if (text !== '') throw new Error(`the stream ended within a block: ${text}`);
  return undefined;
}

function blockOf(text: string, response: Response): StreamBlock {
  const fields = new Map(
    text.split('\n').flatMap((line) => {
      const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
      return name === '' ? [] : [[name, value] as const];
    }),
  );
  const [event, data, retry] = [fields.get('event'), fields.get('data'), fields.get('retry')];
  return {
    isComment: fields.size === 0,
    ...(event !== undefined && { event }),
    ...(data !== undefined && data !== '' && { data: withoutRequestIds(JSON.parse(data), response) as Json }),
    ...(retry !== undefined && { retry: Number(retry) }),
  };
}

export const SUBSCRIPTION = `subscription ($id: ID!) { signatureRequestChanged(id: $id) {
  id status qrCode { link } notification { ioMessageId } documents { status rejectReasons downloadUrl } } }`;

/** Status of the request in the data of an event. */
export const statusIn = (data: Json | undefined): unknown =>
  data?.['data']?.['signatureRequestChanged']?.['status'];
