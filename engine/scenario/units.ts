import { END_OF_TIME, NS_PER_MS, NS_PER_SECOND, NS_PER_US, type Ns } from "../time.ts";
import { ceilDivide, parseDecimal, roundHalfEven, tenTo, type Decimal } from "./decimal.ts";

/** A text that does not say what was asked for: the message says what was found, what is allowed, and a suggestion. */
export class UnitError extends Error {
  override readonly name = "UnitError";
}

const LONGEST_TEXT = 64;
const LARGEST = BigInt(Number.MAX_SAFE_INTEGER);

const DURATION_UNITS: Record<string, bigint> = {
  ns: 1n,
  us: 1_000n,
  "\u00b5s": 1_000n,
  "\u03bcs": 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const DURATIONS = "a duration such as 100ms, 1.5s or 1m30s (ns, us, ms, s, m, h)";

/**
 * Reads a duration in the grammar of Go's time.ParseDuration, in exact arithmetic: parts below a nanosecond are cut off.
 * Throws UnitError for another text, for a negative one, and beyond the end of simulated time (2^53 - 1 ns).
 *
 * Source: go 1.24 src/time/format.go ParseDuration
 */
export function parseDuration(text: string): Ns {
  if (text === "0" || text === "+0" || text === "-0") return 0;
  if (text.startsWith("-")) throw new UnitError(`found ${quoted(text)}, which is negative; allowed: ${DURATIONS}`);
  const body = text.startsWith("+") ? text.slice(1) : text;
  let total = 0n;
  let rest = body;
  do {
    const term = /^([0-9]*\.?[0-9]*)([^0-9.]*)/.exec(rest);
    const number = text.length > LONGEST_TEXT ? undefined : parseDecimal(term?.[1] ?? "");
    if (term === null || number === undefined) throw new UnitError(`found ${quoted(text)}; allowed: ${DURATIONS}`);
    const unit = DURATION_UNITS[term[2]];
    if (unit === undefined) throw unknownDurationUnit(text, term[2]);
    total += (number.digits * unit) / tenTo(number.scale);
    rest = rest.slice(term[0].length);
  } while (rest !== "");
  if (total > BigInt(END_OF_TIME)) {
    throw new UnitError(
      `found ${quoted(text)}; allowed: at most 2^53 - 1 ns, the end of simulated time (about 104 days)`,
    );
  }
  return Number(total);
}

function unknownDurationUnit(text: string, unit: string): UnitError {
  if (unit === "") return new UnitError(`found ${quoted(text)} without a unit; allowed: ${DURATIONS}`);
  const spelt: Record<string, string> = {
    sec: "s",
    secs: "s",
    second: "s",
    seconds: "s",
    min: "m",
    mins: "m",
    hr: "h",
  };
  const meant =
    spelt[unit.trim()] ?? (unit.trim().toLowerCase() in DURATION_UNITS ? unit.trim().toLowerCase() : undefined);
  const hint = meant === undefined ? "" : `; did you mean ${text.replace(unit, meant)}?`;
  return new UnitError(`found ${quoted(text)}, whose unit "${unit}" is unknown; allowed: ${DURATIONS}${hint}`);
}

/** Prints a duration in the form that Go prints it ("us" for microseconds), which `parseDuration` reads back exactly. */
export function formatDuration(ns: Ns): string {
  if (ns === 0) return "0s";
  if (ns < NS_PER_US) return `${ns}ns`;
  if (ns < NS_PER_MS) return `${decimalText(ns, NS_PER_US)}us`;
  if (ns < NS_PER_SECOND) return `${decimalText(ns, NS_PER_MS)}ms`;
  const hours = Math.floor(ns / (3600 * NS_PER_SECOND));
  const minutes = Math.floor((ns % (3600 * NS_PER_SECOND)) / (60 * NS_PER_SECOND));
  const seconds = `${decimalText(ns % (60 * NS_PER_SECOND), NS_PER_SECOND)}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

/** `value` / `unit` (a power of ten) as an exact decimal text. */
function decimalText(value: number, unit: number): string {
  const whole = Math.floor(value / unit);
  const fraction = String((value % unit) + unit)
    .slice(1)
    .replace(/0+$/, "");
  return fraction === "" ? `${whole}` : `${whole}.${fraction}`;
}

/**
 * Reads a decimal number of some unit as nanoseconds, the nearest one, ties to even, without passing through a float:
 * for the columns of recorded traces. `unitNs` is the unit's length. Throws UnitError for anything else and for negatives.
 */
export function parseDecimalNs(text: string, unitNs: Ns): Ns {
  const number = text.length > LONGEST_TEXT ? undefined : parseDecimal(text);
  if (number === undefined) throw new UnitError(`found ${quoted(text)}; allowed: a decimal number of at least 0`);
  const ns = roundHalfEven(number.digits * BigInt(unitNs), tenTo(number.scale));
  if (ns > LARGEST) throw new UnitError(`found ${quoted(text)}; allowed: at most 2^53 - 1 ns (about 104 days)`);
  return Number(ns);
}

const SIZE_UNITS: Record<string, bigint> = {
  B: 1n,
  KB: 1_000n,
  MB: 1_000_000n,
  GB: 1_000_000_000n,
  TB: 1_000_000_000_000n,
  KiB: 1n << 10n,
  MiB: 1n << 20n,
  GiB: 1n << 30n,
};
const SIZES = "a size such as 64KB, 1.5GiB (B, KB, MB, GB, TB, KiB, MiB, GiB) or a Kubernetes quantity such as 512Mi";

/**
 * Reads a size of our own grammar, or a Kubernetes quantity with a suffix, in bytes. Throws UnitError for another text,
 * for a part of a byte, for a negative size and beyond 2^53 - 1 bytes.
 */
export function parseSize(text: string): number {
  if (/^[+-]?[0-9.]+$/.test(text) && !/^0+$/.test(text)) {
    throw new UnitError(`found ${quoted(text)} without a unit; allowed: ${SIZES}`);
  }
  const match = /^([0-9.]+)(B|[KMGT]B|[KMG]iB)$/.exec(text);
  if (match === null) return wholeQuantity(text, SIZES);
  const number = text.length > LONGEST_TEXT ? undefined : parseDecimal(match[1]);
  if (number === undefined) throw new UnitError(`found ${quoted(text)}; allowed: ${SIZES}`);
  return exactly(text, number, SIZE_UNITS[match[2]], "a whole number of bytes");
}

/** Prints a size with the largest binary unit that divides it, as a Kubernetes quantity; 0 as "0". */
export function formatSize(bytes: number): string {
  const suffixes = ["", "Ki", "Mi", "Gi", "Ti"];
  let power = 0;
  let rest = bytes;
  while (rest > 0 && rest % 1024 === 0 && power < suffixes.length - 1) {
    rest /= 1024;
    power++;
  }
  return `${rest}${suffixes[power]}`;
}

const BIT_UNITS: Record<string, bigint> = {
  bit: 1n,
  Kbit: 1_000n,
  Mbit: 1_000_000n,
  Gbit: 1_000_000_000n,
  Tbit: 1_000_000_000_000n,
};
const DATA_RATES = "a rate such as 50MB/s or 1Gbit (/s may be left out)";

/** Reads a rate of data in bits a second: bits (`1Gbit` is 10^9) or bytes (`50MB/s`). Throws UnitError otherwise. */
export function parseBitRate(text: string): number {
  const amount = text.endsWith("/s") ? text.slice(0, -2) : text;
  const bits = /^([0-9.]+)([KMGT]?bit)$/.exec(amount);
  if (bits === null) return bounded(text, BigInt(dataSize(text, amount)) * 8n);
  const number = text.length > LONGEST_TEXT ? undefined : parseDecimal(bits[1]);
  if (number === undefined) throw new UnitError(`found ${quoted(text)}; allowed: ${DATA_RATES}`);
  return exactly(text, number, BIT_UNITS[bits[2]], "a whole number of bits a second");
}

/** Reads a rate of data in bytes a second, in the grammar of `parseBitRate`. Throws UnitError otherwise. */
export function parseByteRate(text: string): number {
  const amount = text.endsWith("/s") ? text.slice(0, -2) : text;
  if (!amount.endsWith("bit")) return dataSize(text, amount);
  const bits = parseBitRate(text);
  if (bits % 8 !== 0) throw new UnitError(`found ${quoted(text)}; allowed: a whole number of bytes a second`);
  return bits / 8;
}

function dataSize(text: string, amount: string): number {
  try {
    return parseSize(amount);
  } catch {
    throw new UnitError(`found ${quoted(text)}; allowed: ${DATA_RATES}`);
  }
}

/** `count` items in every `per` nanoseconds: exact, so that 10/m is ten a minute and not a rounded number a second. */
export interface Rate {
  count: number;
  per: Ns;
}

const RATE_PERIODS: Record<string, bigint> = { s: 1_000_000_000n, m: 60_000_000_000n, h: 3_600_000_000_000n };
const RATES = "a rate such as 30/s, 10/m or 0.5/h";

/**
 * Reads a rate of items, exactly: `30/s` is 30 in 10^9 ns, `0.5/s` 5 in 10^10 ns. Throws UnitError for another text, for
 * a negative rate and for more than one item a nanosecond.
 */
export function parseRate(text: string): Rate {
  const match = /^([0-9.]+)\/([smh])$/.exec(text);
  const number = match === null || text.length > LONGEST_TEXT ? undefined : parseDecimal(match[1]);
  if (match === null || number === undefined) {
    const hint = /^[0-9.]+$/.test(text) ? ` without a unit` : "";
    throw new UnitError(`found ${quoted(text)}${hint}; allowed: ${RATES}`);
  }
  const per = RATE_PERIODS[match[2]] * tenTo(number.scale);
  if (number.digits > per)
    throw new UnitError(`found ${quoted(text)}; allowed: at most one in a nanosecond (1000000000/s)`);
  return { count: bounded(text, number.digits), per: number.digits === 0n ? NS_PER_SECOND : bounded(text, per) };
}

/** Reads a percentage such as 15% as a ratio of 0 to 1. Throws UnitError for another text and beyond 100 %. */
export function parsePercentage(text: string): number {
  const match = /^([0-9.]+)%$/.exec(text);
  const number = match === null || text.length > LONGEST_TEXT ? undefined : parseDecimal(match[1]);
  if (number === undefined || number.digits > 100n * tenTo(number.scale)) {
    throw new UnitError(`found ${quoted(text)}; allowed: a percentage from 0% to 100%`);
  }
  return Number(number.digits) / Number(tenTo(number.scale + 2));
}

const QUANTITY_SUFFIXES: Record<string, { factor: bigint; scale: number }> = {
  n: { factor: 1n, scale: 9 },
  u: { factor: 1n, scale: 6 },
  m: { factor: 1n, scale: 3 },
  "": { factor: 1n, scale: 0 },
  k: { factor: 1_000n, scale: 0 },
  M: { factor: 1_000_000n, scale: 0 },
  G: { factor: 1_000_000_000n, scale: 0 },
  T: { factor: 1_000_000_000_000n, scale: 0 },
  P: { factor: 1_000_000_000_000_000n, scale: 0 },
  E: { factor: 1_000_000_000_000_000_000n, scale: 0 },
  Ki: { factor: 1n << 10n, scale: 0 },
  Mi: { factor: 1n << 20n, scale: 0 },
  Gi: { factor: 1n << 30n, scale: 0 },
  Ti: { factor: 1n << 40n, scale: 0 },
  Pi: { factor: 1n << 50n, scale: 0 },
  Ei: { factor: 1n << 60n, scale: 0 },
};
const QUANTITIES = "a Kubernetes quantity such as 500m, 2, 512Mi or 4Gi";

/**
 * Reads a Kubernetes quantity in thousandths, rounded up as Kubernetes does (a CPU of `0.1m` counts as 1m). Throws
 * UnitError for another text, for negatives and beyond 2^53 - 1 thousandths.
 *
 * Source: kubernetes v1.34 staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go ParseQuantity, MilliValue
 */
export function parseMilliQuantity(text: string): number {
  const { digits, scale } = quantity(text, QUANTITIES);
  return bounded(text, ceilDivide(digits * 1000n, tenTo(scale)));
}

/** As `parseMilliQuantity`, in whole units, rounded up: bytes, pods. Source: as above, Value */
export function parseQuantity(text: string): number {
  return wholeQuantity(text, QUANTITIES);
}

/** Prints thousandths as Kubernetes does: 1500 as "1500m", 2000 as "2". */
export function formatMilli(milli: number): string {
  return milli % 1000 === 0 ? `${milli / 1000}` : `${milli}m`;
}

function wholeQuantity(text: string, allowed: string): number {
  const { digits, scale } = quantity(text, allowed);
  return bounded(text, ceilDivide(digits, tenTo(scale)));
}

function quantity(text: string, allowed: string): Decimal {
  const match = /^\+?([0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]+)?)([A-Za-z]*)$/.exec(text);
  const suffix = match === null ? undefined : QUANTITY_SUFFIXES[match[2]];
  const number = match === null || text.length > LONGEST_TEXT ? undefined : parseDecimal(match[1]);
  const hasTwoExponents = match !== null && match[2] !== "" && /[eE]/.test(match[1]);
  if (number === undefined || suffix === undefined || hasTwoExponents) {
    throw new UnitError(`found ${quoted(text)}; allowed: ${allowed}${quantityHint(text)}`);
  }
  return { digits: number.digits * suffix.factor, scale: number.scale + suffix.scale };
}

/** What somebody who wrote 4GiB, 4GB, 4K or 4gi probably meant. */
function quantityHint(text: string): string {
  const match = /^([0-9.]+)([a-zA-Z]+)$/.exec(text);
  if (match === null) return "";
  const letters = match[2].toLowerCase().replace(/b$/, "");
  const known = Object.keys(QUANTITY_SUFFIXES);
  const meant = known.find((suffix) => suffix.length > 0 && suffix !== "m" && suffix.toLowerCase() === letters);
  return meant === undefined ? "" : `; did you mean ${match[1]}${meant}?`;
}

function exactly(text: string, number: Decimal, factor: bigint, what: string): number {
  const scaled = number.digits * factor;
  const divisor = tenTo(number.scale);
  if (scaled % divisor !== 0n) throw new UnitError(`found ${quoted(text)}; allowed: ${what}`);
  return bounded(text, scaled / divisor);
}

function bounded(text: string, value: bigint): number {
  if (value > LARGEST) throw new UnitError(`found ${quoted(text)}, which is too large; allowed: below 2^53`);
  return Number(value);
}

function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}...` : text);
}
