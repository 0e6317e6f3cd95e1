// The yardstick: a 4-ary heap with its entries inline and lazy cancellation, as a careful C++ program would have it.
//
//   heap4 hold PENDING EVENTS     take the earliest event, call its handler, schedule one at an exponential delay
//   heap4 cancel EVENTS           each step starts a 1 s timeout and withdraws an earlier one, nine times in ten
//
// Prints the events (steps) per second.
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

using Handler = void (*)(void*);

struct Entry {
  int64_t time;
  uint64_t sequence;
  Handler handler;
  void* argument;
  uint32_t ticket;  // Names the event for cancellation.
};

static bool before(const Entry& a, const Entry& b) {
  return a.time < b.time || (a.time == b.time && a.sequence < b.sequence);
}

class Simulation {
 public:
  int64_t now = 0;

  // A handle is a ticket and its generation; a cancelled ticket stays in the heap until it is popped.
  uint64_t schedule(int64_t delay, Handler handler, void* argument) {
    uint32_t ticket;
    if (!free_.empty()) {
      ticket = free_.back();
      free_.pop_back();
    } else {
      ticket = static_cast<uint32_t>(generations_.size());
      generations_.push_back(0);
      cancelled_.push_back(0);
    }
    heap_.emplace_back();
    siftUp(heap_.size() - 1, Entry{now + delay, sequence_++, handler, argument, ticket});
    return (static_cast<uint64_t>(generations_[ticket]) << 32) | ticket;
  }

  bool cancel(uint64_t handle) {
    const auto ticket = static_cast<uint32_t>(handle);
    if (generations_[ticket] != static_cast<uint32_t>(handle >> 32) || cancelled_[ticket]) return false;
    cancelled_[ticket] = 1;
    return true;
  }

  bool step() {
    while (!heap_.empty()) {
      const Entry first = heap_[0];
      const Entry last = heap_.back();
      heap_.pop_back();
      if (!heap_.empty()) siftDown(0, last);
      const bool dead = cancelled_[first.ticket];
      cancelled_[first.ticket] = 0;
      generations_[first.ticket]++;
      free_.push_back(first.ticket);
      if (dead) continue;
      now = first.time;
      first.handler(first.argument);
      return true;
    }
    return false;
  }

 private:
  void siftUp(size_t i, const Entry& entry) {
    while (i > 0) {
      const size_t parent = (i - 1) / 4;
      if (!before(entry, heap_[parent])) break;
      heap_[i] = heap_[parent];
      i = parent;
    }
    heap_[i] = entry;
  }

  void siftDown(size_t i, const Entry& entry) {
    const size_t size = heap_.size();
    for (;;) {
      const size_t first = 4 * i + 1;
      if (first >= size) break;
      const size_t end = first + 4 < size ? first + 4 : size;
      size_t least = first;
      for (size_t child = first + 1; child < end; child++) {
        if (before(heap_[child], heap_[least])) least = child;
      }
      if (!before(heap_[least], entry)) break;
      heap_[i] = heap_[least];
      i = least;
    }
    heap_[i] = entry;
  }

  std::vector<Entry> heap_;
  std::vector<uint32_t> generations_;
  std::vector<uint32_t> free_;
  std::vector<uint8_t> cancelled_;
  uint64_t sequence_ = 0;
};

static Simulation sim;
static std::vector<int64_t> delays;
static uint32_t draw = 0;
static int64_t ran = 0;

// The same table of exponential delays in every peer: a linear congruential generator through -ln(1 - u), mean 1 s.
static void makeDelays() {
  uint32_t state = 12345;
  delays.resize(1 << 16);
  for (auto& delay : delays) {
    state = state * 1664525u + 1013904223u;
    delay = static_cast<int64_t>(-std::log(1 - (state + 0.5) / 4294967296.0) * 1e9);
  }
}

static void onHold(void* argument) {
  ran++;
  sim.schedule(delays[draw++ & 0xffff], onHold, argument);
}

static uint64_t timeouts[1 << 13];
static const int kSteps = 5000;  // A step each 0.1 ms on average, so a timeout started 0.5 s ago is 5,000 steps old.
static void onTimeout(void*) {}

static void onStep(void* argument) {
  const auto step = ran++;
  uint64_t& old = timeouts[step & 0x1fff];
  const uint64_t earlier = timeouts[(step - kSteps) & 0x1fff];
  if (step >= kSteps && step % 10 != 0) sim.cancel(earlier);
  old = sim.schedule(1000000000, onTimeout, nullptr);
  sim.schedule(delays[step & 0xffff] / 10000, onStep, argument);
}

int main(int argc, char** argv) {
  makeDelays();
  const bool isHold = argc == 4 && !std::strcmp(argv[1], "hold");
  if (!isHold && !(argc == 3 && !std::strcmp(argv[1], "cancel"))) return 2;
  const int64_t events = std::atoll(argv[argc - 1]);
  if (isHold) {
    const int64_t pending = std::atoll(argv[2]);
    for (int64_t i = 0; i < pending; i++) sim.schedule(delays[draw++ & 0xffff], onHold, &delays[i & 0xffff]);
  } else {
    sim.schedule(0, onStep, &delays[0]);
  }
  // Into the steady state before the clock starts.
  while (ran < events / 4) sim.step();
  const int64_t first = ran;
  const auto start = std::chrono::steady_clock::now();
  while (ran < first + events) sim.step();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::printf("%.0f\n", static_cast<double>(ran - first) / seconds.count());
}
