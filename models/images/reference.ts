/** An image name taken apart. The repository is fully qualified: `docker.io/library/web` for `web`. */
export interface ImageReference {
  repository: string;
  tag?: string;
  digest?: string;
}

export type PullPolicy = "Always" | "IfNotPresent" | "Never";

/** Source: distribution/reference v0.6 regexp.go. */
const HEX_IDENTIFIER = /^[a-f0-9]{64}$/;
const DOMAIN_PART = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const DOMAIN = `(?:${DOMAIN_PART}(?:\\.${DOMAIN_PART})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const PATH_PART = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const PATH = `${PATH_PART}(?:/${PATH_PART})*`;
const TAG = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const DIGEST = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
const REFERENCE = new RegExp(`^(${DOMAIN})/(${PATH})(?::(${TAG}))?(?:@(${DIGEST}))?$`);

/** Longest path of a repository, in characters. Source: distribution/reference v0.6 reference.go, RepositoryNameTotalLengthMax. */
const MAX_PATH = 255;

/** Hexadecimal digits by digest algorithm. Source: opencontainers/go-digest v1.0 algorithm.go. */
const DIGEST_LENGTHS: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/**
 * Takes an image name apart as Docker clients do; undefined if it is not one (rule R1): upper-case repositories, a bare
 * 64-digit hexadecimal text and URLs are not. Source: distribution/reference v0.6 normalize.go, ParseNormalizedNamed.
 */
export function parseReference(image: string): ImageReference | undefined {
  if (HEX_IDENTIFIER.test(image)) return undefined;
  const match = REFERENCE.exec(qualify(image));
  if (match === null || match[2].length > MAX_PATH) return undefined;
  const [, domain, path, tag, digest] = match;
  if (digest !== undefined && !isDigest(digest)) return undefined;
  return { repository: `${domain}/${path}`, tag, digest };
}

/** Puts docker.io, and library for its one-part names, before a name without a registry. */
function qualify(image: string): string {
  const slash = image.indexOf("/");
  const first = image.slice(0, Math.max(slash, 0));
  const isRegistry = slash >= 0 && (/[.:]/.test(first) || first === "localhost" || first.toLowerCase() !== first);
  const domain = !isRegistry || first === "index.docker.io" ? "docker.io" : first;
  const rest = isRegistry ? image.slice(slash + 1) : image;
  return domain === "docker.io" && !rest.includes("/") ? `${domain}/library/${rest}` : `${domain}/${rest}`;
}

function isDigest(digest: string): boolean {
  const [algorithm, hex] = digest.split(":");
  return (
    Object.hasOwn(DIGEST_LENGTHS, algorithm) && hex.length === DIGEST_LENGTHS[algorithm] && /^[a-f0-9]*$/.test(hex)
  );
}

/**
 * The name that the runtime is asked for: `:latest` is added to a name with neither tag nor digest (rule R1). Undefined
 * for an invalid name. Source: kubernetes v1.34 pkg/kubelet/images/image_manager.go, applyDefaultImageTag.
 */
export function applyDefaultTag(image: string): string | undefined {
  const reference = parseReference(image);
  if (reference === undefined) return undefined;
  return reference.tag === undefined && reference.digest === undefined ? `${image}:latest` : image;
}

/**
 * The pull policy that the API server gives to a container without one (rule R2): Always for the tag `latest`, written
 * or implied, IfNotPresent for the rest, invalid names included.
 * Source: kubernetes v1.34 pkg/apis/core/v1/defaults.go, SetDefaults_Container.
 */
export function defaultPullPolicy(image: string): PullPolicy {
  const reference = parseReference(image);
  if (reference === undefined) return "IfNotPresent";
  const isLatest = reference.tag === "latest" || (reference.tag === undefined && reference.digest === undefined);
  return isLatest ? "Always" : "IfNotPresent";
}

/**
 * The one name of an image that all its spellings share: `docker.io/library/web:1` for `web:1`. A digest counts more than
 * a tag beside it. Undefined for an invalid name.
 * Source: containerd v2.1 internal/cri/server/images/image_pull.go, by distribution/reference's ParseDockerRef.
 */
export function canonicalName(image: string): string | undefined {
  const reference = parseReference(image);
  if (reference === undefined) return undefined;
  const { repository, tag = "latest", digest } = reference;
  return digest === undefined ? `${repository}:${tag}` : `${repository}@${digest}`;
}
