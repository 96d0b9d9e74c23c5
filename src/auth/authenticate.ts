import { ApiKeys } from './api-keys.ts';
import type { ApiKeysError } from './api-keys.ts';
import { UNAUTHENTICATED_CALLER } from './caller.ts';
import type { Caller } from './caller.ts';
import { apiKey, bearerToken } from './credentials.ts';
import { AuthenticationError } from './auth-errors.ts';
import { fetchThrough } from '../upstream/connect-through.ts';
import type { ProxyFor } from '../upstream/proxy-for.ts';
import { KeySet } from './key-set.ts';
import type { KeySetOptions } from './key-set.ts';
import type { KeySetError } from './read-key-set.ts';
import type { UnusableKey } from './usable-keys.ts';
import { TokenVerifier } from './token-verifier.ts';
import type { JwtRules } from './verify-jwt.ts';
import type { RequestHeaders } from './headers.ts';

/** How callers authenticate. */
export type AuthenticationOptions =
  | { readonly mode: 'none' }
  | { readonly mode: 'jwt'; readonly keySet: KeySetOptions; readonly rules: JwtRules }
  | { readonly mode: 'api-key'; readonly file: string; readonly pollMs?: number };

export interface AuthenticationEvents {
  /** The keys of the token issuer could not be read. */
  readonly onKeySetFailure: (failure: KeySetError) => void;
  /** The token issuer publishes a key that cannot verify tokens. */
  readonly onUnusableKey: (key: UnusableKey) => void;
  /** The file of API keys has changed. With a failure it is invalid, and the previous keys stay in use. */
  readonly onApiKeysReload: (failure?: ApiKeysError) => void;
}

export interface Authentication {
  /** The caller of a request with these headers. @throws {AuthenticationError} */
  authenticate(headers: RequestHeaders): Promise<Caller>;
  close(): void | Promise<void>;
}

/** @throws {ApiKeysError} */
export function createAuthentication(
  options: AuthenticationOptions,
  events: AuthenticationEvents,
  proxyFor: ProxyFor,
): Authentication {
  switch (options.mode) {
    case 'none':
      return { authenticate: () => Promise.resolve(UNAUTHENTICATED_CALLER), close() {} };
    case 'jwt': {
      const { onKeySetFailure: onFailure, onUnusableKey } = events;
      const { fetch, close } = fetchThrough(proxyFor);
      const keys = new KeySet({ fetch, ...options.keySet, onFailure, onUnusableKey });
      const verifier = new TokenVerifier(keys, options.rules);
      return { authenticate: async (headers) => verifier.callerOf(bearerToken(headers)), close };
    }
    case 'api-key': {
      const keys = new ApiKeys({ ...options, onReload: events.onApiKeysReload });
      return {
        async authenticate(headers) {
          const owner = keys.ownerOf(apiKey(headers));
          if (owner === undefined) throw new AuthenticationError('invalid', 'unknown key');
          return owner;
        },
        close: () => keys.close(),
      };
    }
  }
}
