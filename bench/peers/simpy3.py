"""The workloads of heap4.cpp on SimPy 3, as bare timeouts with callbacks: the same arguments and the same answer."""

import math
import sys
import time

import simpy


def make_delays():
    delays = []
    state = 12345
    for _ in range(1 << 16):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        delays.append(-math.log(1 - (state + 0.5) / 4294967296))
    return delays


def main():
    delays = make_delays()
    env = simpy.Environment()
    events = int(sys.argv[-1])
    ran = 0

    def on_hold(_):
        nonlocal ran
        env.timeout(delays[ran & 0xFFFF]).callbacks.append(on_hold)
        ran += 1

    timeouts = [None] * (1 << 13)
    steps = 5000

    def on_timeout(_):
        pass

    def on_step(_):
        nonlocal ran
        # SimPy 3 cannot withdraw a timeout: it stays until it is due, without callbacks.
        old = timeouts[(ran - steps) & 0x1FFF]
        if ran >= steps and ran % 10 != 0 and old.callbacks is not None:
            old.callbacks.clear()
        timeout = env.timeout(1.0)
        timeout.callbacks.append(on_timeout)
        timeouts[ran & 0x1FFF] = timeout
        env.timeout(delays[ran & 0xFFFF] / 10000).callbacks.append(on_step)
        ran += 1

    if sys.argv[1] == "hold":
        for i in range(int(sys.argv[2])):
            env.timeout(delays[i & 0xFFFF]).callbacks.append(on_hold)
    else:
        env.timeout(0).callbacks.append(on_step)
    while ran < events // 4:
        env.step()
    first = ran
    start = time.perf_counter()
    while ran < first + events:
        env.step()
    print(round((ran - first) / (time.perf_counter() - start)))


main()
