import { callerKey } from '../auth/caller.ts';
import type { Caller } from '../auth/caller.ts';
import { clientNetwork, nodeRequest } from './client-address.ts';
import type { TrustedProxies } from './client-address.ts';

/** Who it is, if they have shown it. */
export function knownCallerKey(context: object): string | undefined {
  // Ours, made by `createContext`, which Yoga's types do not know.
  const { caller } = context as { readonly caller?: Caller };
  if (caller === undefined || caller.kind === 'none') return undefined;
  return `caller ${callerKey(caller)}`;
}

/** Where it comes from. Undefined without a connection. */
export function addressKey(serverContext: unknown, proxies: TrustedProxies): string | undefined {
  const req = nodeRequest(serverContext);
  return req && `address ${clientNetwork(req, proxies)}`;
}

/** Who it is, or else where it comes from. */
export function callerKeyOf(context: object, proxies: TrustedProxies): string | undefined {
  return knownCallerKey(context) ?? addressKey(context, proxies);
}
