// The workloads of heap4.cpp on SimGrid's timers, with the same arguments and the same answer.
#include <simgrid/kernel/Timer.hpp>
#include <simgrid/s4u.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

using simgrid::kernel::timer::Timer;
using simgrid::s4u::Engine;

static std::vector<double> delays;  // In seconds, for SimGrid's clock.
static uint32_t draw = 0;
static int64_t ran = 0;
static int64_t events = 0;
static std::chrono::steady_clock::time_point start;

static void makeDelays() {
  uint32_t state = 12345;
  delays.resize(1 << 16);
  for (auto& delay : delays) {
    state = state * 1664525u + 1013904223u;
    delay = -std::log(1 - (state + 0.5) / 4294967296.0);
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

static Timer* schedule(double delay, void (*handler)()) { return Timer::set(Engine::get_clock() + delay, handler); }

static void onHold() {
  count();
  schedule(delays[draw++ & 0xffff], onHold);
}

// SimGrid forbids the removal of a timer that has fired, so each timeout clears its own entry.
static Timer* timeouts[1 << 13];
static const int kSteps = 5000;

static void onStep() {
  const auto step = ran;
  Timer*& old = timeouts[(step - kSteps) & 0x1fff];
  if (step >= kSteps && step % 10 != 0 && old != nullptr) old->remove();
  Timer** mine = &timeouts[step & 0x1fff];
  *mine = Timer::set(Engine::get_clock() + 1, [mine, step] {
    if (ran - step < (1 << 13)) *mine = nullptr;
  });
  schedule(delays[step & 0xffff] / 10000, onStep);
  count();
}

int main(int argc, char** argv) {
  char name[] = "simgrid";
  char quiet[] = "--log=root.thresh:critical";
  char* arguments[] = {name, quiet, nullptr};
  int argumentCount = 2;
  Engine engine(&argumentCount, arguments);
  makeDelays();
  const bool isHold = argc == 4 && !std::strcmp(argv[1], "hold");
  if (!isHold && !(argc == 3 && !std::strcmp(argv[1], "cancel"))) return 2;
  events = std::atoll(argv[argc - 1]);
  auto* zone = simgrid::s4u::create_full_zone("zone");
  auto* host = zone->create_host("host", 1e9);
  zone->seal();
  // Timers alone do not keep the engine running; an actor that sleeps does.
  simgrid::s4u::Actor::create("sleeper", host, [] { simgrid::s4u::this_actor::sleep_for(1e9); });
  const int64_t pending = isHold ? std::atoll(argv[2]) : 0;
  for (int64_t i = 0; i < pending; i++) schedule(delays[draw++ & 0xffff], onHold);
  if (!isHold) schedule(0, onStep);
  engine.run();
  return 1;
}
