import type { CniSubnetEnv } from "./subnet-env.ts";

/** A JSON object, as CNI configurations are. */
export type JsonObject = { readonly [key: string]: unknown };

/** The network configuration of type flannel that the runtime hands to the plugin. */
export interface FlannelCniConf {
  readonly name: string;
  readonly cniVersion?: string;
  readonly delegate?: JsonObject;
  readonly ipam?: JsonObject;
  readonly runtimeConfig?: JsonObject;
}

export type DelegateResult = { ok: true; delegate: JsonObject } | { ok: false; message: string };

/**
 * The configuration that the flannel CNI plugin hands on, to the bridge plugin unless the delegate names another (rule
 * R14). What the delegate sets itself wins, but for name and ipam, which it must not set.
 * Source: flannel-io/cni-plugin 092e6d26 flannel.go cmdAdd, flannel_linux.go doCmdAdd, getDelegateIPAM.
 */
export function cniDelegate(conf: FlannelCniConf, env: CniSubnetEnv): DelegateResult {
  const own = conf.delegate ?? {};
  if ("type" in own && typeof own.type !== "string") return { ok: false, message: "delegate.type must be a string" };
  for (const key of ["name", "ipam"]) {
    if (key in own) return { ok: false, message: `delegate.${key} must not be given: flannel sets it` };
  }
  const type = own.type ?? "bridge";
  const delegate: Record<string, unknown> = { ...own, name: conf.name, type };
  if (conf.runtimeConfig !== undefined) delegate.runtimeConfig = conf.runtimeConfig;
  // If flannel does not masquerade, the bridge plugin does.
  if (!("ipMasq" in own)) delegate.ipMasq = !env.ipMasq;
  if (!("mtu" in own)) delegate.mtu = env.mtu;
  if (type === "bridge" && !("isGateway" in own)) delegate.isGateway = true;
  if (conf.cniVersion) delegate.cniVersion = conf.cniVersion;
  delegate.ipam = delegateIpam(conf.ipam, env);
  return { ok: true, delegate };
}

function delegateIpam(given: JsonObject | undefined, env: CniSubnetEnv): JsonObject {
  const subnets = [env.subnet, env.subnet6].filter((subnet) => subnet !== undefined);
  const routes = Array.isArray(given?.routes) ? (given.routes as unknown[]) : [];
  return {
    ...given,
    type: given?.type ?? "host-local",
    ranges: subnets.map((subnet) => [{ subnet: subnet.text }]),
    routes: [...routes, ...[...env.networks, ...env.networks6].map((network) => ({ dst: network.text }))],
  };
}
