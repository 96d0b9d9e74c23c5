import type { Contents, FoundText, Page, TextQuery } from '../../inspection/inspection.ts';
import { overflowOf, placeBeside } from '../../inspection/place-field.ts';
import type { Box } from '../../inspection/place-field.ts';
import { AnchorNotFoundError, InvalidInputError } from '../errors/domain-errors.ts';
import type { FieldError, MissingAnchor } from '../errors/domain-errors.ts';
import type { AnchorInput, BoxInput, SignatureFieldInput } from './document-input.ts';

export const queryOf = ({ text, page }: AnchorInput): TextQuery => ({ text, page: page ?? undefined });

/** The anchors of fields, in their order. */
export const anchorsOf = (fields: readonly SignatureFieldInput[] | null | undefined): AnchorInput[] =>
  (fields ?? []).flatMap(({ position }) => position.anchor ?? []);

/** The place that a field gets by its anchor, or the reason why it gets none. */
export type Resolved =
  | { readonly kind: 'box'; readonly box: BoxInput }
  | { readonly kind: 'missing'; readonly missing: MissingAnchor }
  | { readonly kind: 'outside'; readonly error: FieldError };

/** @param path leads from the `input` argument to the anchor */
export function resolveAnchor(
  anchor: AnchorInput,
  found: FoundText | undefined,
  { pages }: Contents,
  path: readonly string[],
): Resolved {
  const match = found?.matches[anchor.occurrence - 1];
  const page = match && pages[match.page];
  if (match === undefined || page === undefined) {
    const { count = 0, nearest } = found ?? {};
    return { kind: 'missing', missing: { path, text: anchor.text, matches: count, nearest } };
  }
  const box = placeBeside(match.box, page, anchor);
  const error = outside(box, page, match.page, path);
  return error === undefined
    ? { kind: 'box', box: { page: match.page, ...box } }
    : { kind: 'outside', error };
}

function outside(box: Box, page: Page, index: number, path: readonly string[]): FieldError | undefined {
  const overflow = overflowOf(box, page);
  if (overflow === undefined) return undefined;
  const size = `${page.width} × ${page.height} points`;
  return {
    path,
    message: `The box that the anchor gives the field leaves page ${index} (${size}) ${overflow}. Change the offsets, the size or the alignment of the anchor.`,
  };
}

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
