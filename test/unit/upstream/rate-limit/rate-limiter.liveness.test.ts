import { getEventListeners } from 'node:events';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { z } from 'zod';
import { createEvents } from '../../../../src/observability/events.ts';
import type { RedisConnection } from '../../../../src/redis/connection.ts';
import { LocalWindow, TRANSIT_MS } from '../../../../src/upstream/rate-limit/rate-window.ts';
import { RateLimiter } from '../../../../src/upstream/rate-limit/rate-limiter.ts';
import type { Priority } from '../../../../src/upstream/call.ts';
import type { Permit } from '../../../../src/upstream/rate-limit/rate-limiter.ts';
import type { RateWindow } from '../../../../src/upstream/rate-limit/rate-window.ts';
import { SharedWindow } from '../../../../src/upstream/rate-limit/shared-window.ts';
import { TimeIsUpError } from '../../../../src/upstream/pipeline/deadline.ts';
import { UpstreamError } from '../../../../src/upstream/failure.ts';
import { FairOrder } from '../../../support/fair-order.ts';
import { fakeTime, inAnyOrder, LAG_MS, step, timeStep } from '../../../support/steps.ts';
import type { Step } from '../../../support/steps.ts';

const LIMIT = { calls: 5, windowMs: 1_000 };
const CALLS_FOR_POLLS = 4;
const CONNECTIONS = 3;
const MAX_WAITING = 12;
const LONGEST_DEADLINE_MS = 4_000;
const CALL_MS = 50;
/** A refusal closes the window for its length; for the same time after that, foreign calls are reserved. */
const CLOSED_MS = 3 * (LIMIT.windowMs + TRANSIT_MS);
const BOUND_MS = CLOSED_MS + Math.ceil(MAX_WAITING / CALLS_FOR_POLLS) * (LIMIT.windowMs + TRANSIT_MS);

beforeEach(fakeTime);
afterEach(() => void vi.useRealTimers());

interface Call {
  readonly caller: string;
  readonly priority: Priority;
  readonly leaver: AbortController;
  readonly enteredAt: number;
  state: 'waiting' | 'running' | 'ended';
  sentAt?: number;
  permit?: Permit;
}

/** A rate limiter and the calls that request slots. */
class World {
  readonly calls: Call[] = [];
  readonly limiter: RateLimiter;
  /** An interactive call that arrives while Redis reserves a slot for a poll gets its slot after the poll. */
  readonly isShared: boolean;
  readonly faults: string[] = [];
  /** From now on calls are answered. */
  isEnding = false;
  readonly #order = { interactive: new FairOrder(this.faults), poll: new FairOrder(this.faults) };

  constructor(window: RateWindow = new LocalWindow(LIMIT)) {
    const options = { limit: LIMIT, connections: CONNECTIONS, maxWaiting: MAX_WAITING };
    this.isShared = !(window instanceof LocalWindow);
    this.limiter = new RateLimiter({ ...options, window, events: createEvents() });
  }

  enter(caller: string, priority: Priority, deadlineMs?: number): Call {
    const leaver = new AbortController();
    const { signal } = leaver;
    const call: Call = { caller, priority, leaver, enteredAt: performance.now(), state: 'waiting' };
    this.calls.push(call);
    if (deadlineMs !== undefined) setTimeout(() => leaver.abort(new TimeIsUpError()), deadlineMs);
    const queued = this.#order[priority].enter(caller, signal);
    const request = { operation: 'anOperation', priority, caller, signal };
    // As the stage of the pipeline does.
    Promise.resolve(this.limiter.acquireNow(request) ?? this.limiter.acquire(request)).then(
      (permit) => {
        queued.served();
        this.#begin(call, permit);
      },
      (failure: unknown) => {
        queued.refused();
        call.state = 'ended';
        const kinds: readonly unknown[] = ['over-budget', 'aborted'];
        if (!(failure instanceof UpstreamError && kinds.includes(failure.kind)))
          this.faults.push(String(failure));
      },
    );
    return call;
  }

  all(state: Call['state']): Call[] {
    return this.calls.filter((call) => call.state === state);
  }

  /** Ends a call: answered, refused, not sent, or with an unknown outcome. */
  end(call: Call | undefined, how: 'answered' | 'refused' | 'unused' | 'lost', reported?: number): void {
    if (call?.permit === undefined || call.state !== 'running') return;
    const { slot } = call.permit;
    if (how === 'answered') slot.answered(reported);
    if (how === 'refused') slot.refused(reported);
    if (how === 'unused') {
      slot.unused();
      delete call.sentAt;
    }
    call.state = 'ended';
    call.permit[Symbol.dispose]();
  }

