import type { Plugin } from 'graphql-yoga';
import { NO_PROXIES } from '../http/client-address.ts';
import type { TrustedProxies } from '../http/client-address.ts';
import type { RateLimit } from '../http/rate-limit.ts';
import type { TrustedDocuments } from './trusted-documents.ts';
import { useAddressRules } from '../http/use-address-rules.ts';
import { useAllowedHosts } from '../http/use-allowed-hosts.ts';
import { useExplorer } from './explorer/use-explorer.ts';
import { useOperationCost } from './use-operation-cost.ts';
import { useOperationLimits } from './use-operation-limits.ts';
import { useNoIntrospection, useNoSuggestions } from './use-production-answers.ts';
import { useRateLimit } from '../http/use-rate-limit.ts';
import { useSameOrigin } from '../http/use-same-origin.ts';
import { trustedDocumentsOnly } from './use-trusted-documents.ts';
import { useWholeSubscriptions } from './use-whole-subscriptions.ts';

/** What an operator decides about requests that may be attacks. */
export interface Protections {
  /** The page for browsers. */
  readonly graphiql: boolean;
  /** Whether the schema can be asked for. */
  readonly introspection: boolean;
  /** Whether messages name what the caller may have meant. */
  readonly suggestions: boolean;
  /** Origins, besides the gateway's own, whose pages may use it. `*` is every one. */
  readonly corsOrigins: readonly string[];
  /** Names of the gateway besides those of its machine; see `useAllowedHosts`. */
  readonly allowedHosts: readonly string[];
  /** When given, nothing else is run. */
  readonly trustedDocuments: TrustedDocuments | undefined;
  /** 0: as many as they like. */
  readonly requestsPerMinute: number;
  readonly proxies: TrustedProxies;
  /** Calls of the service that one operation may need. */
  readonly maxOperationCost: number;
}

/** As on a developer's machine. */
export const OPEN: Protections = {
  graphiql: true,
  introspection: true,
  suggestions: true,
  corsOrigins: [],
  allowedHosts: [],
  trustedDocuments: undefined,
  requestsPerMinute: 0,
  proxies: NO_PROXIES,
  maxOperationCost: 250,
};

/** Before a body is read: whether this is for us, from somebody who may send it, and not too often. */
export function protectRequests(
  listensOn: string,
  options: Protections,
  rateLimit: RateLimit | undefined,
): Plugin[] {
  const { allowedHosts, graphiql, trustedDocuments, corsOrigins } = options;
  return [
    useAllowedHosts(listensOn, allowedHosts),
    useAddressRules(),
    ...(rateLimit === undefined ? [] : [useRateLimit(rateLimit)]),
    // Its tabs would be refused where only trusted documents are run.
    ...(graphiql && trustedDocuments === undefined ? [useExplorer()] : []),
    useSameOrigin(corsOrigins),
  ];
}

/** Before an operation is run: whether it is one of ours, and what it may cost. */
export function protectOperations(options: Protections): Plugin[] {
  const { trustedDocuments, introspection, suggestions, maxOperationCost } = options;
  return [
    ...(trustedDocuments === undefined ? [] : trustedDocumentsOnly(trustedDocuments)),
    useOperationLimits(),
    useWholeSubscriptions(),
    ...(introspection ? [] : [useNoIntrospection()]),
    ...(suggestions ? [] : [useNoSuggestions()]),
    useOperationCost(maxOperationCost),
  ];
}
