import { z } from 'zod';

/** The IPC channel of a process: of a worker to its primary, or of the primary to one worker. */
export interface Channel {
  on(event: 'message', listener: (message: unknown) => void): unknown;
  send?(message: object, callback: (error: Error | null) => void): unknown;
}

/** What the process at the other end may call. */
export type Methods = Readonly<Record<string, (argument: string) => unknown>>;

const messageRules = z.discriminatedUnion('sigillo', [
  z.object({ sigillo: z.literal('call'), id: z.number(), method: z.string(), argument: z.string() }),
  z.object({ sigillo: z.literal('result'), id: z.number(), result: z.unknown().optional() }),
  z.object({ sigillo: z.literal('failure'), id: z.number() }),
]);
type Message = z.infer<typeof messageRules>;

/** The other process has ended, or a method of it has failed. */
export class PeerError extends Error {
  override readonly name = 'PeerError';
}

/** The process at the other end of an IPC channel. Each end calls methods of the other. */
export class Peer {
  readonly #channel: Channel;
  readonly #methods: Methods;
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>();
  #nextId = 0;

  constructor(channel: Channel, methods: Methods) {
    this.#channel = channel;
    this.#methods = methods;
    channel.on('message', (message) => void this.#receive(message));
  }

  /** @throws {PeerError} */
  async call<T>(method: string, argument: string, result: z.ZodType<T>): Promise<T> {
    const id = this.#nextId;
    this.#nextId += 1;
    const answered = Promise.withResolvers<unknown>();
    this.#calls.set(id, answered);
    this.#send({ sigillo: 'call', id, method, argument });
    try {
      return result.parse(await answered.promise);
    } finally {
      this.#calls.delete(id);
    }
  }

  /** The other process has ended: every call fails. */
  close(): void {
    for (const call of this.#calls.values()) call.reject(new PeerError('the process has ended'));
  }

  async #receive(received: unknown): Promise<void> {
    // Other messages are those of other programs, such as `node --watch`.
    const { data: message } = messageRules.safeParse(received);
    if (message === undefined) return;
    const { id } = message;
    if (message.sigillo === 'result') this.#calls.get(id)?.resolve(message.result);
    else if (message.sigillo === 'failure')
      this.#calls.get(id)?.reject(new PeerError('the other process could not do it'));
    else this.#send(await this.#answerTo(message));
  }

  async #answerTo({ id, method, argument }: Extract<Message, { sigillo: 'call' }>): Promise<Message> {
    try {
      return { sigillo: 'result', id, result: await this.#methods[method]?.(argument) };
    } catch {
      return { sigillo: 'failure', id };
    }
  }

  #send(message: Message): void {
    this.#channel.send?.(message, (error) => {
      if (error !== null) this.#calls.get(message.id)?.reject(new PeerError('the channel is closed'));
    });
  }
}
