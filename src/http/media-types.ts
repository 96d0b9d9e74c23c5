import { parse } from 'content-type';
import type { ContentType } from 'content-type';

export const JSON_TYPE = 'application/json';
export const FORM_TYPE = 'application/x-www-form-urlencoded';
export const MULTIPART_TYPE = 'multipart/form-data';
export const EVENTS_TYPE = 'text/event-stream';
export const HTML_TYPE = 'text/html';
export const TEXT_TYPE = 'text/plain';

/**
 * The media type of a `Content-Type` in lower case, and its parameters without quotes; an empty string without the header.
 * Of a list, which some clients send although it is invalid, the first.
 */
export const mediaTypeOf = (header: string | null | undefined): ContentType =>
  parse(header ?? '', { comma: true });

/** Whether the charset of a media type, or of a range of an `Accept`, is UTF-8, which is the default. */
export const isUtf8 = ({ parameters: { charset } }: Pick<ContentType, 'parameters'>): boolean =>
  charset === undefined || /^utf-?8$/i.test(charset);

/** The media types that an `Accept` permits, the preferred one first (RFC 9110, section 12.5.1). */
export function acceptedOf(header: string | null, types: readonly string[]): string[] {
  if (header === null || header === '') return [...types];
  const ranges = rangesIn(header).filter(isUtf8);
  return types
    .flatMap((type) => {
      const fits = ranges.flatMap(({ type: range, parameters }, index) => {
        const precision = precisionOf(range, type);
        return precision === 0 ? [] : { type, precision, quality: qualityOf(parameters), index };
      });
      // Only the most precise range counts: next to `text/html`, `text/*;q=0` does not apply to it.
      return fits.toSorted((a, b) => b.precision - a.precision).slice(0, 1);
    })
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality || b.precision - a.precision || a.index - b.index)
    .map(({ type }) => type);
}

/** Whether a client prefers HTML, as browsers do when they open a page. Others accept everything or send no `Accept`. */
export const prefersPages = (accept: string | undefined): boolean =>
  acceptedOf(accept ?? null, [JSON_TYPE, HTML_TYPE])[0] === HTML_TYPE;

/** Whether an `Accept-Encoding` names this coding. */
export const acceptsCoding = (header: string | null, coding: string): boolean =>
  rangesIn(header ?? '').some(({ type, parameters }) => type === coding && qualityOf(parameters) > 0);

function rangesIn(header: string): ContentType[] {
  const ranges: ContentType[] = [];
  for (let start = 0; start < header.length;) {
    const range = parse(header, { comma: true, start });
    ranges.push(range);
    start = range.index + 1;
  }
  return ranges;
}

/** 3 for the type itself, 2 for its main type, 1 for every type, 0 for others. */
function precisionOf(range: string, type: string): 0 | 1 | 2 | 3 {
  if (range === type) return 3;
  if (range === `${type.split('/')[0]}/*`) return 2;
  return range === '*/*' ? 1 : 0;
}

const qualityOf = ({ q = '1' }: ContentType['parameters']): number => Number(q) || 0;
