import { afterEach, describe, expect, it } from "vitest";
import { calibrateFlannel, calibrationTable } from "./calibrate-flannel.ts";

const { PATH } = process.env;

describe("calibrating flannel", () => {
  afterEach(() => {
    process.env["PATH"] = PATH;
  });

  it("names every tool that the machine lacks, and the package that has it", async () => {
    process.env["PATH"] = "/nowhere";
    await expect(calibrateFlannel(() => {})).rejects.toThrow(
      /this machine lacks .*ip \(package iproute2\), .*iperf3 \(package iperf3\)/,
    );
  });

  it("prints kernel and model side by side, with the difference in percent", () => {
    const table = calibrationTable([
      { figure: "bytes", kernel: 200, model: 201 },
      { figure: "none", kernel: 0, model: 0 },
    ]);
    expect(table.split("\n")).toEqual([
      "figure  kernel   model  difference",
      "bytes   200.00  201.00      0.50 %",
      "none      0.00    0.00",
      "",
    ]);
  });
});
