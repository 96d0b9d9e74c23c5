import { listQuery } from '../decoding/bodies.ts';
import { decodeOrRefuse } from '../decoding/types.ts';
import { internalError, success } from '../http/problems.ts';
import { requestListView } from '../model/views.ts';
import { dossierOrRefuse } from './lookup.ts';
import type { Call, Operation } from './operation.ts';

export const getRequestsByDossier: Operation = (call, world) => {
  const { limit = 25, continuationToken } = decodeOrRefuse(listQuery, joined(call.query));
  const dossier = dossierOrRefuse(call, world, call.pathIds[0]);
  const ids = world.store.requestsByDossier.get(dossier.id) ?? [];
  const start = continuationToken === undefined ? 0 : positionOf(continuationToken);
  const end = start + limit;
  const items = ids.slice(start, end).flatMap((id) => {
    const request = world.store.requests.get(id);
    return request === undefined ? [] : [requestListView(request)];
  });
  const isLast = end >= ids.length && !(items.length > 0 && world.faults.occurs('empty-last-page'));
  return success(200, { items, ...(!isLast && { continuation_token: tokenAt(end) }) });
};

/** The values of a repeated name, as the host of the service joins them. */
function joined(query: Call['query']): Record<string, string> {
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, value.toString()]));
}

/** The service returns the token of its database: JSON-like text that must be URL-encoded. This one looks the same. */
function tokenAt(position: number): string {
  return `[{"token":"+RID:~${Buffer.from(String(position)).toString('base64url')}#RT:1#TRC:${position}","range":{"min":"","max":"FF"}}]`;
}

/** @throws Refusal 500, because the database client of the service throws a plain error for an unknown token */
function positionOf(token: string): number {
  const encoded = /"\+RID:~([\w-]+)#/.exec(token)?.[1];
  const position = Number(Buffer.from(encoded ?? '', 'base64url').toString() || NaN);
  if (!Number.isSafeInteger(position) || position < 0) throw internalError('Error');
  return position;
}
