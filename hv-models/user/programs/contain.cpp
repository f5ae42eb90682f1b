// contain [--processes N] [--pages N] [--quota PERCENT] [--weight N] [--network] [--address A.B.C.D] [--root
// FOLDER] PROGRAM ARGUMENTS: runs a program as number 1 of a container, with its status.
#include "hv-models/user/library/calls.hpp"
#include "hv-models/user/library/text.hpp"

using namespace user;

namespace {

bool is(const char* word, const char* what) { return strcmp(word, what) == 0; }

int usage() {
  print(
      "usage: contain [--processes N] [--pages N] [--quota PERCENT] [--weight N] [--network] [--address "
      "A.B.C.D] "
      "[--root FOLDER] PROGRAM ...\n");
  return 2;
}

}  // namespace

int main(int count, char** words) {
  Limits limits;
  long flags = 0;
  const char* root = nullptr;
  uint32_t address = 0;
  int at = 1;
  for (; at < count && words[at][0] == '-'; ++at) {
    if (is(words[at], "--network")) {
      flags |= kOwnNetwork;
      continue;
    }
    if (at + 1 == count) return usage();
    const char* name = words[at++];
    if (is(name, "--root")) {
      root = words[at];
      continue;
    }
    if (is(name, "--address")) {
      address = parse_address(words[at]);
      flags |= kOwnNetwork;
      if (address == 0) return usage();
      continue;
    }
    const long number = parse_number(words[at]);
    if (number < 0) return usage();
    const uint64_t value = static_cast<uint64_t>(number);
    if (is(name, "--processes")) {
      limits.processes = value;
    } else if (is(name, "--pages")) {
      limits.pages = value;
    } else if (is(name, "--quota")) {
      limits.quota = value * 1'000'000;  // of a period of 100 ms
    } else if (is(name, "--weight")) {
      limits.weight = value;
    } else {
      return usage();
    }
  }
  if (at == count) return usage();
  if (const long result = contain(limits, flags, address); result < 0) {
    print("contain: error %ld\n", result);
    return 1;
  }
  const long id = fork();
  if (id == 0) {
    if (root != nullptr && chroot(root) < 0) exit(126);
    char* environment[] = {nullptr};
    const long result = execve(words[at], words + at, environment);
    print("contain: %s: error %ld\n", words[at], result);
    exit(127);
  }
  int status = 0;
  if (id < 0 || wait(id, &status) != id) return 1;
  if ((status & 0x7f) != 0) print("contain: killed by %ld\n", static_cast<long>(status & 0x7f));
  return (status & 0x7f) != 0 ? 128 + (status & 0x7f) : status >> 8;
}
