import { spawn, spawnSync } from 'node:child_process';
import { ApolloClient, ApolloLink, gql, InMemoryCache, Observable } from '@apollo/client';
import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { print } from 'graphql';
import type { FormattedExecutionResult } from 'graphql';
import { createClient } from 'graphql-sse';
import { expect, onTestFinished, test } from 'vitest';
import { startGateway } from '../support/start-gateway.ts';

const SUBSCRIPTION = 'subscription ($id: ID!) { signatureRequestChanged(id: $id) { id status } }';
/** A valid id that does not exist. */
const UNKNOWN_ID = '01ARZ3NDEKTSV4RRFFQ69G5FAW';

/** The callbacks that a client calls. */
interface Sink {
  readonly next: (result: {
    readonly data?: unknown;
    readonly errors?: readonly unknown[] | undefined;
  }) => void;
  readonly error: (error: unknown) => void;
  readonly complete: () => void;
}

/** Subscribes. @returns a function that unsubscribes */
type Subscribe = (id: string, sink: Sink) => () => void;

const sse = (url: string) => {
  const client = createClient({ url, retry: async () => {}, retryAttempts: 50 });
  onTestFinished(() => client.dispose());
  return client;
};

const CLIENTS: Readonly<Record<string, (url: string) => Subscribe>> = {
  'graphql-sse': (url) => {
    const client = sse(url);
    return (id, sink) => client.subscribe({ query: SUBSCRIPTION, variables: { id } }, sink);
  },

  'urql by fetch alone': (url) => {
    const client = new Client({
      url,
      exchanges: [fetchExchange],
      preferGetMethod: false,
      fetchSubscriptions: true,
    });
    return (id, sink) => {
      const { unsubscribe } = client
        .subscription(SUBSCRIPTION, { id })
        .subscribe(({ data, error, hasNext }) => {
          // At the end urql repeats the last result.
          if (hasNext) sink.next({ data, errors: error?.graphQLErrors });
          else sink.complete();
        });
      return unsubscribe;
    };
  },

  'urql with graphql-sse': (url) => {
    const transport = sse(url);
    const client = new Client({
      url,
      preferGetMethod: false,
      exchanges: [
        subscriptionExchange({
          forwardSubscription: ({ query = '', variables }) => ({
            subscribe: (sink) => ({
              unsubscribe: transport.subscribe(
                { query, variables: variables as Record<string, unknown> },
                sink,
              ),
            }),
          }),
        }),
      ],
    });
    return (id, sink) => {
      const { unsubscribe } = client
        .subscription(SUBSCRIPTION, { id })
        .subscribe(({ data, error, hasNext }) => {
          // At the end urql repeats the last result.
          if (hasNext) sink.next({ data, errors: error?.graphQLErrors });
          else sink.complete();
        });
      return unsubscribe;
    };
  },

  'Apollo Client with graphql-sse': (url) => {
    const transport = sse(url);
    const link = new ApolloLink(
      ({ operationName, query, variables }) =>
        new Observable((sink) =>
          transport.subscribe(
            { query: print(query), variables, ...(operationName !== undefined && { operationName }) },
            {
              next: (result) => sink.next(result as FormattedExecutionResult),
              error: (error) => sink.error(error),
              complete: () => sink.complete(),
            },
          ),
        ),
    );
    const client = new ApolloClient({ cache: new InMemoryCache(), link });
    return (id, sink) => {
      const subscription = client
        .subscribe({ query: gql(SUBSCRIPTION), variables: { id }, errorPolicy: 'all' })
        .subscribe({
          next: ({ data, error }) =>
            sink.next({
              data,
              errors: error !== undefined && 'errors' in error ? (error.errors as unknown[]) : undefined,
            }),
          error: sink.error,
          complete: sink.complete,
        });
      return () => subscription.unsubscribe();
    };
  },
};

/** Records the results that a client passes on. */
function recorder() {
  const statuses: unknown[] = [];
  const codes: unknown[] = [];
  const errors: unknown[] = [];
  const completed = Promise.withResolvers<void>();
  const sink: Sink = {
    next({ data, errors: found = [] }) {
      const event = data as { signatureRequestChanged?: { status: string } } | null | undefined;
      if (event?.signatureRequestChanged) statuses.push(event.signatureRequestChanged.status);
      for (const error of found) codes.push((error as { extensions: { code: string } }).extensions.code);
    },
    error: (error) => void errors.push(error),
    complete: () => completed.resolve(),
  };
  return { statuses, codes, errors, completed: completed.promise, sink };
}

