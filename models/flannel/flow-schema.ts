import * as z from "zod";
import { bitRate, duration, integer, scalar, shown, size } from "../../engine/scenario/fields.ts";
import { UnitError } from "../../engine/scenario/units.ts";
import type { Ns } from "../../engine/time.ts";

/** A bulk transfer: `flow` of a traffic entry, in place of `arrivals` and `cpu`. */
export type FlowSection =
  | { type: "tcp"; bytes: number; connections: number }
  | { type: "tcp"; duration: Ns; connections: number }
  | { type: "udp"; rate: number; packetSize: number; duration?: Ns; dontFragment: boolean };

const MOST_CONNECTIONS = 10_000;
const LARGEST_DATAGRAM = 65_507;
const LARGEST_TRANSFER = 2 ** 50;

const packetSize = scalar<number>(
  (value) => {
    const bytes = typeof value === "string" && /^[0-9]{1,5}$/.test(value) ? Number(value) : value;
    if (typeof bytes === "number" && Number.isInteger(bytes) && bytes >= 1 && bytes <= LARGEST_DATAGRAM) return bytes;
    throw new UnitError(`found ${shown(value)}; allowed: whole bytes from 1 to ${LARGEST_DATAGRAM}`);
  },
  { description: "payload of one datagram in bytes", unit: "bytes", examples: [1400] },
  ["integer", "string"],
);

const connections = integer({ description: "so many connections at once" }, 1, MOST_CONNECTIONS).default(1);

const tcp = z
  .strictObject({
    type: z.literal("tcp"),
    bytes: size({ description: "what each connection transfers; or give duration" })
      .refine((bytes) => bytes <= LARGEST_TRANSFER, { message: `allowed: at most ${LARGEST_TRANSFER} bytes` })
      .optional(),
    duration: duration({ description: "for how long each connection sends; or give bytes" }).optional(),
    connections,
  })
  .refine(({ bytes, duration: time }) => (bytes === undefined) !== (time === undefined), {
    message: "allowed: either bytes or duration",
  })
  .transform((flow) => flow as FlowSection);

const udp = z.strictObject({
  type: z.literal("udp"),
  rate: bitRate({ description: "of the payload; open loop, as far as the sending core keeps up" }),
  packetSize,
  duration: duration({ description: "for how long it sends", defaultNote: "the whole run" }).optional(),
  dontFragment: z
    .boolean()
    .meta({ description: "whether datagrams carry DF; larger ones than the path MTU are refused once it is known" })
    .default(false),
});

/** traffic[].flow */
export const flowSchema = z.union([tcp, udp]).meta({
  description: "a bulk transfer in place of arrivals and cpu",
  examples: [{ type: "tcp", duration: "10s", connections: 4 }],
});
