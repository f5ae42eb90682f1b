// threads: what threads of one process must be able to rely on, and what two processors must not get wrong
// together. Made with the host's own C library, statically: the kernel's calls are Linux's, and this holds
// them to it.
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>

namespace {

constexpr int kThreads = 6;
constexpr size_t kPage = 4096;

bool fail(const char* what, long value) {
  printf("threads: %s: %ld\n", what, value);
  return false;
}

template <typename Work>
bool run_threads(Work* work) {
  pthread_t threads[kThreads];
  long numbers[kThreads];
  bool well = true;
  for (long i = 0; i < kThreads; ++i) {
    numbers[i] = i;
    if (pthread_create(&threads[i], nullptr, work, &numbers[i]) != 0) return fail("pthread_create", i);
  }
  for (pthread_t thread : threads) {
    void* result = nullptr;
    well = pthread_join(thread, &result) == 0 && result == nullptr && well;
  }
  return well;
}

// ---- A mutex that all want, and a condition that hands on a turn.
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t turn_changed = PTHREAD_COND_INITIALIZER;
long counter = 0, turn = 0;

void* count(void*) {
  for (int i = 0; i < 3000; ++i) {
    pthread_mutex_lock(&mutex);
    counter = counter + 1;
    pthread_mutex_unlock(&mutex);
  }
  return nullptr;
}

void* take_turns(void* number) {
  const long own = *static_cast<long*>(number);
  for (int i = 0; i < 50; ++i) {
    pthread_mutex_lock(&mutex);
    while (turn % kThreads != own) pthread_cond_wait(&turn_changed, &mutex);
    ++turn;
    pthread_cond_broadcast(&turn_changed);
    pthread_mutex_unlock(&mutex);
  }
  return nullptr;
}

// ---- A page that is exchanged again and again while others read it: a translation that a processor kept
// shows an older page.
volatile long* shared = nullptr;
std::atomic<long> published{0};
std::atomic<bool> over{false};

void* read_shared(void*) {
  while (!over) {
    const long least = published, seen = *shared;
    if (seen != 0 && seen < least) return const_cast<long*>(shared);
  }
  return nullptr;
}

bool exchange_pages() {
  void* memory = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return fail("mmap", 0);
  shared = static_cast<volatile long*>(memory);
  pthread_t readers[3];
  for (pthread_t& reader : readers) pthread_create(&reader, nullptr, read_shared, nullptr);
  for (long i = 1; i <= 300; ++i) {
    if (mmap(memory, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != memory)
      return fail("mmap", i);
    *shared = i;
    published = i;
  }
  over = true;
  bool well = true;
  for (pthread_t reader : readers) {
    void* result = nullptr;
    pthread_join(reader, &result);
    well = well && result == nullptr;
  }
  return well || fail("an old page was seen", 0);
}

// ---- A copy of the process while others write: what the copy sees must not change any more.
std::atomic<long> ticks{0};

void* tick(void*) {
  while (!over) ++ticks;
  return nullptr;
}

bool copies_stand_still() {
  over = false;
  pthread_t writers[2];
  for (pthread_t& writer : writers) pthread_create(&writer, nullptr, tick, nullptr);
  bool well = true;
  for (int i = 0; i < 20 && well; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      const long first = ticks;
      for (int j = 0; j < 20'000; ++j) asm volatile("");
      _exit(first == ticks ? 0 : 1);
    }
    int status = -1;
    well = child > 0 && waitpid(child, &status, 0) == child && status == 0;
  }
  over = true;
  for (pthread_t writer : writers) pthread_join(writer, nullptr);
  return well || fail("a copy changed", 0);
}

}  // namespace

int main() {
  if (!run_threads(count) || counter != kThreads * 3000L) return fail("counter", counter), 1;
  if (!run_threads(take_turns) || turn != kThreads * 50L) return fail("turn", turn), 1;
  if (!exchange_pages() || !copies_stand_still()) return 1;
  printf("threads: all well\n");
  return 0;
}
