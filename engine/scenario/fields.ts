import * as z from "zod";
import type { Ns } from "../time.ts";
import type { Distribution } from "./distribution.ts";
import { isPlainObject, type FieldMeta } from "./shape.ts";
import {
  parseBitRate,
  parseByteRate,
  parseDuration,
  parseMilliQuantity,
  parseQuantity,
  parseRate,
  parseSize,
  UnitError,
  type Rate,
} from "./units.ts";

declare module "zod" {
  interface GlobalMeta {
    unit?: string;
    source?: string;
    live?: boolean;
    defaultNote?: string;
  }
}

/** A field's value as messages show it: texts quoted, long ones cut, collections by their kind. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "no value (null)";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map of fields";
  if (typeof value === "string") return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}...` : value);
  return typeof value === "number" || typeof value === "boolean" ? String(value) : typeof value;
}

/**
 * A field whose value is read by `parse`, which throws UnitError with what was found and what is allowed. `types` are the
 * JSON types of the input.
 */
export function scalar<T>(
  parse: (value: unknown) => T,
  meta: FieldMeta,
  types: string[] = ["string"],
): z.ZodPipe<z.ZodUnknown, z.ZodTransform<T, unknown>> {
  const schema = z.unknown().transform((value, context) => {
    try {
      if (value === undefined) throw new UnitError("a required field is missing");
      return parse(value);
    } catch (error) {
      if (!(error instanceof UnitError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
      return z.NEVER;
    }
  });
  return schema.meta({ ...meta, type: types.length === 1 ? types[0] : types });
}

/** The text of a value with a unit; a bare number lacks it, but for a zero where zero is legal. */
function unitText(value: unknown, allowed: string, zeroIsLegal: boolean): string {
  if (typeof value === "string") return value;
  if (value === 0 && zeroIsLegal) return "0";
  if (typeof value === "number") {
    throw new UnitError(`found ${String(value)}${value === 0 ? "" : " without a unit"}; allowed: ${allowed}`);
  }
  throw new UnitError(`found ${shown(value)}; allowed: ${allowed}`);
}

function refuseZero<T extends number>(value: T, text: unknown, zeroIsLegal: boolean): T {
  if (value === 0 && !zeroIsLegal) throw new UnitError(`found ${shown(text)}; allowed: more than 0`);
  return value;
}

type Zero = { zero?: boolean };

/** A duration; `zero: true` where it may be 0. */
export function duration(meta: FieldMeta, { zero = false }: Zero = {}) {
  return scalar<Ns>(
    (value) => readDuration(value, zero),
    { unit: "duration", examples: ["1s"], ...meta },
    zero ? ["string", "integer"] : ["string"],
  );
}

function readDuration(value: unknown, zero: boolean): Ns {
  const text = unitText(value, "a duration such as 100ms, 1.5s or 1m30s (ns, us, ms, s, m, h)", zero);
  return refuseZero(parseDuration(text), value, zero);
}

/** A size in bytes; `zero: true` where it may be 0. */
export function size(meta: FieldMeta, { zero = false }: Zero = {}) {
  return scalar<number>(
    (value) => readSize(value, zero),
    { unit: "size", examples: ["1MB"], ...meta },
    zero ? ["string", "integer"] : ["string"],
  );
}

function readSize(value: unknown, zero: boolean): number {
  return refuseZero(parseSize(unitText(value, "a size such as 64KB, 1GiB or 512Mi", zero)), value, zero);
}

function readByteRate(value: unknown): number {
  return refuseZero(parseByteRate(unitText(value, "a rate such as 50MB/s", false)), value, false);
}

function readBitRate(value: unknown): number {
  return refuseZero(parseBitRate(unitText(value, "a rate such as 1Gbit", false)), value, false);
}

function readRate(value: unknown): Rate {
  return parseRate(value === 0 ? "0/s" : unitText(value, "a rate such as 30/s or 10/m", false));
}

/** A rate of data in bytes a second. */
export function byteRate(meta: FieldMeta) {
  return scalar<number>(readByteRate, { unit: "bytes a second", examples: ["50MB/s"], ...meta });
}

/** A rate of data in bits a second. */
export function bitRate(meta: FieldMeta) {
  return scalar<number>(readBitRate, { unit: "bits a second", examples: ["1Gbit"], ...meta });
}

/** A rate of items such as requests. It may be 0. */
export function rate(meta: FieldMeta) {
  return scalar<Rate>(readRate, { unit: "items a time", examples: ["30/s"], ...meta }, ["string", "integer"]);
}

/** Kubernetes writes quantities as texts and as numbers. */
function quantityText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" && value >= 0 && Number.isFinite(value)) return String(value);
  throw new UnitError(`found ${shown(value)}; allowed: a Kubernetes quantity such as 500m, 2, 512Mi or 4Gi`);
}

function readMilliQuantity(value: unknown): number {
  return parseMilliQuantity(quantityText(value));
}

/** A Kubernetes quantity in thousandths (CPU). */
export function milliQuantity(meta: FieldMeta) {
  const about = { unit: "Kubernetes quantity", examples: ["500m"], ...meta };
  return scalar<number>(readMilliQuantity, about, ["string", "number"]);
}

/** A Kubernetes quantity in whole units (bytes, pods). */
export function quantity(meta: FieldMeta, { zero = true }: Zero = {}) {
  const read = (value: unknown) => refuseZero(parseQuantity(quantityText(value)), value, zero);
  return scalar<number>(read, { unit: "Kubernetes quantity", examples: ["512Mi"], ...meta }, ["string", "number"]);
}

const LONGEST_LABEL = 63;

/** Whether a text is a DNS-1123 label. Source: RFC 1123; kubernetes v1.34 apimachinery util/validation IsDNS1123Label */
export function isDnsLabel(text: string): boolean {
  return text.length <= LONGEST_LABEL && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text);
}

