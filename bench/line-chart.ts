export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Chart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly points: readonly Point[];
}

const [WIDTH, HEIGHT] = [520, 260];
const MARGIN = { left: 70, right: 20, top: 36, bottom: 44 };

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const short = (value: number): string =>
  Number(value.toPrecision(3)).toLocaleString('en', { maximumSignificantDigits: 3 });

/** Powers of ten from that below the smallest value to that above the largest. */
function decades(values: readonly number[]): number[] {
  const from = Math.floor(Math.log10(Math.min(...values)));
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...values))));
  return Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index));
}

/**
 * A line on two logarithmic axes, on which proportional growth has the slope of the dashed line: a line that is nowhere steeper
 * grows no worse than linearly.
 */
function draw({ title, xLabel, yLabel, points }: Chart, left: number, top: number): string {
  const [xs, ys] = [decades(points.map(({ x }) => x)), decades(points.map(({ y }) => y))];
  const scale = (ticks: readonly number[], from: number, to: number) => {
    const [low, high] = [Math.log10(ticks.at(0) ?? 1), Math.log10(ticks.at(-1) ?? 10)];
    return (value: number): number => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  };
  const x = scale(xs, MARGIN.left, WIDTH - MARGIN.right);
  const y = scale(ys, HEIGHT - MARGIN.bottom, MARGIN.top);
  const line = (at: readonly Point[]): string =>
    at.map((point) => `${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`).join(' ');
  const grid = [
    ...xs.map(
      (tick) =>
        `<path class="grid" d="M${x(tick).toFixed(1)} ${MARGIN.top}V${HEIGHT - MARGIN.bottom}"/>` +
        `<text x="${x(tick).toFixed(1)}" y="${HEIGHT - MARGIN.bottom + 14}" text-anchor="middle">${short(tick)}</text>`,
    ),
    ...ys.map(
      (tick) =>
        `<path class="grid" d="M${MARGIN.left} ${y(tick).toFixed(1)}H${WIDTH - MARGIN.right}"/>` +
        `<text x="${MARGIN.left - 6}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${short(tick)}</text>`,
    ),
  ];
  const dots = points.map(
    (point) =>
      `<circle cx="${x(point.x).toFixed(1)}" cy="${y(point.y).toFixed(1)}" r="3"><title>${short(point.x)}: ${short(point.y)}</title></circle>`,
  );
  return [
    `<g transform="translate(${left} ${top})">`,
    `<text class="title" x="${MARGIN.left}" y="20">${escape(title)}</text>`,
    ...grid,
    `<svg x="${MARGIN.left}" y="${MARGIN.top}" width="${WIDTH - MARGIN.left - MARGIN.right}" height="${HEIGHT - MARGIN.top - MARGIN.bottom}" viewBox="${MARGIN.left} ${MARGIN.top} ${WIDTH - MARGIN.left - MARGIN.right} ${HEIGHT - MARGIN.top - MARGIN.bottom}">`,
    `<polyline class="linear" points="${line(proportional(points))}"/>`,
    '</svg>',
    `<polyline class="line" points="${line(points)}"/>`,
    ...dots,
    `<text x="${(MARGIN.left + WIDTH - MARGIN.right) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escape(xLabel)}</text>`,
    `<text transform="translate(14 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escape(yLabel)}</text>`,
    '</g>',
  ].join('\n');
}

/** Proportional growth up to the last point. */
function proportional(points: readonly Point[]): Point[] {
  const last = points.at(-1) ?? { x: 1, y: 1 };
  return points.map(({ x }) => ({ x, y: (last.y * x) / last.x }));
}

const STYLE = `text { font: 11px sans-serif; fill: #333 } .title { font-weight: bold; font-size: 13px }
.grid { stroke: #ddd } .line { fill: none; stroke: #06c; stroke-width: 2 } circle { fill: #06c }
.linear { fill: none; stroke: #999; stroke-dasharray: 4 4 }`;

/** An SVG with rows of charts. */
export function chartsOf(rows: readonly (readonly Chart[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${columns * WIDTH}" height="${rows.length * HEIGHT}">`,
    `<style>${STYLE}</style>`,
    '<rect width="100%" height="100%" fill="white"/>',
    ...rows.flatMap((row, down) => row.map((chart, right) => draw(chart, right * WIDTH, down * HEIGHT))),
    '</svg>',
    '',
  ].join('\n');
}
