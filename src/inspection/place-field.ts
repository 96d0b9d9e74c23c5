import { boundsOf, corners, inverted, transform, viewOf } from './geometry.ts';
import type { Rect } from './geometry.ts';
import type { Page } from './inspection.ts';

/** A box in the coordinates of the service: in points from the top left of the page, y downwards. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where the box is, relative to the text. */
export type Align = 'TOP_LEFT' | 'BOTTOM_LEFT' | 'CENTER' | 'ABOVE' | 'BELOW' | 'LEFT' | 'RIGHT';

/** The size of a box and its place relative to a text, as the reader of the page sees them. */
export interface Placement {
  readonly align: Align;
  readonly offsetX: number;
  readonly offsetY: number;
  readonly width: number;
  readonly height: number;
}

/** A rectangle as the reader sees it: y grows downwards, so `bottom` is its upper edge. */
type Seen = Rect;

/**
 * The box of a rectangle of user space. The service takes the user space for that of a page that begins at 0, and measures y
 * from the height of its MediaBox.
 */
export function boxOf({ left, right, bottom, top }: Rect, page: Page): Box {
  return {
    x: rounded(left),
    y: rounded(page.height - top),
    width: rounded(right - left),
    height: rounded(top - bottom),
  };
}

/** The box of a field that is placed by a text. */
export function placeBeside(text: Rect, page: Page, placement: Placement): Box {
  const view = viewOf(page.rotation);
  const seen = boundsOf(corners(text).map((corner) => transform(view, corner)));
  const { width, height, offsetX, offsetY } = placement;
  const corner = cornerOf(seen, placement);
  const [x, y] = [corner.x + offsetX, corner.y + offsetY];
  const field: Seen = { left: x, right: x + width, bottom: y, top: y + height };
  return boxOf(boundsOf(corners(field).map((point) => transform(inverted(view), point))), page);
}

/** The upper left corner of the box, as the reader sees it. */
function cornerOf(text: Seen, { align, width, height }: Placement): { x: number; y: number } {
  const { left, right, bottom: upper, top: lower } = text;
  const [middleX, middleY] = [(left + right) / 2, (upper + lower) / 2];
  switch (align) {
    case 'TOP_LEFT':
      return { x: left, y: upper };
    case 'BOTTOM_LEFT':
      return { x: left, y: lower - height };
    case 'CENTER':
      return { x: middleX - width / 2, y: middleY - height / 2 };
    case 'ABOVE':
      return { x: left, y: upper - height };
    case 'BELOW':
      return { x: left, y: lower };
    case 'LEFT':
      return { x: left - width, y: middleY - height / 2 };
    case 'RIGHT':
      return { x: right, y: middleY - height / 2 };
  }
}

/** By how many points a box leaves a page or touches an edge that the service refuses; undefined if it fits. */
export function overflowOf(box: Box, page: Page): string | undefined {
  const { width, height, origin } = page;
  const sides = [
    ['left', origin.x - box.x],
    ['top', -origin.y - box.y],
    // The service refuses a box that touches the right or the lower edge.
    ['right', box.x + box.width - Math.min(width, origin.x + width)],
    ['bottom', box.y + box.height - Math.min(height, height - origin.y)],
  ] as const;
  const beyond = sides.filter(([side, by]) => (side === 'left' || side === 'top' ? by > 0.005 : by >= 0));
  if (beyond.length === 0) return undefined;
  return beyond.map(([side, by]) => `by ${rounded(by)} points at its ${side} edge`).join(' and ');
}

/** Hundredths of a point: the service rounds to whole points. */
const rounded = (value: number): number => Math.round(value * 100) / 100 + 0;
