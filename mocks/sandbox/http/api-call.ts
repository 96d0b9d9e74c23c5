import type { IncomingCall } from './incoming-call.ts';
import type { ApiManagement } from './api-management.ts';
import { FAULT_HEADER, parseFaultHeader } from '../faults/fault-header.ts';
import type { FiredFaults } from '../faults/faults.ts';
import { replacesResponse } from '../faults/injected-answer.ts';
import type { World } from '../model/world.ts';
import { HANDLERS } from '../operations/handlers.ts';
import type { Call } from '../operations/operation.ts';
import type { Answer } from './problems.ts';
import { Refusal, unauthorized } from './problems.ts';
import { parseJson } from './request-body.ts';
import { pause } from './wire-answer.ts';

export interface ApiCallOptions {
  readonly world: World;
  readonly gateway: ApiManagement;
  readonly call: IncomingCall;
  /** Aborted when the client disconnects. */
  readonly disconnected: AbortSignal;
}

/** A call to the API, processed after its contract validation: faults, API gateway, handler. */
export class ApiCall {
  readonly #options: ApiCallOptions;
  readonly #behaviourIds: string[] = [];
  #faults: FiredFaults | undefined;
  #isAbandoned = false;

  constructor(options: ApiCallOptions) {
    this.#options = options;
  }

  /** The faults that fired, except for behaviours. Undefined if the call was not processed. */
  get faults(): FiredFaults | undefined {
    return this.#faults;
  }

  /** Ids of behaviours that fired while the handler ran. */
  get behaviourIds(): readonly string[] {
    return this.#behaviourIds;
  }

  /** Whether the client disconnected while a fault delayed the call, which was not processed. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** Whether the response is that of the service: no fault replaces it. */
  get isHandled(): boolean {
    return !this.#isAbandoned && !replacesResponse(this.#faults?.fault);
  }

  /** Processes the call. If it is not handled, the result is a placeholder. */
  async process(operationId: string, pathIds: readonly string[]): Promise<Answer> {
    const { world, call, disconnected } = this.#options;
    const headerFaults = parseFaultHeader(call.headers[FAULT_HEADER], operationId);
    this.#faults = world.faults.fire(operationId, headerFaults);
    await pause(this.#faults.delayMs, disconnected);
    this.#isAbandoned = disconnected.aborted;
    if (!this.isHandled) return PLACEHOLDER;
    return world.faults.recordBehaviours(this.#behaviourIds, () =>
      passGateway(this.#options, operationId, pathIds),
    );
  }
}

const PLACEHOLDER: Answer = { status: 200, headers: {} };

/** The response of the API gateway, or that of the handler with the headers of the gateway. */
async function passGateway(
  { world, gateway, call }: ApiCallOptions,
  operationId: string,
  pathIds: readonly string[],
): Promise<Answer> {
  const json = parseJson(call.bytes);
  const decision = gateway.check({
    operationId,
    apiKey: call.headers['ocp-apim-subscription-key'],
    forwardedFor: call.headers['x-forwarded-for'],
    remoteAddress: call.remoteAddress,
    json,
  });
  if (decision.refusal !== undefined) return withHeaders(decision.refusal, decision.headers);
  const { issuer, environment } = decision;
  const answer = await handle(world, operationId, { ...call, issuer, environment, pathIds, json });
  return withHeaders(world.profile.answer(operationId, answer), decision.headers);
}

async function handle(world: World, operationId: string, call: Call): Promise<Answer> {
  const handler = HANDLERS.get(operationId);
  if (handler === undefined) throw new Error(`No handler for ${operationId}`);
  try {
    // The lookup of signers needs no issuer, so the outage does not affect it.
    if (operationId !== 'getSignerByFiscalCode' && world.faults.occurs('back-office-outage')) {
      throw unauthorized();
    }
    return await handler(call, world);
  } catch (error) {
    if (error instanceof Refusal) return error.answer;
    throw error;
  }
}

function withHeaders(answer: Answer, headers: Readonly<Record<string, string>>): Answer {
  return { ...answer, headers: { ...answer.headers, ...headers } };
}
