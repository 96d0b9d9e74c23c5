import type { Rect } from './geometry.ts';

/*
 * What is read from a PDF. Plain data, because it is sent between threads.
 */

/** A page. Lengths are in points of its user space. */
export interface Page {
  /** The size of the MediaBox, by which the service places fields. */
  readonly width: number;
  readonly height: number;
  /** The lower left corner of the MediaBox, which the service takes for the origin. */
  readonly origin: { readonly x: number; readonly y: number };
  /** The part that the reader sees. */
  readonly visible: Rect;
  /** Clockwise, in degrees: 0, 90, 180 or 270. */
  readonly rotation: number;
  /** The size of a unit, in points. */
  readonly userUnit: number;
}

/** A signature field of the PDF. */
export interface FoundField {
  readonly name: string;
  /** Undefined if the field is on no page. */
  readonly place: Place | undefined;
  readonly isSigned: boolean;
}

export interface Place {
  /** The index of the page; the first is 0. */
  readonly page: number;
  readonly box: Rect;
}

/** A text to look for. */
export interface TextQuery {
  readonly text: string;
  /** The page to look on; all pages if undefined. */
  readonly page: number | undefined;
}

export interface FoundText {
  /** How often the text was found. */
  readonly count: number;
  /** The first ones, from the top of the first page to the bottom of the last, and each line from the left. */
  readonly matches: readonly Place[];
  /** The most similar text, if none was found. */
  readonly nearest: string | undefined;
}

/** A PDF that the service can open. */
export interface Contents {
  readonly kind: 'read';
  readonly pages: readonly Page[];
  readonly signatureFields: readonly FoundField[];
  readonly texts: readonly FoundText[];
  /** Pages whose text could not be read. */
  readonly unreadPages: readonly number[];
}

/** A PDF that the service cannot open, with the reason in its words. */
export interface Refused {
  readonly kind: 'encrypted' | 'unreadable';
  readonly reason: string;
}

export type Inspection = Contents | Refused;

/** Bounds of what is read, apart from the memory and the time of a thread. */
export const MAX_PAGES = 2_000;
export const MAX_OBJECTS = 500_000;
export const MAX_MATCHES = 100;