export const DNS_LABEL = "a DNS-1123 label (a to z, 0 to 9 and -, at most 63, a letter or digit at both ends)";

/** A name that is a DNS-1123 label. */
export function name(meta: FieldMeta) {
  return scalar<string>(
    (value) => {
      if (typeof value === "string" && isDnsLabel(value)) return value;
      const hint = typeof value === "number" ? "; quote it" : "";
      throw new UnitError(`found ${shown(value)}; allowed: ${DNS_LABEL}${hint}`);
    },
    { examples: ["some-name"], ...meta },
  );
}

/** A version such as "1.34": a text, because the number 1.30 would be 1.3. */
export function version(meta: FieldMeta, check: (text: string) => void = () => {}) {
  return scalar<string>((value) => {
    if (typeof value === "number") {
      throw new UnitError(`found the number ${value}; quote it: a version is a text (the number 1.30 would be 1.3)`);
    }
    if (typeof value !== "string" || !/^[0-9]{1,4}\.[0-9]{1,4}$/.test(value)) {
      throw new UnitError(`found ${shown(value)}; allowed: a version in quotes such as "6.12"`);
    }
    check(value);
    return value;
  }, meta);
}

/** Orders versions such as "6.12" and "6.2". */
export function compareVersions(a: string, b: string): number {
  const [aMajor, aMinor] = a.split(".").map(Number);
  const [bMajor, bMinor] = b.split(".").map(Number);
  return aMajor - bMajor || aMinor - bMinor;
}

/** A plain number between bounds. */
export function number(meta: FieldMeta, min: number, max: number) {
  return z
    .number()
    .min(min)
    .max(max)
    .meta({ ...meta });
}

/** An integer between bounds. */
export function integer(meta: FieldMeta, min: number, max: number) {
  return z
    .int()
    .min(min)
    .max(max)
    .meta({ ...meta });
}

/** Shape parameters beyond these give draws that no float holds. */
const SMALLEST_SHAPE = 0.01;
const LARGEST_SHAPE = 1_000_000;
const LARGEST_CV = 1_000;

function distributionOf(what: "duration" | "size", meta: FieldMeta) {
  const kind = what === "duration" ? duration : size;
  const amount = (description: string) => kind({ description });
  const amountOrZero = (description: string) => kind({ description }, { zero: true });
  const shape = (description: string) => number({ description }, SMALLEST_SHAPE, LARGEST_SHAPE);
  const variants = z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("fixed"), value: amountOrZero("always this") }),
    z
      .strictObject({ type: z.literal("uniform"), min: amountOrZero("least"), max: amountOrZero("most") })
      .refine(({ min, max }) => min <= max, { message: "min is above max; allowed: min <= max", path: ["min"] }),
    z.strictObject({ type: z.literal("exponential"), mean: amount("mean") }),
    z.strictObject({
      type: z.literal("lognormal"),
      mean: amount("mean of the draws, not of their logarithms"),
      cv: number({ description: "coefficient of variation: standard deviation / mean" }, 0, LARGEST_CV),
    }),
    z
      .strictObject({
        type: z.literal("weibull"),
        shape: shape("below 1 a heavy tail, 1 exponential"),
        scale: amount("scale; give it or the mean").optional(),
        mean: amount("mean; give it or the scale").optional(),
      })
      .refine(({ scale, mean }) => (scale === undefined) !== (mean === undefined), {
        message: "allowed: either scale or mean",
      }),
    z
      .strictObject({
        type: z.literal("pareto"),
        alpha: shape("tail index; the mean is finite above 1"),
        min: amount("least"),
        max: amount("most; draws beyond it do not occur").optional(),
      })
      .refine(({ min, max }) => max === undefined || min < max, {
        message: "min is not below max; allowed: min < max",
        path: ["min"],
      }),
    z.strictObject({ type: z.literal("gamma"), shape: shape("shape"), mean: amount("mean") }),
    z.strictObject({
      type: z.literal("erlang"),
      k: integer({ description: "number of exponential stages" }, 1, LARGEST_SHAPE),
      mean: amount("mean of the sum"),
    }),
    z.strictObject({
      type: z.literal("empirical"),
      values: z.array(amountOrZero("a value")).min(1).meta({ description: "values of equal weight" }),
    }),
  ]);
  const bare = scalar(
    (value): Distribution => {
      if (isPlainObject(value) || Array.isArray(value))
        throw new UnitError(`found ${shown(value)}; allowed: a ${what}`);
      return { type: "fixed", value: what === "duration" ? readDuration(value, true) : readSize(value, true) };
    },
    {},
    ["string", "integer"],
  );
  return z
    .union([bare, variants])
    .transform((value): Distribution => value)
    .meta({
      unit: `${what}, or a distribution of ${what}s`,
      examples: what === "duration" ? ["20ms", { type: "exponential", mean: "20ms" }] : ["1KB"],
      ...meta,
    });
}

/** A duration that is drawn: a bare value or a distribution. */
export function durationDistribution(meta: FieldMeta) {
  return distributionOf("duration", meta);
}

/** A size that is drawn: a bare value or a distribution. */
export function sizeDistribution(meta: FieldMeta) {
  return distributionOf("size", meta);
}