const seedRequest = async ({ sandbox }: Pick<Awaited<ReturnType<typeof startGateway>>, 'sandbox'>) =>
  (await sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] })).requests[0]?.id ?? '';

test.each(Object.keys(CLIENTS))('%s receives each change until the signature', async (name) => {
  const world = await startGateway();
  const id = await seedRequest(world);
  const { statuses, errors, completed, sink } = recorder();
  CLIENTS[name]?.(world.url)(id, sink);
  await expect.poll(() => statuses).toEqual(['WAIT_FOR_SIGNATURE']);
  world.sandbox.citizen.sign(id);
  await completed;
  expect({ statuses, errors }).toEqual({ statuses: ['WAIT_FOR_SIGNATURE', 'SIGNED'], errors: [] });
});

test.each(Object.keys(CLIENTS))('%s receives one error for a request that does not exist', async (name) => {
  const world = await startGateway();
  const { statuses, codes, completed, sink } = recorder();
  CLIENTS[name]?.(world.url)(UNKNOWN_ID, sink);
  await completed;
  expect({ statuses, codes }).toEqual({ statuses: [], codes: ['NOT_FOUND'] });
  expect(world.sandbox.journal.entries()).toHaveLength(1);
});

test.each(Object.keys(CLIENTS))('when %s unsubscribes, the upstream calls end', async (name) => {
  const world = await startGateway({
    watching: { pollsPerSecond: 100, pace: { freshMs: 20, quietMs: 20, idleMs: 20 } },
  });
  const id = await seedRequest(world);
  const { statuses, sink } = recorder();
  const unsubscribe = CLIENTS[name]?.(world.url)(id, sink);
  await expect.poll(() => statuses).toHaveLength(1);
  unsubscribe?.();
  const calls = (): number => world.sandbox.journal.entries().length;
  const isQuiet = async (): Promise<boolean> => {
    const before = calls();
    await new Promise((resolve) => setTimeout(resolve, 200));
    return calls() === before;
  };
  await expect.poll(isQuiet).toBe(true);
});

test.each(['graphql-sse', 'urql with graphql-sse', 'Apollo Client with graphql-sse'])(
  '%s subscribes again after a restart of the gateway, and misses no change',
  async (name) => {
    const first = await startGateway();
    const id = await seedRequest(first);
    const { statuses, errors, completed, sink } = recorder();
    CLIENTS[name]?.(first.url)(id, sink);
    await expect.poll(() => statuses).toEqual(['WAIT_FOR_SIGNATURE']);
    await first.close();
    first.sandbox.citizen.sign(id);
    await startGateway({
      port: Number(new URL(first.url).port),
      apiUrl: new URL(first.sandbox.url),
      storageHosts: [first.sandbox.origin],
    });
    await completed;
    // The new stream begins with the current state, which may be either.
    expect(new Set(statuses)).toEqual(new Set(['WAIT_FOR_SIGNATURE', 'SIGNED']));
    expect([statuses.at(-1), errors]).toEqual(['SIGNED', []]);
  },
);

const hasCurl = spawnSync('curl', ['--version']).status === 0;

test.skipIf(!hasCurl)('curl -N prints events as they arrive, and exits after the last', async () => {
  const world = await startGateway();
  const id = await seedRequest(world);
  const body = JSON.stringify({ query: SUBSCRIPTION, variables: { id } });
  const curl = spawn('curl', ['-sN', world.url, '-H', 'content-type: application/json', '-d', body]);
  onTestFinished(() => void curl.kill());
  const ended = new Promise((resolve) => curl.once('close', resolve));
  let output = '';
  curl.stdout.on('data', (chunk) => (output += String(chunk)));
  const event = (status: string): string =>
    `event: next\ndata: {"data":{"signatureRequestChanged":{"id":"${id}","status":"${status}"}}}\n\n`;
  await expect.poll(() => output).toBe(`:\n\n${event('WAIT_FOR_SIGNATURE')}`);
  world.sandbox.citizen.sign(id);
  expect(await ended).toBe(0);
  expect(output.replace(/^(:\n\n)+/, '').replaceAll('\n:\n', '')).toBe(
    `${event('WAIT_FOR_SIGNATURE')}${event('SIGNED')}event: complete\ndata:\n\n`,
  );
});
