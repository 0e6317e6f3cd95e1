/** A line of a chart: points by ascending x. */
export interface Line {
  name: string;
  color: string;
  isDashed: boolean;
  points: ReadonlyArray<readonly [x: number, y: number]>;
}

export interface LineChart {
  title: string;
  x: { label: string; max: number };
  y: { label: string; max: number };
  lines: readonly Line[];
}

/** A bar with the range of what was seen. */
export interface Bar {
  value: number;
  min: number;
  max: number;
}

export interface BarChart {
  title: string;
  label: string;
  /** What the bars of each group stand for, in their order. */
  series: ReadonlyArray<{ name: string; color: string }>;
  groups: ReadonlyArray<{ name: string; bars: readonly Bar[] }>;
}

const WIDTH = 760;
const HEIGHT = 320;
const LEFT = 64;
const RIGHT = 16;
const TOP = 56;
const BOTTOM = 52;
const INNER_WIDTH = WIDTH - LEFT - RIGHT;
const INNER_HEIGHT = HEIGHT - TOP - BOTTOM;

/** Lines over two linear axes that begin at 0, as SVG text; equal data give equal text. */
export function lineChart({ title, x, y, lines }: LineChart): string {
  const across = (value: number) => LEFT + (Math.min(value, x.max) / x.max) * INNER_WIDTH;
  const up = (value: number) => TOP + INNER_HEIGHT - (Math.min(value, y.max) / y.max) * INNER_HEIGHT;
  const xTicks = ticks(x.max).map((value) => text(across(value), TOP + INNER_HEIGHT + 18, String(value), "middle"));
  const paths = lines.map(({ color, isDashed, points }) => {
    const path = points.map(([px, py], i) => `${i === 0 ? "M" : "L"}${at(across(px))} ${at(up(py))}`).join("");
    const dash = isDashed ? ' stroke-dasharray="6 4"' : "";
    return `<path d="${path}" fill="none" stroke="${color}" stroke-width="2"${dash}/>`;
  });
  return svg(title, [
    ...frame(y.label, y.max),
    ...xTicks,
    text(LEFT + INNER_WIDTH / 2, HEIGHT - 10, x.label, "middle"),
    ...paths,
    ...legend(lines),
  ]);
}

/** Groups of bars with whiskers over an axis that begins at 0, as SVG text. */
export function barChart({ title, label, series, groups }: BarChart): string {
  const highest = Math.max(...groups.flatMap(({ bars }) => bars.map(({ max }) => max)), 1);
  const top = ticks(highest * 1.05).at(-1) as number;
  const yMax = Math.max(top, highest * 1.05);
  const up = (value: number) => TOP + INNER_HEIGHT - (value / yMax) * INNER_HEIGHT;
  const slot = INNER_WIDTH / groups.length;
  const width = (slot * 0.7) / series.length;
  const shapes = groups.flatMap(({ name, bars }, g) => {
    const left = LEFT + g * slot + slot * 0.15;
    const drawn = bars.flatMap(({ value, min, max }, s) => {
      const x = left + s * width;
      const middle = at(x + width / 2);
      const height = at(TOP + INNER_HEIGHT - up(value));
      return [
        `<rect x="${at(x)}" y="${at(up(value))}" width="${at(width)}" height="${height}" fill="${series[s].color}"/>`,
        `<path d="M${middle} ${at(up(min))}V${at(up(max))}" stroke="#222" stroke-width="1.5"/>`,
      ];
    });
    return [...drawn, text(LEFT + (g + 0.5) * slot, TOP + INNER_HEIGHT + 18, name, "middle")];
  });
  const names = series.map((each) => ({ ...each, isDashed: false }));
  return svg(title, [...frame(label, yMax), ...shapes, ...legend(names)]);
}

/** Round values from 0 up to at most `max`, four to ten of them. */
export function ticks(max: number): number[] {
  let step = 1;
  const factors = [2, 2.5, 2];
  for (let i = 0; max / step > 10; i++) step *= factors[i % 3];
  while (max / step < 3) step /= 2;
  const values: number[] = [];
  for (let i = 0; i * step <= max; i++) values.push(i * step);
  return values;
}

function frame(label: string, max: number): string[] {
  const up = (value: number) => TOP + INNER_HEIGHT - (value / max) * INNER_HEIGHT;
  const lines = ticks(max).flatMap((value) => [
    `<path d="M${LEFT} ${at(up(value))}H${LEFT + INNER_WIDTH}" stroke="#ddd"/>`,
    text(LEFT - 8, up(value) + 4, String(value), "end"),
  ]);
  return [
    ...lines,
    `<path d="M${LEFT} ${TOP}V${TOP + INNER_HEIGHT}H${LEFT + INNER_WIDTH}" fill="none" stroke="#222"/>`,
    text(LEFT - 48, TOP - 10, label, "start"),
  ];
}

function legend(entries: ReadonlyArray<{ name: string; color: string; isDashed: boolean }>): string[] {
  let x = LEFT + 150;
  return entries.flatMap(({ name, color, isDashed }) => {
    const from = x;
    x += 46 + name.length * 7;
    const dash = isDashed ? ' stroke-dasharray="6 4"' : "";
    return [
      `<path d="M${from} ${TOP - 14}h22" stroke="${color}" stroke-width="3"${dash}/>`,
      text(from + 28, TOP - 10, name, "start"),
    ];
  });
}

function text(x: number, y: number, words: string, anchor: "start" | "middle" | "end"): string {
  return `<text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}">${escaped(words)}</text>`;
}

function svg(title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="16" y="24" font-size="15" font-weight="bold">${escaped(title)}</text>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

function escaped(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** A coordinate with one decimal, the same on every machine. */
function at(value: number): string {
  return String(Math.round(value * 10) / 10);
}
