import { times } from '../errors/domain-errors.ts';
import type { Contents, Page } from '../../inspection/inspection.ts';
import { resolveAnchor } from './anchors.ts';
import type { AnchorInput, BoxInput, SignatureFieldInput } from './document-input.ts';

/** A reason for which the service rejects a document (`ERROR`), or does something that the caller may not expect (`WARNING`). */
export interface DocumentProblem {
  /** Leads from the `input` argument to the cause. */
  readonly path: readonly string[];
  readonly severity: 'ERROR' | 'WARNING';
  readonly message: string;
}

/** An encrypted file. `reason` is in the words of the service. */
export const encryptionProblem = ({ reason }: { readonly reason: string }): DocumentProblem => ({
  path: ['file'],
  severity: 'ERROR',
  message: reason,
});

/** All problems of a document that the service can open. */
export function problemsOf(
  contents: Contents,
  anchors: readonly AnchorInput[],
  fields: readonly SignatureFieldInput[],
): DocumentProblem[] {
  if (contents.pages.some(({ width, height }) => !(width >= 0 && height >= 0)))
    return [{ path: ['file'], severity: 'ERROR', message: 'Failed to extract metadata from pdf file!' }];
  const anchorProblems = anchors.flatMap((anchor, nth) =>
    ofAnchor(anchor, nth, contents, ['anchors', String(nth)]),
  );
  let nth = anchors.length;
  const ofFields = fields.flatMap((field, index) => {
    const path = ['fields', String(index), 'position'];
    const { anchor } = field.position;
    if (anchor == null) return ofField(field, contents, path);
    return ofAnchor(anchor, nth++, contents, [...path, 'anchor']);
  });
  return [...anchorProblems, ...ofFields, ...ofPages(contents)];
}

/** A named field or a box, by the rules of the service and in its words. */
function ofField(
  { clause, position: { uniqueName, box } }: SignatureFieldInput,
  { pages, signatureFields }: Contents,
  path: readonly string[],
): DocumentProblem[] {
  const error = (name: string, message: string): DocumentProblem[] => [
    { path: [...path, name], severity: 'ERROR', message: `(${clause.title}) ${message}` },
  ];
  if (uniqueName != null) {
    if (signatureFields.some(({ name }) => name === uniqueName)) return [];
    return error('uniqueName', `the field "${uniqueName}" was not found is the uploaded document`);
  }
  if (box == null) return [];
  const page = pages[box.page];
  if (page === undefined)
    return error('box', `incompatible coordinates: unable to find page ${box.page} in the uploaded document`);
  if (!(box.x + box.width < page.width && box.y + box.height < page.height))
    return error('box', "incompatible coordinates: they can't fit in the uploaded document");
  return ofVisibility(box, page, [...path, 'box']);
}

function ofAnchor(
  anchor: AnchorInput,
  nth: number,
  contents: Contents,
  path: readonly string[],
): DocumentProblem[] {
  const resolved = resolveAnchor(anchor, contents.texts[nth], contents, path);
  switch (resolved.kind) {
    case 'missing': {
      const { matches } = resolved.missing;
      const message = `The text of the anchor was found ${times(matches)}, but its occurrence is ${anchor.occurrence}.`;
      return [{ path, severity: 'ERROR', message }];
    }
    case 'outside':
      return [{ ...resolved.error, severity: 'ERROR' }];
    case 'box': {
      const page = contents.pages[resolved.box.page];
      return page === undefined ? [] : ofVisibility(resolved.box, page, path);
    }
  }
}

/** The service compares a box with the whole page, of which the reader may see a part. */
function ofVisibility(box: BoxInput, page: Page, path: readonly string[]): DocumentProblem[] {
  const { visible } = page;
  const [top, bottom] = [page.height - box.y, page.height - box.y - box.height];
  // The service rounds to whole points.
  const isVisible =
    box.x >= visible.left - 1 &&
    box.x + box.width <= visible.right + 1 &&
    bottom >= visible.bottom - 1 &&
    top <= visible.top + 1;
  if (isVisible) return [];
  const message = `The box is not, or not completely, in the visible part of page ${box.page}.`;
  return [{ path, severity: 'WARNING', message }];
}

/** What the service ignores of a page. */
const IGNORED: readonly { readonly applies: (page: Page) => boolean; readonly message: string }[] = [
  {
    applies: ({ rotation }) => rotation !== 0,
    message:
      'rotated. The service ignores this: coordinates are those of the page without rotation, and a signature is rotated with the page.',
  },
  {
    applies: ({ origin }) => origin.x !== 0 || origin.y !== 0,
    message:
      'with a MediaBox that does not begin at 0. The service ignores this: coordinates are those of the user space, with y measured from the height of the MediaBox.',
  },
  {
    applies: ({ visible, width, height }) =>
      Math.abs(visible.right - visible.left - width) > 0.01 ||
      Math.abs(visible.top - visible.bottom - height) > 0.01,
    message:
      'with a CropBox that is smaller than the MediaBox. The service ignores this: a box that it accepts may be invisible.',
  },
  {
    applies: ({ userUnit }) => userUnit !== 1,
    message:
      'with a UserUnit. The service ignores this: all lengths are in units of the page, not in points.',
  },
];

function ofPages({ pages, unreadPages }: Contents): DocumentProblem[] {
  const warnings = IGNORED.flatMap(({ applies, message }) => {
    const indices = [...pages.entries()].filter(([, page]) => applies(page)).map(([index]) => index);
    return indices.length === 0 ? [] : [`The PDF has pages ${message} Pages: ${listOf(indices)}.`];
  });
  if (unreadPages.length > 0)
    warnings.push(`The gateway could not read the text of pages: ${listOf(unreadPages)}.`);
  return warnings.map((message) => ({ path: ['file'], severity: 'WARNING', message }));
}

const MAX_LISTED = 10;

const listOf = (pages: readonly number[]): string =>
  pages.slice(0, MAX_LISTED).join(', ') + (pages.length > MAX_LISTED ? ' and others' : '');
