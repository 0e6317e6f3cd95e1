// The workloads of heap4.cpp on ns-3's default scheduler, with the same arguments and the same answer.
#include <ns3/core-module.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

using ns3::EventId;
using ns3::NanoSeconds;
using ns3::Simulator;

static std::vector<int64_t> delays;
static uint32_t draw = 0;
static int64_t ran = 0;
static int64_t events = 0;
static std::chrono::steady_clock::time_point start;

static void makeDelays() {
  uint32_t state = 12345;
  delays.resize(1 << 16);
  for (auto& delay : delays) {
    state = state * 1664525u + 1013904223u;
    delay = static_cast<int64_t>(-std::log(1 - (state + 0.5) / 4294967296.0) * 1e9);
  }
}

// The clock starts after a quarter of the events, in the steady state.
static void count() {
  ran++;
  if (ran == events / 4) start = std::chrono::steady_clock::now();
  if (ran == events / 4 + events) {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::printf("%.0f\n", static_cast<double>(events) / seconds.count());
    std::fflush(stdout);
    std::_Exit(0);
  }
}

static void onHold(void* argument) {
  count();
  Simulator::Schedule(NanoSeconds(delays[draw++ & 0xffff]), &onHold, argument);
}

static EventId timeouts[1 << 13];
static const int kSteps = 5000;
static void onTimeout() {}

static void onStep(void* argument) {
  const auto step = ran;
  if (step >= kSteps && step % 10 != 0) timeouts[(step - kSteps) & 0x1fff].Remove();
  timeouts[step & 0x1fff] = Simulator::Schedule(NanoSeconds(1000000000), &onTimeout);
  Simulator::Schedule(NanoSeconds(delays[step & 0xffff] / 10000), &onStep, argument);
  count();
}

int main(int argc, char** argv) {
  makeDelays();
  const bool isHold = argc == 4 && !std::strcmp(argv[1], "hold");
  if (!isHold && !(argc == 3 && !std::strcmp(argv[1], "cancel"))) return 2;
  events = std::atoll(argv[argc - 1]);
  const int64_t pending = isHold ? std::atoll(argv[2]) : 0;
  void* argument = &delays[0];
  for (int64_t i = 0; i < pending; i++) Simulator::Schedule(NanoSeconds(delays[draw++ & 0xffff]), &onHold, argument);
  if (!isHold) Simulator::Schedule(NanoSeconds(0), &onStep, argument);
  Simulator::Run();
  return 1;
}
