// The phases that live in the kernel: system calls, switches between processes, and their creation.
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workload.hpp"

namespace workload {

uint64_t system_call_phase(const Size& size) {
  Hash hash;
  const long self = getpid();
  unsigned same = 0;
  for (unsigned i = 0; i < size.system_calls; ++i) same += syscall(SYS_getpid) == self;
  hash.add(same);  // the number itself differs between ways: a container's processes count from 1
  return hash.value();
}

namespace {

void write_word(int to, uint64_t word) {
  if (write(to, &word, sizeof word) != static_cast<ssize_t>(sizeof word)) fail("write to pipe");
}

bool read_word(int from, uint64_t& word) {
  return read(from, &word, sizeof word) == static_cast<ssize_t>(sizeof word);
}

[[noreturn]] void echo(int from, int to) {
  uint64_t word;
  while (read_word(from, word)) write_word(to, word * 3 + 1);
  _exit(0);
}

}  // namespace

uint64_t pipe_phase(const Size& size) {
  int there[2], back[2];
  if (pipe(there) != 0 || pipe(back) != 0) fail("pipe");
  const pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    close(there[1]);
    close(back[0]);
    echo(there[0], back[1]);
  }
  close(there[0]);
  close(back[1]);
  Hash hash;
  uint64_t word = 1;
  for (unsigned i = 0; i < size.pipe_rounds; ++i) {
    write_word(there[1], word);
    if (!read_word(back[0], word)) fail("read from pipe");
    hash.add(word);
  }
  close(there[1]);
  close(back[0]);
  if (waitpid(child, nullptr, 0) != child) fail("waitpid");
  return hash.value();
}

int child_main(const char* number) {
  uint64_t state = strtoul(number, nullptr, 10) + 1;
  return static_cast<int>(next_random(state) >> 57);
}

// As many children at once as there are processors; statuses are hashed in the order of the children's
// numbers.
uint64_t process_phase(const Size& size) {
  constexpr unsigned kMost = 8;
  const unsigned at_once = processors() < kMost ? processors() : kMost;
  Hash hash;
  pid_t children[kMost];
  for (unsigned first = 0; first < size.processes; first += at_once) {
    const unsigned count = size.processes - first < at_once ? size.processes - first : at_once;
    for (unsigned i = 0; i < count; ++i) {
      char number[16];
      snprintf(number, sizeof number, "%u", first + i);
      children[i] = fork();
      if (children[i] < 0) fail("fork");
      if (children[i] == 0) {
        execl("/proc/self/exe", "workload", "--child", number, nullptr);
        _exit(127);
      }
    }
    for (unsigned i = 0; i < count; ++i) {
      int status = 0;
      if (waitpid(children[i], &status, 0) != children[i]) fail("waitpid");
      hash.add(static_cast<uint64_t>(status));
    }
  }
  return hash.value();
}

}  // namespace workload
