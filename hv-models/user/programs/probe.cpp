// probe WHAT [N]: what a program finds where it runs. identity: its number and what its root holds.
// processes: how many it can make (and makes no more than 50). pages N: touches N pages. spin N: computes for
// N milliseconds of its own, and says how long that took by the clock. hit N: tries to end process N. make
// PATH...: makes each file that is not there yet, and says which were.
#include "hv-models/user/library/calls.hpp"
#include "hv-models/user/library/text.hpp"

using namespace user;

namespace {

bool is(const char* word, const char* what) { return strcmp(word, what) == 0; }

int processes() {
  int ends[2];
  if (call(22, to_word(ends)) != 0) return 1;
  long made = 0;
  char byte;
  for (; made < 50; ++made) {
    const long id = fork();
    if (id < 0) break;
    if (id == 0) {
      close(ends[1]);
      read(ends[0], &byte, 1);  // until the writer is gone
      exit(0);
    }
  }
  close(ends[1]);
  for (long i = 0; i < made; ++i) wait(-1, nullptr);
  print("probe: %ld processes\n", made);
  return 0;
}

int pages(long count) {
  const long memory = map_memory(static_cast<size_t>(count) * 4096);
  if (memory < 0) return 1;
  volatile char* bytes = reinterpret_cast<volatile char*>(memory);
  for (long i = 0; i < count; ++i) bytes[i * 4096] = 1;
  print("probe: %ld pages\n", count);
  return 0;
}

long milliseconds() {
  Time time;
  now(&time);
  return time.seconds * 1000 + time.nanoseconds / 1'000'000;
}

int spin(long count) {
  const long start = milliseconds();
  for (long i = 0; i < count * 100'000; ++i) asm volatile("lea (%rax), %rax\n lea (%rax), %rax");
  print("probe: spin %ld took %ld ms\n", count, milliseconds() - start);
  return 0;
}

int make(char** paths) {
  for (; *paths != nullptr; ++paths) {
    const bool there = open(*paths, kReadOnly) >= 0;
    const bool made = !there && open(*paths, kReadWrite | kCreate) >= 0;
    print("probe: %s %s\n", *paths, there ? "was there" : made ? "was made" : "cannot be made");
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  const char* what = count > 1 ? words[1] : "";
  const long number = count > 2 ? parse_number(words[2]) : 0;
  if (is(what, "identity")) {
    print("probe: number %ld, /bin %s\n", getpid(), open("/bin", kReadOnly) >= 0 ? "is here" : "is not here");
    return 0;
  }
  if (is(what, "processes")) return processes();
  if (is(what, "pages")) return pages(number);
  if (is(what, "spin")) return spin(number);
  if (is(what, "make")) return make(words + 2);
  if (is(what, "hit")) {
    print("probe: hit %ld gave %ld\n", number, kill(number, 9));
    return 0;
  }
  return 2;
}
