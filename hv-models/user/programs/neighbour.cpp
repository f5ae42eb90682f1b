// neighbour WHAT [MILLISECONDS]: what an application may have beside it on the same machine, from the time
// that it is started until so long afterwards (400 if not said).
//
//   idle       sleeps
//   crash      sleeps for half of the time, then writes where it may not, and is ended
//   compute    computes
//   memory     takes all the memory that it can get, to the last pages, and keeps it
//   processes  makes processes that make processes, as many as it can, each of which computes
//   kernel     sleeps for half of the time, then brings down the kernel that it runs on (call 520)
#include "hv-models/user/library/calls.hpp"
#include "hv-models/user/library/text.hpp"

using namespace user;

namespace {

long end_time = 0;  // nanoseconds

long left_milliseconds() {
  const long left = (end_time - nanoseconds()) / 1'000'000;
  return left > 0 ? left : 0;
}

int idle() {
  if (const long left = left_milliseconds(); left > 0) sleep_milliseconds(left);
  return 0;
}

int compute() {
  while (nanoseconds() < end_time) {
    for (int i = 0; i < 10'000; ++i) asm volatile("lea (%rax), %rax");
  }
  return 0;
}

int crash() {
  sleep_milliseconds(left_milliseconds() / 2);
  long address = 8;
  asm volatile("" : "+r"(address));  // the compiler knows that nothing is there
  *reinterpret_cast<volatile char*>(address) = 1;
  return 0;
}

// Whoever asks for a page that is not there is ended, so children ask for the last ones.
bool keep_pages(long count) {
  int ends[2];
  if (pipe(ends) < 0) return false;
  const long id = fork();
  if (id == 0) {
    const long memory = map_memory(static_cast<size_t>(count) * 4096);
    if (memory < 0) exit(1);
    volatile char* bytes = reinterpret_cast<volatile char*>(memory);
    for (long i = 0; i < count; ++i) bytes[i * 4096] = 1;
    write(ends[1], "x", 1);
    exit(idle());
  }
  close(ends[1]);
  char byte;
  const bool kept = id > 0 && read(ends[0], &byte, 1) == 1;
  close(ends[0]);
  return kept;
}

// In ever smaller pieces, and what becomes free meanwhile.
int take_memory() {
  constexpr long kPieces[] = {512, 64, 8};
  for (const long pages : kPieces) {
    long kept = 0;
    while (nanoseconds() < end_time && keep_pages(pages)) ++kept;
    print("neighbour: %ld times %ld pages\n", kept, pages);
  }
  while (nanoseconds() < end_time) {
    keep_pages(8);
    sleep_milliseconds(1);
  }
  while (wait(-1, nullptr) > 0) {
  }
  return 0;
}

int make_processes() {
  while (nanoseconds() < end_time && fork() >= 0) {  // parent and child go on alike
  }
  return compute();
}

int bring_down_kernel() {
  sleep_milliseconds(left_milliseconds() / 2);
  print("neighbour: brings the kernel down\n");
  call(520);
  print("neighbour: the kernel is still there\n");
  return 1;
}

struct Kind {
  const char* name;
  int (*run)();
};
constexpr Kind kKinds[] = {{"idle", idle},
                           {"crash", crash},
                           {"compute", compute},
                           {"memory", take_memory},
                           {"processes", make_processes},
                           {"kernel", bring_down_kernel}};

}  // namespace

int main(int count, char** words) {
  const long milliseconds = count > 2 ? parse_number(words[2]) : 400;
  end_time = nanoseconds() + milliseconds * 1'000'000;
  for (const Kind& kind : kKinds) {
    if (count > 1 && milliseconds > 0 && strcmp(words[1], kind.name) == 0) return kind.run();
  }
  print("usage: neighbour idle|crash|compute|memory|processes|kernel [MILLISECONDS]\n");
  return 2;
}
