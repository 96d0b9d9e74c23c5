import type { TrustedProxies } from '../http/client-address.ts';
import type { TrustedDocuments } from './trusted-documents.ts';

/** The protections that an operator configures. */
export interface Protections {
  /** Whether browsers get GraphiQL. */
  readonly graphiql: boolean;
  /** Whether clients may query the schema. */
  readonly introspection: boolean;
  /** Whether error messages suggest names of the schema. */
  readonly suggestions: boolean;
  /** Origins, besides the gateway's own, whose pages may use it. `*` permits every origin. */
  readonly corsOrigins: readonly string[];
  /** Names of the gateway besides those of its machine; see `Gatekeeper`. */
  readonly allowedHosts: readonly string[];
  /** When set, no other document runs. */
  readonly trustedDocuments: TrustedDocuments | undefined;
  /** The per-caller rate limit. 0: no limit. */
  readonly requestsPerMinute: number;
  readonly proxies: TrustedProxies;
  /** The upstream calls that one operation may need. */
  readonly maxOperationCost: number;
}