  #begin(call: Call, permit: Permit): void {
    const now = performance.now();
    Object.assign(call, { state: 'running', permit, sentAt: now });
    if (this.all('running').length > CONNECTIONS) this.faults.push('more calls than connections');
    const sent = this.calls.filter(({ sentAt = -Infinity }) => sentAt > now - LIMIT.windowMs + LAG_MS);
    const isPoll = call.priority === 'poll';
    if (sent.length > (isPoll ? CALLS_FOR_POLLS : LIMIT.calls))
      this.faults.push(`${sent.length} calls in a window`);
    const isOvertaken = ({ priority, enteredAt, leaver }: Call): boolean =>
      priority === 'interactive' && enteredAt < now && !leaver.signal.aborted;
    if (isPoll && !this.isShared && this.all('waiting').some(isOvertaken))
      this.faults.push('a poll was let in before an interactive call');
    if (this.isEnding) setTimeout(() => this.end(call, 'answered'), CALL_MS);
  }
}

const callers = fc.constantFrom('a', 'b', 'c');
const priorities = fc.constantFrom<Priority>('interactive', 'poll');
const deadlines = fc.option(fc.nat(LONGEST_DEADLINE_MS), { nil: undefined });
const steps: fc.Arbitrary<Step<World>>[] = [
  fc
    .tuple(callers, priorities, deadlines)
    .map(([caller, priority, deadlineMs]) =>
      step(
        `${caller} asks (${priority}, deadline ${deadlineMs})`,
        (world) => void world.enter(caller, priority, deadlineMs),
      ),
    ),
  fc.tuple(callers, fc.integer({ min: 2, max: 20 })).map(([caller, count]) =>
    step(`${caller} asks ${count} times`, (world) => {
      for (let nth = 0; nth < count; nth += 1) world.enter(caller, 'interactive');
    }),
  ),
  fc.nat(20).map((nth) => step(`${nth} leaves`, (world) => world.all('waiting')[nth]?.leaver.abort())),
  fc
    .tuple(
      fc.nat(CONNECTIONS),
      fc.constantFrom('answered', 'refused', 'unused', 'lost'),
      fc.option(fc.nat(LIMIT.calls), { nil: undefined }),
    )
    .map(([nth, how, reported]) =>
      step(`${nth} ends: ${how} ${reported}`, (world) => world.end(world.all('running')[nth], how, reported)),
    ),
  timeStep(2_000),
];

test('in any order of events, every call is admitted in order or refused, in bounded time', async () => {
  await inAnyOrder<World>({
    steps,
    make: () => new World(),
    async after(world, pass) {
      world.isEnding = true;
      for (const call of world.all('running')) world.end(call, 'answered');
      await pass(BOUND_MS);
      expect(world.all('waiting')).toEqual([]);
      await pass(CLOSED_MS);
      expect(world.all('running')).toEqual([]);
      // No slot is lost: the full number of calls can be sent at once.
      const again = Array.from({ length: CONNECTIONS }, () => world.enter('a', 'interactive'));
      await pass(0);
      expect(again.map(({ state }) => state)).toEqual(again.map(() => 'running'));
      await pass(LONGEST_DEADLINE_MS);
      expect(vi.getTimerCount()).toBe(0);
      for (const { leaver } of world.calls) expect(getEventListeners(leaver.signal, 'abort')).toEqual([]);
    },
  });
});

test('after a close, queued calls end by their deadlines, and no timer is left', async () => {
  const close = fc.constant(step<World>('close', ({ limiter }) => limiter.close()));
  await inAnyOrder<World>({
    steps: [...steps, close],
    make: () => new World(),
    async after(world, pass) {
      world.limiter.close();
      world.isEnding = true;
      for (const call of world.all('running')) world.end(call, 'answered');
      for (const call of world.all('waiting'))
        setTimeout(() => call.leaver.abort(new TimeIsUpError()), 1_000);
      await pass(1_000 + LONGEST_DEADLINE_MS);
      expect(world.calls.filter(({ state }) => state !== 'ended')).toEqual([]);
      expect(vi.getTimerCount()).toBe(0);
    },
    runs: 50,
  });
});

