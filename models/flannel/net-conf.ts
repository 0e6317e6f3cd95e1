import { networkOf, parseAddress, parseNetwork, type Address, type Prefix } from "./ip.ts";
import { DEFAULT_UDP_PORT, DEFAULT_VNI, DEFAULT_VXLAN_PORT } from "./defaults.ts";

/** One address family of net-conf.json as it stands in the file; what is undefined was not given. */
export interface FamilyConf {
  network?: Prefix;
  subnetLen?: number;
  subnetMin?: Address;
  subnetMax?: Address;
}

/** net-conf.json after decoding, before any validation (rule R1). */
export interface NetConf {
  enableIPv4: boolean;
  enableIPv6: boolean;
  enableNFTables: boolean;
  v4: FamilyConf;
  v6: FamilyConf;
  /** As written; looked up in lower case. `udp` when the whole Backend object is missing, empty when only Type is. */
  backendType: string;
  /** The Backend object as written. */
  backend: Readonly<Record<string, unknown>>;
}

export type NetConfResult = { ok: true; conf: NetConf } | { ok: false; message: string };

/** Backend types that a Linux build of flannel registers. Source: flannel v0.28.9 pkg/backend, calls of Register. */
const BACKENDS = [
  "alloc",
  "extension",
  "host-gw",
  "ipip",
  "ipsec",
  "tencent-vpc",
  "udp",
  "vxlan",
  "wireguard",
] as const;
export type BackendType = (typeof BACKENDS)[number];

/** The backend that a type names, or undefined: the daemon then exits. Source: flannel v0.28.9 pkg/backend/manager.go. */
export function resolveBackend(type: string): BackendType | undefined {
  const lower = type.toLowerCase();
  return BACKENDS.find((name) => name === lower);
}

/**
 * Decodes net-conf.json (rule R1). Keys match without regard to case, as in Go's encoding/json; unknown keys are
 * ignored. Source: flannel v0.28.9 pkg/subnet/config.go ParseConfig.
 */
export function parseNetConf(document: unknown): NetConfResult {
  if (!isObject(document)) return refuse(`found ${describe(document)}; net-conf.json must be an object`);
  const reader = new Reader(document);
  const backend = reader.raw("Backend");
  const network = reader.prefix("Network", 4);
  const network6 = reader.prefix("IPv6Network", 6);
  const conf: NetConf = {
    enableIPv4: reader.boolean("EnableIPv4") ?? true,
    enableIPv6: reader.boolean("EnableIPv6") ?? false,
    enableNFTables: reader.boolean("EnableNFTables") ?? false,
    v4: {
      network,
      subnetLen: reader.count("SubnetLen"),
      subnetMin: reader.address("SubnetMin", 4),
      subnetMax: reader.address("SubnetMax", 4),
    },
    v6: {
      network: network6,
      subnetLen: reader.count("IPv6SubnetLen"),
      subnetMin: reader.address("IPv6SubnetMin", 6),
      subnetMax: reader.address("IPv6SubnetMax", 6),
    },
    backendType: "udp",
    backend: {},
  };
  // An empty raw message, not a null one, makes the type udp: `"Backend": null` decodes to the empty type.
  if (backend !== undefined) {
    if (backend !== null && !isObject(backend))
      return refuse(`Backend: found ${describe(backend)}; it must be an object`);
    conf.backend = backend ?? {};
    conf.backendType = new Reader(conf.backend, reader).string("Type") ?? "";
  }
  return reader.problem === undefined ? { ok: true, conf } : refuse(reader.problem);
}

/** The options of the vxlan backend (rule R2). Source: flannel v0.28.9 pkg/backend/vxlan/vxlan.go parseVXLANConfig. */
export interface VxlanOptions {
  vni: number;
  /** The UDP destination port; 0 in the file means the kernel's default. */
  port: number;
  /** MTU of the underlay that the device is derived from; default: the external interface's. */
  mtu: number;
  gbp: boolean;
  learning: boolean;
  directRouting: boolean;
}

/** Reads the vxlan options; a string where they cannot be decoded, which ends the daemon. */
export function vxlanOptions(backend: Readonly<Record<string, unknown>>, externalMtu: number): VxlanOptions | string {
  const reader = new Reader(backend);
  const options: VxlanOptions = {
    vni: reader.integer("VNI") ?? DEFAULT_VNI,
    port: reader.integer("Port") || DEFAULT_VXLAN_PORT,
    mtu: reader.integer("MTU") ?? externalMtu,
    gbp: reader.boolean("GBP") ?? false,
    learning: reader.boolean("Learning") ?? false,
    directRouting: reader.boolean("DirectRouting") ?? false,
  };
  return reader.problem ?? options;
}

/** The port of the udp backend. Source: flannel v0.28.9 pkg/backend/udp/udp_amd64.go. */
export function udpPort(backend: Readonly<Record<string, unknown>>): number | string {
  const reader = new Reader(backend);
  const port = reader.integer("Port") ?? DEFAULT_UDP_PORT;
  return reader.problem ?? port;
}

function refuse(message: string): { ok: false; message: string } {
  return { ok: false, message };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}

/** Reads fields as Go's encoding/json does: names without regard to case, the last one wins, null leaves the default. */
class Reader {
  readonly #fields = new Map<string, unknown>();
  readonly #parent: Reader | undefined;
  #problem: string | undefined;

  constructor(object: Readonly<Record<string, unknown>>, parent?: Reader) {
    for (const [name, value] of Object.entries(object)) this.#fields.set(name.toLowerCase(), value);
    this.#parent = parent;
  }

  /** The first problem found, for people. */
  get problem(): string | undefined {
    return this.#problem;
  }

  raw(name: string): unknown {
    return this.#fields.get(name.toLowerCase());
  }

  boolean(name: string): boolean | undefined {
    const value = this.raw(name) ?? undefined;
    if (value === undefined || typeof value === "boolean") return value;
    return this.#refuse(name, value, "true or false");
  }

  string(name: string): string | undefined {
    const value = this.raw(name) ?? undefined;
    if (value === undefined || typeof value === "string") return value;
    return this.#refuse(name, value, "a string");
  }

  integer(name: string): number | undefined {
    const value = this.raw(name) ?? undefined;
    if (value === undefined || (typeof value === "number" && Number.isSafeInteger(value))) return value;
    return this.#refuse(name, value, "an integer");
  }

  /** An unsigned integer; 0 counts as not given. */
  count(name: string): number | undefined {
    const value = this.integer(name);
    if (value !== undefined && value < 0) return this.#refuse(name, value, "an integer of at least 0");
    return value === 0 ? undefined : value;
  }

  prefix(name: string, family: 4 | 6): Prefix | undefined {
    const text = this.string(name);
    if (text === undefined) return undefined;
    const network = parseNetwork(text);
    return network?.family === family ? networkOf(network) : this.#refuse(name, text, `an IPv${family} CIDR`);
  }

  /** An address; the zero address counts as not given. */
  address(name: string, family: 4 | 6): Address | undefined {
    const text = this.string(name);
    if (text === undefined) return undefined;
    const address = parseAddress(text);
    if (address?.family !== family) return this.#refuse(name, text, `an IPv${family} address`);
    return address.value === 0n ? undefined : address;
  }

  #refuse(name: string, found: unknown, allowed: string): undefined {
    this.#problem ??= `${name}: found ${describe(found)}; it must be ${allowed}`;
    if (this.#parent !== undefined) this.#parent.#problem ??= `Backend.${this.#problem}`;
    return undefined;
  }
}
