/** A MAC address as lower-case text with colons; six bytes unless it was read otherwise. */
export type Mac = string;

/**
 * The MAC address of a new VXLAN device from six random bytes: locally administered and unicast (rule R8).
 * Source: flannel v0.28.9 pkg/mac/mac.go.
 */
export function randomMac(bytes: readonly number[]): Mac {
  if (bytes.length !== 6) throw new RangeError(`a MAC address needs 6 bytes, got ${bytes.length}`);
  return formatMac([(bytes[0] & 0xfe) | 0x02, ...bytes.slice(1)]);
}

export function formatMac(bytes: readonly number[]): Mac {
  return bytes.map((byte) => (byte & 0xff).toString(16).padStart(2, "0")).join(":");
}

/** The bytes of a MAC address in one of the three forms that Go's net.ParseMAC reads, or undefined. */
export function parseMac(text: string): number[] | undefined {
  const pairs = /^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2})*$/;
  const quads = /^[0-9a-fA-F]{4}(\.[0-9a-fA-F]{4})*$/;
  const separators = new Set(text.replace(/[0-9a-fA-F]/g, ""));
  if (separators.size !== 1 || (!pairs.test(text) && !quads.test(text))) return undefined;
  const digits = text.replace(/[^0-9a-fA-F]/g, "");
  const bytes = digits.match(/../g)?.map((pair) => Number.parseInt(pair, 16)) ?? [];
  return [6, 8, 20].includes(bytes.length) ? bytes : undefined;
}

/**
 * The MAC address that a node's backend-data annotation stores, or undefined if there is none to reuse. The daemon does
 * not decode the JSON but cuts the text, so the address must stand last in the object (rule R8).
 * Source: flannel v0.28.9 pkg/subnet/kube/kube.go GetStoredMacAddresses, pkg/backend/vxlan/vxlan.go createVXLANDevice.
 */
export function storedMac(annotation: string | undefined): Mac | undefined {
  if (annotation === undefined) return undefined;
  const parts = annotation.replace(/^["}]+|["}]+$/g, "").split(':"');
  if (parts.length !== 2) return undefined;
  const bytes = parseMac(parts[1]);
  return bytes === undefined ? undefined : formatMac(bytes);
}
