import { setTimeout as pause } from 'node:timers/promises';
import { judge, VerdictError } from './support-verdict.ts';
import { Wire } from './support-wire.ts';
import type { WireAnswer } from './support-wire.ts';
import type { World } from './support-world.ts';

/** The request after an input on the same connection. */
const MARK = 'afterwards';
/** How long the client of an incomplete request waits before it disconnects, in milliseconds. */
const GIVES_UP_MS = 25;

/**
 * Sends an input in these pieces on a new connection, followed by a valid request. Then the connection must be usable, which the answer to the valid request shows, or closed.
 *
 * @param isComplete the input is one or more whole requests: no later bytes can be parsed as a part of them, and
 *   the gateway has nothing to wait for. If not, the client gives up.
 * @returns the answers to the input
 * @throws {VerdictError} @throws {MalformedAnswer} @throws {HangError}
 */
export async function exchange(
  world: World,
  pieces: readonly Buffer[],
  { isComplete }: { readonly isComplete: boolean },
): Promise<WireAnswer[]> {
  const wire = await Wire.open(world.gateway.url);
  try {
    for (const piece of pieces) {
      wire.write(piece);
      if (pieces.length > 1) await pause(0);
    }
    wire.write(world.good(MARK, ['Connection: close']));
    const left = new AbortController();
    const leave = isComplete
      ? undefined
      : pause(GIVES_UP_MS, undefined, left).then(
          () => wire.end(),
          () => {},
        );
    const answers = await world.settled(answersOn(world, wire));
    left.abort();
    await leave;
    const last = answers.at(-1);
    const isUsable = last !== undefined && world.isGood(last, MARK);
    if (isComplete && !isUsable && last?.headers.get('connection') !== 'close')
      throw new VerdictError('the connection was closed without an answer');
    return isUsable ? answers.slice(0, -1) : answers;
  } finally {
    wire.close();
  }
}

/** All answers until the gateway closes the connection. */
async function answersOn(world: World, wire: Wire): Promise<WireAnswer[]> {
  const answers: WireAnswer[] = [];
  for (let answer; (answer = await wire.answer()) !== undefined;) {
    judge(answer, world.secrets);
    answers.push(answer);
  }
  return answers;
}
