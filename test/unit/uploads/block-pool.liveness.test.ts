import { getEventListeners } from 'node:events';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BlockPool } from '../../../src/uploads/block-pool.ts';
import type { Block } from '../../../src/uploads/block-pool.ts';
import { SpillBuffer } from '../../../src/uploads/incoming-file.ts';
import { fakeTime, inAnyOrder, step } from '../../support/steps.ts';
import type { Step } from '../../support/steps.ts';

const [BLOCKS, BLOCK_BYTES] = [3, 8];

beforeEach(fakeTime);
afterEach(() => void vi.useRealTimers());

/** A request whose files arrive before they are read. As in `RequestFiles`, it closes when no file is being started. */
class Request {
  readonly leaver = new AbortController();
  readonly #spillBuffer: SpillBuffer;
  readonly #faults: string[];
  #kept: { readonly file: Buffer; readonly expected: Buffer }[] = [];
  #expected = Buffer.alloc(0);
  #chunks = 0;
  isWaiting = false;
  isClosed = false;

  constructor(pool: BlockPool, faults: string[]) {
    this.#spillBuffer = new SpillBuffer(pool);
    this.#faults = faults;
  }

  async keep(chunks: readonly number[]): Promise<void> {
    if (this.isWaiting || this.isClosed) return;
    this.#end();
    this.isWaiting = true;
    try {
      await this.#spillBuffer.begin(this.leaver.signal);
    } catch {
      this.close();
    }
    this.isWaiting = false;
    if (this.isClosed) this.#spillBuffer[Symbol.dispose]();
    else for (const length of chunks) this.#append(Buffer.alloc(length, (this.#chunks += 1)));
  }

  #append(chunk: Buffer): void {
    if (this.#spillBuffer.append(chunk)) this.#expected = Buffer.concat([this.#expected, chunk]);
  }

  close(): void {
    if (this.isClosed) return;
    this.#end();
    this.isClosed = true;
    for (const { file, expected } of this.#kept)
      if (!file.equals(expected))
        this.#faults.push(`kept ${file.toString('hex')}, not ${expected.toString('hex')}`);
    this.leaver.abort(new Error('the request has ended'));
    if (!this.isWaiting) this.#spillBuffer[Symbol.dispose]();
  }

  /** Ends the current file. */
  #end(): void {
    this.#kept.push({ file: this.#spillBuffer.file, expected: this.#expected });
    this.#expected = Buffer.alloc(0);
  }
}

class World {
  readonly faults: string[] = [];
  readonly pool = new BlockPool({ blocks: BLOCKS, blockBytes: BLOCK_BYTES });
  readonly held = new Set<Block>();
  readonly waiting = new Set<AbortController>();
  readonly requests: Request[] = [];
  readonly signals: AbortSignal[] = [];
  #asked = 0;
  #served = 0;

  acquire(): void {
    const leaver = new AbortController();
    const order = (this.#asked += 1);
    this.waiting.add(leaver);
    this.signals.push(leaver.signal);
    this.pool.acquire(leaver.signal).then(
      (block) => {
        this.waiting.delete(leaver);
        this.hold(block);
        if (order < this.#served) this.faults.push('served out of order');
        this.#served = order;
      },
      () => this.waiting.delete(leaver),
    );
  }

  /** Reserves blocks, and holds all of them until they are given back one by one. */
  reserve(count: number): void {
    const leaver = new AbortController();
    const order = (this.#asked += 1);
    this.waiting.add(leaver);
    this.signals.push(leaver.signal);
    this.pool.reserve(count, leaver.signal).then(
      (reserved) => {
        this.waiting.delete(leaver);
        for (let nth = 0; nth < count; nth += 1) this.hold(reserved.tryAcquire());
        if (reserved.tryAcquire() !== undefined) this.faults.push('more blocks are reserved than requested');
        reserved[Symbol.dispose]();
        if (order < this.#served) this.faults.push('served out of order');
        this.#served = order;
      },
      () => this.waiting.delete(leaver),
    );
  }

  hold(block: Block | undefined): void {
    if (block === undefined) return;
    if ([...this.held].some(({ bytes }) => bytes === block.bytes)) this.faults.push('a block is lent twice');
    this.held.add(block);
  }

  giveBack(block: Block | undefined): void {
    if (block === undefined) return;
    this.held.delete(block);
    block[Symbol.dispose]();
    block[Symbol.dispose](); // twice, as an error during clean-up may do
  }

  request(nth: number): Request {
    return (this.requests[nth] ??= new Request(this.pool, this.faults));
  }
}

const request = fc.nat(3);
const steps: fc.Arbitrary<Step<World>>[] = [
  fc.constant(step('acquire a block', (world) => world.acquire())),
  fc
    .integer({ min: 1, max: BLOCKS })
    .map((count) => step(`reserve ${count} blocks`, (world) => world.reserve(count))),
  fc.constant(step('try to acquire a block', (world) => world.hold(world.pool.tryAcquire()))),
  fc
    .nat(BLOCKS)
    .map((nth) => step(`block ${nth} is returned`, (world) => world.giveBack([...world.held][nth]))),
  fc.nat(5).map((nth) => step(`${nth} gives up`, ({ waiting }) => [...waiting][nth]?.abort())),
  fc
    .tuple(request, fc.array(fc.integer({ min: 1, max: BLOCK_BYTES }), { maxLength: 4 }))
    .map(([nth, chunks]) =>
      step(
        `request ${nth}: a file of ${chunks.join(' + ')} bytes`,
        (world) => void world.request(nth).keep(chunks),
      ),
    ),
  request.map((nth) => step(`request ${nth} ends`, (world) => world.request(nth).close())),
];

test('in any order of acquiring, spilling and returning, every waiting caller is served and no block is lost', async () => {
  await inAnyOrder<World>({
    steps,
    make: () => new World(),
    async after(world, pass) {
      // A request waits for at most one block, so it ends whatever other requests wait for.
      for (const each of world.requests) each?.close();
      for (let left = 40; left > 0; left -= 1) {
        await pass(0);
        world.giveBack([...world.held][0]);
      }
      await pass(0);
      expect(world.waiting.size).toBe(0);
      expect([world.pool.inUse, world.pool.waiting]).toEqual([0, 0]);
      for (let nth = 0; nth < BLOCKS; nth += 1) world.hold(world.pool.tryAcquire());
      expect([world.held.size, world.pool.tryAcquire()]).toEqual([BLOCKS, undefined]);
      for (const signal of world.signals) expect(getEventListeners(signal, 'abort')).toEqual([]);
    },
  });
});

test('any number of requests that spill files all proceed: none waits while it holds a block', async () => {
  await inAnyOrder<World>({
    steps: steps.slice(5, 6),
    make: () => new World(),
    async after(world, pass) {
      // Each request ends once it has started, independent of requests that have not started.
      for (let left = world.requests.length; left > 0; left -= 1) {
        await pass(0);
        for (const each of world.requests) if (each?.isWaiting === false) each.close();
      }
      await pass(0);
      expect(world.requests.filter((each) => each?.isWaiting)).toEqual([]);
      expect([world.pool.inUse, world.pool.waiting]).toEqual([0, 0]);
    },
  });
});