type Health = 'well' | 'refuses' | 'silent' | 'late' | 'confused';
const HEALTH: readonly Health[] = ['well', 'refuses', 'silent', 'late', 'confused'];

/** A Redis that other gateways use too: it grants any part of the requested slots, if it answers. */
class FakeRedis implements Pick<RedisConnection, 'run' | 'ask' | 'check'> {
  readonly #scheduler: fc.Scheduler;
  health: Health = 'well';
  gateways = 1;
  part = 1;

  constructor(scheduler: fc.Scheduler) {
    this.#scheduler = scheduler;
  }

  async run<T>(
    _script: string,
    _keys: readonly string[],
    [, wanted]: readonly (string | number)[],
    answer: z.ZodType<T>,
    timeoutMs?: number,
  ): Promise<T> {
    await this.check(timeoutMs);
    const count = Math.ceil(Number(wanted) * this.part);
    return answer.parse(this.health === 'confused' ? ['OK'] : [count, LIMIT.windowMs, this.gateways, 0]);
  }

  async ask<T>(_command: unknown, answer: z.ZodType<T>, timeoutMs?: number): Promise<T> {
    await this.check(timeoutMs);
    return answer.parse(1);
  }

  /** Every Redis command ends at its timeout. */
  async check(timeoutMs = 2_000): Promise<void> {
    const { health } = this;
    if (health === 'refuses') throw new Error('the connection is closed');
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error('no answer')), timeoutMs);
    try {
      await Promise.race([this.#answer(health), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #answer(health: Health): Promise<void> {
    if (health === 'silent') return new Promise(() => {});
    if (health === 'late') await new Promise<void>((resolve) => void setTimeout(resolve, 400));
    await this.#scheduler.schedule(Promise.resolve(), 'Redis answers');
  }
}

class SharedWorld extends World {
  readonly redis: FakeRedis;

  constructor(redis: FakeRedis) {
    super(new SharedWindow({ redis, name: 'a-key', limit: LIMIT }));
    this.redis = redis;
  }
}

const sharedSteps: fc.Arbitrary<Step<SharedWorld>>[] = [
  ...steps,
  fc
    .constantFrom(...HEALTH)
    .map((health) => step(`Redis: ${health}`, ({ redis }) => void (redis.health = health))),
  fc
    .record({ gateways: fc.integer({ min: 1, max: 20 }), part: fc.constantFrom(0, 0.5, 1) })
    .map((facts) => step(`Redis: ${JSON.stringify(facts)}`, ({ redis }) => void Object.assign(redis, facts))),
];

/** Among many gateways the equal share is one call, which rarely leaves a slot for polls. */
const ALONE_BOUND_MS = CLOSED_MS + MAX_WAITING * (LIMIT.windowMs + TRANSIT_MS);

test.each(HEALTH)('with an unstable Redis that ends as: %s, every call is admitted', async (health) => {
  await inAnyOrder<SharedWorld>({
    steps: sharedSteps,
    make: (scheduler) => new SharedWorld(new FakeRedis(scheduler)),
    async after(world, pass) {
      Object.assign(world.redis, { health, part: 1 });
      world.isEnding = true;
      for (const call of world.all('running')) world.end(call, 'answered');
      await pass(ALONE_BOUND_MS);
      expect(world.all('waiting')).toEqual([]);
      world.limiter.close();
    },
    runs: 40,
  });
});

test.each([1, 4, 5, 6, 20, 100])(
  'polls are admitted while Redis is lost, with %i gateways',
  async (gateways) => {
    const answer = vi.fn(async (): Promise<unknown> => [1, LIMIT.windowMs, gateways, 0]);
    const redis: Pick<RedisConnection, 'run' | 'ask' | 'check'> = {
      run: async (_script, _keys, _args, schema) => schema.parse(await answer()),
      ask: async (_command, schema) => schema.parse(await answer()),
      check: async () => void (await answer()),
    };
    const world = new World(new SharedWindow({ redis, name: 'a-key', limit: LIMIT }));
    const read = async (): Promise<void> => {
      const call = world.enter('a', 'interactive');
      await vi.advanceTimersByTimeAsync(0);
      world.end(call, 'answered');
    };
    await read();
    answer.mockRejectedValue(new Error('the connection is closed'));
    await read(); // and finds that Redis is lost
    const poll = world.enter('a', 'poll');
    await vi.advanceTimersByTimeAsync(2 * LIMIT.windowMs);
    expect(poll.state).toBe('running');
  },
);
