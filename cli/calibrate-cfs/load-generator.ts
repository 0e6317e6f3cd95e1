/**
 * The load generator, in C: it has to burn CPU time without a system call, sleep to the microsecond, bind threads to CPUs
 * and read their CPU clocks, and nothing else may run in its cgroups; a JavaScript engine offers none of the first four
 * and brings helper threads along. It is compiled on the machine that it measures.
 *
 * Its argument is a plan:
 *
 *     <duration ns> <time to settle ns>
 *     <number of groups>, then for each: <file for its processes> <its cpu.stat>
 *     <number of queues>, then for each: <number of requests>, then for each: <arrival ns> <service ns>
 *     <number of workers>, then for each: <group> <mode: 0 always runs, 1 closed loop, 2 queue> <queue> <burn ns> <think ns>
 *         <number of CPUs> <CPU> ...
 *
 * Each worker is a process of one thread. A free worker of a queue takes the next request: it starts at once if it has
 * arrived, and sleeps until it does otherwise. CPU clocks are read after a sleep only: elsewhere the kernel would take the
 * opportunity to throttle. It prints:
 *
 *     group <number> <field of cpu.stat> <before> <after>      one for each field
 *     cpu <worker> <ns>                                          from the beginning to the end
 *     request <worker> <queue> <index> <arrival> <started> <ended, or -1> <worker's CPU time at the start, or -1>
 *
 * with instants in ns since the beginning. In a closed loop the arrival is the instant to which the worker has slept.
 */
