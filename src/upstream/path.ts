import { UpstreamError } from './failure/upstream-error.ts';

/** Ids of the service are ULIDs and UUIDs; this alphabet holds both and nothing that means something in a path. */
const ID = /^[\w-]{1,64}$/;

/**
 * Builds a path below the API's base URL: ``path`getDossier``/dossiers/${id}` ``.
 * An id outside the alphabet of the service's ids cannot exist, so it is answered as the service would answer
 * an unknown one, without a call, and can never name another path (`..`, `/`, `?`).
 * @throws {UpstreamError} of kind `not-found`.
 */
export function path(operation: string): (text: TemplateStringsArray, ...ids: readonly string[]) => string {
  return (text, ...ids) => {
    for (const id of ids) if (!ID.test(id)) throw new UpstreamError({ operation, kind: 'not-found' });
    return String.raw({ raw: text }, ...ids);
  };
}
