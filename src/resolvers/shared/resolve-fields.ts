import type { Contents } from '../../inspection/inspection.ts';
import { AnchorNotFoundError, InvalidInputError } from '../errors/domain-errors.ts';
import { resolveAnchor } from './anchors.ts';
import type { SignatureFieldInput } from './document-input.ts';

/** The fields of a document, whose file was searched for the texts of their anchors. */
interface Searched {
  readonly fields: readonly SignatureFieldInput[];
  readonly contents: Contents;
  /** Leads from the `input` argument to the fields. */
  readonly path: readonly string[];
}

/**
 * Replaces the anchors of documents by boxes.
 * @throws {AnchorNotFoundError} with all anchors that were not found. @throws {InvalidInputError} with all boxes that leave a page.
 */
export function resolveFields(documents: readonly Searched[]): SignatureFieldInput[][] {
  const resolved = documents.map(({ fields, contents, path }) => {
    let nth = 0;
    return fields.map((field, index) => {
      const { anchor } = field.position;
      if (anchor == null) return { field };
      const outcome = resolveAnchor(anchor, contents.texts[nth], contents, [
        ...path,
        String(index),
        'position',
        'anchor',
      ]);
      nth += 1;
      return { field, outcome };
    });
  });
  const outcomes = resolved.flat().flatMap(({ outcome }) => outcome ?? []);
  const missing = outcomes.flatMap((outcome) => (outcome.kind === 'missing' ? [outcome.missing] : []));
  if (missing.length > 0) throw new AnchorNotFoundError(missing);
  const errors = outcomes.flatMap((outcome) => (outcome.kind === 'outside' ? [outcome.error] : []));
  if (errors.length > 0) throw new InvalidInputError(errors);
  return resolved.map((fields) =>
    fields.map(({ field, outcome }) =>
      outcome?.kind === 'box' ? { ...field, position: { box: outcome.box } } : field,
    ),
  );
}
