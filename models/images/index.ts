/**
 * Images: how a kubelet pulls them (serial or parallel, rate limit, back-off), how containerd brings their layers over a
 * shared registry, link and disk, and how old images are collected. README.md has the rules R1 to R20 with their sources.
 *
 * Left out: parallel unpacking and chunked layers of newer containerd (off by default; up to about a factor 2 for images of
 * one large layer), manifests and configs (kilobytes), TCP slow start (tens of milliseconds a body).
 */
export * from "./backoff.ts";
export * from "./compose-images.ts";
export * from "./containerd.ts";
export * from "./credentials.ts";
export * from "./ensure.ts";
export * from "./errors.ts";
export * from "./image-collector.ts";
export * from "./image-gc.ts";
export * from "./image-manager.ts";
export * from "./image-store.ts";
export * from "./layers.ts";
export * from "./messages.ts";
export * from "./node-images.ts";
export * from "./node-status.ts";
export * from "./pull-sources.ts";
export * from "./pull-limiter.ts";
export * from "./puller.ts";
export * from "./puller-config.ts";
export * from "./reference.ts";
export * from "./registry.ts";
export * from "./schema.ts";
export * from "./sections.ts";
