import { UpstreamError } from './failure/upstream-error.ts';

/** Ids of the service are ULIDs and UUIDs. The alphabet covers both and has no character with a meaning in a path. */
const ID = /^[\w-]{1,64}$/;

/**
 * Builds a path below the base URL of the API: ``path('getDossier')`/dossiers/${id}` ``. An id outside the alphabet cannot
 * exist and could name another path (`..`, `/`, `?`), so it fails like an unknown id, without a call.
 * @throws {UpstreamError} of kind `not-found`.
 */
export function path(operation: string): (text: TemplateStringsArray, ...ids: readonly string[]) => string {
  return (texts, ...ids) =>
    ids.reduce((path, id, index) => {
      if (!ID.test(id)) throw new UpstreamError({ operation, kind: 'not-found' });
      return path + id + (texts[index + 1] ?? '');
    }, texts[0] ?? '');
}
