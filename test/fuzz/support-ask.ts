import type { WireRequest } from './support-requests.ts';
import { judge, VerdictError } from './support-verdict.ts';
import { Wire } from './support-wire.ts';
import type { WireAnswer } from './support-wire.ts';
import type { World } from './support-world.ts';

/** A client that sends complete requests one after another, on one connection while the gateway keeps it open. */
export function ask(world: World) {
  let wire: Wire | undefined;
  return {
    /** @throws {VerdictError} @throws {MalformedAnswer} @throws {HangError} */
    async send({ bytes, isHead }: WireRequest): Promise<WireAnswer> {
      if (wire === undefined || wire.isClosed) wire = await Wire.open(world.gateway.url);
      try {
        wire.write(bytes);
        const answer = await world.settled(wire.answer({ isHead, isEventEnough: true }));
        if (answer === undefined) throw new VerdictError('the connection was closed without an answer');
        judge(answer, world.secrets);
        const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true;
        if (isStream || answer.headers.get('connection') === 'close') wire.close();
        return answer;
      } catch (failure) {
        wire.close(); // later bytes on it would be mistaken for another answer
        throw failure;
      }
    },
    close: () => wire?.close(),
  };
}