export const LOAD_GENERATOR = String.raw`
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef int64_t ns;

struct group { char procs[512], stat[512]; char before[2048], after[2048]; };
struct queue { int count; ns *arrival, *service; };
struct worker { int group, mode, queue, cpu_count, cpus[1024]; ns burn, think, cpu_before, cpu_after; pid_t pid; };
struct record { ns arrival, start, end, cpu; int queue, index; };
struct shared { _Atomic ns begin; _Atomic int ready, failed, stop; _Atomic int next[256]; };

static struct group *groups;
static struct queue *queues;
static struct worker *workers;
static struct record *records;
static _Atomic int *record_counts;
static struct shared *shared;
static double spins_per_ns;
enum { RECORDS = 100000 };

static ns clock_ns(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (ns)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void sleep_until(ns at) {
  struct timespec t = { at / 1000000000, at % 1000000000 };
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {}
}

static void spin(uint64_t count) {
  uint64_t x = 1;
  for (uint64_t i = 0; i < count; i++) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    __asm__ volatile("" : "+r"(x));
  }
}

static void burn(ns duration) { spin((uint64_t)((double)duration * spins_per_ns)); }

static void calibrate(void) {
  const uint64_t count = 2000000;
  spin(count);
  for (int i = 0; i < 20; i++) {
    ns before = clock_ns(CLOCK_MONOTONIC);
    spin(count);
    double rate = (double)count / (double)(clock_ns(CLOCK_MONOTONIC) - before);
    if (rate > spins_per_ns) spins_per_ns = rate;
  }
}

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  if (shared) shared->failed = 1;
  exit(1);
}

static struct record *begin_record(int w) {
  int i = record_counts[w];
  if (i >= RECORDS) { errno = ENOBUFS; fail("too many requests for one worker"); }
  return &records[(size_t)w * RECORDS + i];
}

static void serve(int w, ns begin) {
  struct worker *me = &workers[w];
  struct queue *queue = &queues[me->queue];
  int slept = 1;
  for (;;) {
    int index = atomic_fetch_add(&shared->next[me->queue], 1);
    if (index >= queue->count) break;
    ns arrival = begin + queue->arrival[index];
    if (clock_ns(CLOCK_MONOTONIC) < arrival) { sleep_until(arrival); slept = 1; }
    struct record *r = begin_record(w);
    r->queue = me->queue; r->index = index; r->arrival = arrival; r->end = -1;
    r->start = clock_ns(CLOCK_MONOTONIC);
    r->cpu = slept ? clock_ns(CLOCK_THREAD_CPUTIME_ID) : -1;
    slept = 0;
    record_counts[w]++;
    burn(queue->service[index]);
    r->end = clock_ns(CLOCK_MONOTONIC);
  }
  for (;;) pause();
}

static void loop(int w, ns begin) {
  struct worker *me = &workers[w];
  ns target = begin;
  for (int index = 0;; index++) {
    struct record *r = begin_record(w);
    r->queue = -1; r->index = index; r->arrival = target; r->end = -1;
    r->start = clock_ns(CLOCK_MONOTONIC);
    r->cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    record_counts[w]++;
    burn(me->burn);
    r->end = clock_ns(CLOCK_MONOTONIC);
    target = r->end + me->think;
    sleep_until(target);
  }
}

static void work(int w) {
  struct worker *me = &workers[w];
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_TIMERSLACK, 1);
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int i = 0; i < me->cpu_count; i++) CPU_SET(me->cpus[i], &set);
  if (sched_setaffinity(0, sizeof set, &set)) fail("sched_setaffinity");
  FILE *procs = fopen(groups[me->group].procs, "w");
  if (!procs || fprintf(procs, "%d\n", getpid()) < 0 || fclose(procs)) fail(groups[me->group].procs);
  shared->ready++;
  while (shared->begin == 0) usleep(1000);
  ns begin = shared->begin;
  sleep_until(begin);
  if (me->mode == 0) while (!shared->stop) spin(20000);
  else if (me->mode == 1) loop(w, begin);
  else serve(w, begin);
  for (;;) pause();
}

static void read_stat(const char *path, char *into) {
  FILE *f = fopen(path, "r");
  if (!f) fail(path);
  into[fread(into, 1, 2047, f)] = 0;
  fclose(f);
}

static ns cpu_of(pid_t pid) {
  clockid_t id;
  return clock_getcpuclockid(pid, &id) ? -1 : clock_ns(id);
}

static long long number(FILE *f) {
  long long value;
  if (fscanf(f, "%lld", &value) != 1) { errno = EINVAL; fail("plan"); }
  return value;
}

static void *all(size_t count, size_t size) {
  void *p = mmap(NULL, (count ? count : 1) * size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) fail("mmap");
  return p;
}

static int worker_count;

static void stop(int signal) {
  for (int w = 0; w < worker_count; w++) if (workers[w].pid > 0) kill(workers[w].pid, SIGKILL);
  if (signal) _exit(128 + signal);
}

int main(int argc, char **argv) {
  FILE *plan = argc == 2 ? fopen(argv[1], "r") : NULL;
  if (!plan) fail("plan");
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  shared = all(1, sizeof *shared);
  ns duration = number(plan), settle = number(plan);
  int group_count = (int)number(plan);
  groups = all(group_count, sizeof *groups);
  for (int g = 0; g < group_count; g++)
    if (fscanf(plan, "%511s %511s", groups[g].procs, groups[g].stat) != 2) fail("plan");
  int queue_count = (int)number(plan);
  if (queue_count > 256) { errno = EINVAL; fail("more than 256 queues"); }
  queues = all(queue_count, sizeof *queues);
  for (int q = 0; q < queue_count; q++) {
    int n = queues[q].count = (int)number(plan);
    queues[q].arrival = all(n, sizeof(ns));
    queues[q].service = all(n, sizeof(ns));
    for (int i = 0; i < n; i++) { queues[q].arrival[i] = number(plan); queues[q].service[i] = number(plan); }
  }
  worker_count = (int)number(plan);
  workers = all(worker_count, sizeof *workers);
  records = all((size_t)worker_count * RECORDS, sizeof *records);
  record_counts = all(worker_count, sizeof *record_counts);
  for (int w = 0; w < worker_count; w++) {
    struct worker *me = &workers[w];
    me->group = (int)number(plan); me->mode = (int)number(plan); me->queue = (int)number(plan);
    me->burn = number(plan); me->think = number(plan); me->cpu_count = (int)number(plan);
    for (int i = 0; i < me->cpu_count; i++) me->cpus[i] = (int)number(plan);
  }
  fclose(plan);

  calibrate();
  signal(SIGTERM, stop);
  signal(SIGINT, stop);
  for (int w = 0; w < worker_count; w++) {
    pid_t pid = fork();
    if (pid < 0) { int error = errno; stop(0); errno = error; fail("fork"); }
    if (pid == 0) { signal(SIGTERM, SIG_DFL); signal(SIGINT, SIG_IGN); work(w); }
    workers[w].pid = pid;
  }
  /* Reading the counters must not wait behind the load. */
  struct sched_param first = { 1 };
  sched_setscheduler(0, SCHED_FIFO, &first);
  while (shared->ready < worker_count) {
    if (shared->failed) { stop(0); return 1; }
    usleep(1000);
  }
  ns begin = clock_ns(CLOCK_MONOTONIC) + settle;
  shared->begin = begin;
  sleep_until(begin - 2000000);
  for (int g = 0; g < group_count; g++) read_stat(groups[g].stat, groups[g].before);
  for (int w = 0; w < worker_count; w++) workers[w].cpu_before = cpu_of(workers[w].pid);
  sleep_until(begin + duration);
  for (int g = 0; g < group_count; g++) read_stat(groups[g].stat, groups[g].after);
  for (int w = 0; w < worker_count; w++) workers[w].cpu_after = cpu_of(workers[w].pid);
  shared->stop = 1;
  stop(0);
  while (wait(NULL) > 0) {}
  if (shared->failed) return 1;

  for (int g = 0; g < group_count; g++) {
    char *next_before, *next_after;
    char *before = strtok_r(groups[g].before, "\n", &next_before);
    char *after = strtok_r(groups[g].after, "\n", &next_after);
    while (before && after) {
      char name[128];
      long long from, to;
      if (sscanf(before, "%127s %lld", name, &from) == 2 && sscanf(after, "%*s %lld", &to) == 1)
        printf("group %d %s %lld %lld\n", g, name, from, to);
      before = strtok_r(NULL, "\n", &next_before);
      after = strtok_r(NULL, "\n", &next_after);
    }
  }
  for (int w = 0; w < worker_count; w++) {
    printf("cpu %d %lld\n", w, (long long)(workers[w].cpu_after - workers[w].cpu_before));
    for (int i = 0; i < record_counts[w]; i++) {
      struct record *r = &records[(size_t)w * RECORDS + i];
      ns ended = r->end >= 0 && r->end <= begin + duration ? r->end - begin : -1;
      ns cpu = r->cpu < 0 ? -1 : r->cpu - workers[w].cpu_before;
      if (r->start > begin + duration) continue;
      printf("request %d %d %d %lld %lld %lld %lld\n", w, r->queue, r->index, (long long)(r->arrival - begin),
             (long long)(r->start - begin), (long long)ended, (long long)cpu);
    }
  }
  return 0;
}
`;
