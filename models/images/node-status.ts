import { MAX_NAMES_PER_IMAGE } from "./defaults.ts";

/** An image as the runtime lists it. */
export interface ListedImage {
  id: string;
  sizeBytes: number;
  repoDigests: readonly string[];
  repoTags: readonly string[];
}

/** An image as the node's status has it. */
export interface StatusImage {
  id: string;
  names: string[];
  sizeBytes: number;
}

/**
 * The images that a node reports (rule R16): the largest first, equal ones by descending ID, at most `maxImages` of them
 * (-1: all), each with up to five names, digests before tags.
 * Source: kubernetes v1.34 pkg/kubelet/nodestatus/setters.go, Images; pkg/kubelet/util/sliceutils, ByImageSize.
 */
export function statusImages(images: readonly ListedImage[], maxImages: number): StatusImage[] {
  const sorted = images.toSorted((a, b) => b.sizeBytes - a.sizeBytes || (a.id > b.id ? -1 : a.id < b.id ? 1 : 0));
  return sorted.slice(0, maxImages < 0 ? sorted.length : maxImages).map(({ id, sizeBytes, repoDigests, repoTags }) => ({
    id,
    sizeBytes,
    names: [...repoDigests, ...repoTags].slice(0, MAX_NAMES_PER_IMAGE),
  }));
}
