import { END_OF_TIME, type Ns } from "../../engine/time.ts";
import type { Backend, Request } from "../traffic/backend.ts";
import type { CpuThread, ThreadOwner } from "./cpu-thread.ts";

const WAITING = -1;

/** Told how many requests are in service: whoever charges a container for them. */
export interface ServiceMeter {
  /** A thread has taken up a request. */
  begun(): void;
  /** A thread has put one down: answered, withdrawn, or failed with its container. */
  ended(): void;
}

/**
 * The requests of one container: a FIFO queue, served by interchangeable threads. A thread that has served one takes the
 * next without sleeping if there is one; of idle threads the one that has been idle for longest takes a new request.
 *
 * A request that arrives in the very instant in which another is answered, and because of that answer, is there before
 * the thread looks for more work.
 */
export class RequestQueue implements Backend {
  openRequests = 0;

  readonly #requestOverheadNs: Ns;
  readonly #meter: ServiceMeter | undefined;
  readonly #workers: Worker[] = [];
  #head: Request | undefined;
  #tail: Request | undefined;
  /** Idle workers, the one idle for longest first. */
  #idleHead: Worker | undefined;
  #idleTail: Worker | undefined;
  /** Answers that are being given, one within the other. */
  #answering = 0;
  #isClosed = false;
  #isFrozen = false;

  /** `requestOverheadNs`: CPU time added to every request's demand. */
  constructor(requestOverheadNs: Ns, meter?: ServiceMeter) {
    this.#requestOverheadNs = requestOverheadNs;
    this.#meter = meter;
  }

  /** Requests that threads are working on. */
  get inService(): number {
    return this.#workers.reduce((count, worker) => (worker.request === undefined ? count : count + 1), 0);
  }

  /** Adds a thread, which takes the first waiting request at once; `createThread` gives a sleeping one. */
  addThread(createThread: (owner: ThreadOwner) => CpuThread): void {
    const worker = new Worker(this, this.#workers.length, createThread);
    this.#workers.push(worker);
    this.#rest(worker);
    this.#wakeIdle();
  }

  submit(request: Request): void {
    if (this.#isClosed) {
      request.fail();
      return;
    }
    this.openRequests++;
    request.server = WAITING;
    request.ahead = this.#tail;
    if (this.#tail === undefined) this.#head = request;
    else this.#tail.behind = request;
    this.#tail = request;
    this.#wakeIdle();
  }

  withdraw(request: Request): void {
    this.openRequests--;
    if (request.server === WAITING) {
      this.#unlink(request);
      return;
    }
    const worker = this.#workers[request.server];
    worker.request = undefined;
    worker.thread.stop();
    this.#meter?.ended();
    this.#rest(worker);
    this.#wakeIdle();
  }

  /** The container ends: its threads stop, and its requests fail, first those in service, then the queue in its order. */
  close(): void {
    this.#isClosed = true;
    this.openRequests = 0;
    const failing: Request[] = [];
    for (const worker of this.#workers) {
      worker.thread.stop();
      if (worker.request === undefined) continue;
      failing.push(worker.request);
      worker.request = undefined;
      this.#meter?.ended();
    }
    for (let request = this.#dequeue(); request !== undefined; request = this.#dequeue()) failing.push(request);
    for (const request of failing) request.fail();
  }

  /** The node goes down: its threads stop, and nobody answers any more; what is here and what still comes stays open. */
  freeze(): void {
    this.#isFrozen = true;
    for (const worker of this.#workers) worker.thread.stop();
  }

  /** A worker has served its request: the demand of its next one, or 0. */
  workDone(worker: Worker): Ns {
    const request = worker.request!;
    worker.request = undefined;
    this.#meter?.ended();
    this.#answer(request);
    if (this.#isClosed) return 0;
    const demandNs = this.#take(worker);
    if (demandNs === 0) this.#rest(worker);
    // Several requests may have come with the answer.
    this.#wakeIdle();
    return demandNs;
  }

  #answer(request: Request): void {
    this.openRequests--;
    this.#answering++;
    request.finish();
    this.#answering--;
  }

  /** Gives waiting requests to idle workers. While an answer is given, the worker that gives it comes first. */
  #wakeIdle(): void {
    while (this.#answering === 0 && !this.#isFrozen && this.#head !== undefined && this.#idleHead !== undefined) {
      const worker = this.#idleHead;
      this.#idleHead = worker.nextIdle;
      if (this.#idleHead === undefined) this.#idleTail = undefined;
      worker.nextIdle = undefined;
      const demandNs = this.#take(worker);
      if (this.#isClosed) return;
      if (demandNs > 0) worker.thread.start(demandNs);
      else this.#rest(worker);
    }
  }

  /** The worker takes the first request that needs CPU time; those before it that need none are answered at once. */
  #take(worker: Worker): Ns {
    for (let request = this.#dequeue(); request !== undefined; request = this.#dequeue()) {
      const demandNs = Math.min(request.demandNs + this.#requestOverheadNs, END_OF_TIME);
      if (demandNs > 0) {
        worker.request = request;
        request.server = worker.index;
        this.#meter?.begun();
        return demandNs;
      }
      this.#answer(request);
    }
    return 0;
  }

  #rest(worker: Worker): void {
    if (this.#idleTail === undefined) this.#idleHead = worker;
    else this.#idleTail.nextIdle = worker;
    this.#idleTail = worker;
  }

  #dequeue(): Request | undefined {
    const first = this.#head;
    if (first !== undefined) this.#unlink(first);
    return first;
  }

  #unlink(request: Request): void {
    const { ahead, behind } = request;
    if (ahead === undefined) this.#head = behind;
    else ahead.behind = behind;
    if (behind === undefined) this.#tail = ahead;
    else behind.ahead = ahead;
    request.ahead = undefined;
    request.behind = undefined;
  }
}

/** One thread and what it works on. */
class Worker implements ThreadOwner {
  readonly index: number;
  readonly thread: CpuThread;
  request: Request | undefined = undefined;
  nextIdle: Worker | undefined = undefined;
  readonly #queue: RequestQueue;

  constructor(queue: RequestQueue, index: number, createThread: (owner: ThreadOwner) => CpuThread) {
    this.#queue = queue;
    this.index = index;
    this.thread = createThread(this);
  }

  workDone(): Ns {
    return this.#queue.workDone(this);
  }
}
