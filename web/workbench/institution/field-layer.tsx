import { useRef, useState } from 'react';
import type { KeyboardEvent, PointerEvent } from 'react';
import type { FieldBox } from '../gateway/operations.ts';
import { useText } from '../language/language.tsx';
import type { DraftField } from './draft.ts';

/** The part of a page that is shown, in the coordinates of the service. */
export interface ShownPart {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** The service accepts boxes that end before these coordinates. */
  readonly maxX: number;
  readonly maxY: number;
}

interface FieldLayerProps {
  readonly part: ShownPart;
  readonly page: number;
  readonly fields: readonly DraftField[];
  /** Signature fields that the PDF has. */
  readonly existing: readonly { readonly name: string; readonly box: FieldBox | null }[];
  readonly onDraw: (box: FieldBox) => void;
  readonly onMove: (id: string, box: FieldBox) => void;
  readonly onRemove: (id: string) => void;
}

/** Smaller boxes are taken for a click. */
const MIN_POINTS = 12;

/** The signature fields of a page: drawn with the mouse, moved with the mouse and by keyboard. */
export function FieldLayer({ part, page, fields, existing, onDraw, onMove, onRemove }: FieldLayerProps) {
  const text = useText();
  const { layer, box, handlers } = useDrawing(part, page, fields, onDraw, onMove);
  const isMoving = box?.id;
  return (
    <div className="field-layer" ref={layer} {...handlers}>
      {existing
        .filter((field) => field.box?.page === page)
        .map(({ name, box: place }) => (
          <span
            key={name}
            className="field-box existing"
            title={text.existingField(name)}
            style={styleOf(part, place)}
          />
        ))}
      {fields.map((field, index) => {
        const shown = isMoving === field.id && box !== undefined ? box.box : field.box;
        if (shown.page !== page) return null;
        return (
          <button
            key={field.id}
            type="button"
            className="field-box"
            data-field={field.id}
            style={styleOf(part, shown)}
            aria-label={`${text.field(index + 1)}: ${field.clause}`}
            onKeyDown={(event) => onKey(event, field, part, onMove, onRemove)}
          >
            <span>{index + 1}</span> {field.clause}
          </button>
        );
      })}
      {box !== undefined && box.id === undefined && (
        <span className="field-box drawing" style={styleOf(part, box.box)} />
      )}
    </div>
  );
}

function styleOf(part: ShownPart, box: FieldBox | null) {
  if (box === null) return {};
  return {
    left: `${((box.x - part.x) / part.width) * 100}%`,
    top: `${((box.y - part.y) / part.height) * 100}%`,
    width: `${(box.width / part.width) * 100}%`,
    height: `${(box.height / part.height) * 100}%`,
  };
}

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const STEP_POINTS = 5;

function onKey(
  event: KeyboardEvent,
  { id, box }: DraftField,
  part: ShownPart,
  onMove: FieldLayerProps['onMove'],
  onRemove: FieldLayerProps['onRemove'],
): void {
  if (event.key === 'Delete' || event.key === 'Backspace') {
    event.preventDefault();
    return onRemove(id);
  }
  const arrow = ARROWS[event.key];
  if (arrow === undefined) return;
  event.preventDefault();
  const [right, down] = arrow.map((direction) => direction * STEP_POINTS) as [number, number];
  const { x, y, width, height } = box;
  onMove(
    id,
    event.shiftKey
      ? within(part, { ...box, width: width + right, height: height + down })
      : within(part, { ...box, x: x + right, y: y + down }),
  );
}

/** The service requires that a box touches neither the right nor the lower edge. */
function within(part: ShownPart, box: FieldBox): FieldBox {
  const round = (value: number): number => Math.round(value * 10) / 10;
  const width = Math.min(Math.max(box.width, MIN_POINTS), part.maxX - part.x - 1);
  const height = Math.min(Math.max(box.height, MIN_POINTS), part.maxY - part.y - 1);
  const x = Math.min(Math.max(box.x, part.x), part.maxX - width - 1);
  const y = Math.min(Math.max(box.y, part.y), part.maxY - height - 1);
  return { page: box.page, x: round(x), y: round(y), width: round(width), height: round(height) };
}

interface Drag {
  readonly id: string | undefined;
  readonly from: { readonly x: number; readonly y: number };
  readonly box: FieldBox;
}

function useDrawing(
  part: ShownPart,
  page: number,
  fields: readonly DraftField[],
  onDraw: FieldLayerProps['onDraw'],
  onMove: FieldLayerProps['onMove'],
) {
  const layer = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<Drag>();
  const pointOf = ({ clientX, clientY }: PointerEvent): { x: number; y: number } => {
    const { left, top, width, height } = layer.current?.getBoundingClientRect() ?? new DOMRect();
    return {
      x: part.x + ((clientX - left) / width) * part.width,
      y: part.y + ((clientY - top) / height) * part.height,
    };
  };
  const boxAt = ({ id, from, box }: Drag, to: { x: number; y: number }): FieldBox => {
    const start = fields.find((field) => field.id === id)?.box;
    if (start !== undefined)
      return within(part, { ...start, x: start.x + to.x - from.x, y: start.y + to.y - from.y });
    const [x, y] = [Math.max(part.x, Math.min(from.x, to.x)), Math.max(part.y, Math.min(from.y, to.y))];
    const [right, bottom] = [
      Math.min(part.x + part.width, Math.max(from.x, to.x)),
      Math.min(part.y + part.height, Math.max(from.y, to.y)),
    ];
    return { page: box.page, x, y, width: right - x, height: bottom - y };
  };
  const handlers = {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      const id = (event.target as Element).closest('[data-field]')?.getAttribute('data-field') ?? undefined;
      const from = pointOf(event);
      const start = fields.find((field) => field.id === id)?.box;
      setDrag({ id, from, box: start ?? { page, ...from, width: 0, height: 0 } });
      layer.current?.setPointerCapture(event.pointerId);
    },
    onPointerMove: (event: PointerEvent) => {
      if (drag !== undefined) setDrag({ ...drag, box: boxAt(drag, pointOf(event)) });
    },
    onPointerUp: (event: PointerEvent) => {
      setDrag(undefined);
      if (drag === undefined) return;
      const { id, from } = drag;
      const to = pointOf(event);
      // A click moves nothing.
      if (to.x === from.x && to.y === from.y) return;
      // Not the box of the last rendering, which may be older than the last move.
      const box = boxAt(drag, to);
      if (id !== undefined) onMove(id, box);
      else if (box.width >= MIN_POINTS && box.height >= MIN_POINTS) onDraw(within(part, box));
    },
    onPointerCancel: () => setDrag(undefined),
  };
  return { layer, box: drag, handlers };
}
