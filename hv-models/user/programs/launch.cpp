// launch [--contain [--address A.B.C.D]] COUNT PROGRAM ARGUMENTS: runs so many of it side by side, each in a
// group of its own (with --contain: in a container, with --address one with a network card at that address
// and the next) and says how much memory each had at most. A container has a root of its own, in which are
// the programs, an empty /tmp, and of devices those that the arguments name. A '@' at the end of an argument
// becomes the instance's number, from 0. The lines of several are marked with their number, from 1.
// Instead of COUNT PROGRAM ARGUMENTS, for programs that differ: --each [--weight N] [--quota PERCENT]
// [--pages N] PROGRAM ARGUMENTS, for each of them, with limits for its group.
#include "hv-models/user/library/calls.hpp"
#include "hv-models/user/library/text.hpp"

using namespace user;

namespace {

constexpr int kMost = 8, kMostWords = 24, kWordBytes = 64;

int usage() {
  print(
      "usage: launch [--contain [--address A.B.C.D]] COUNT PROGRAM ARGUMENTS, or --each [--weight N] "
      "[--quota "
      "PERCENT] [--pages N] PROGRAM ARGUMENTS for each (at most %ld instances, %ld words)\n",
      long{kMost}, long{kMostWords});
  return 2;
}

// The arguments of an instance: "/dev/disk@" is "/dev/disk0" for the first.
void number_words(char** words, int count, int number, char** arguments) {
  static char texts[kMostWords][kWordBytes];
  for (int i = 0; i < count; ++i) {
    const size_t length = strlen(words[i]);
    arguments[i] = words[i];
    if (length == 0 || length >= kWordBytes || words[i][length - 1] != '@') continue;
    memcpy(texts[i], words[i], length);
    texts[i][length - 1] = static_cast<char>('0' + number);
    arguments[i] = texts[i];
  }
}

using Path = char[2 * kWordBytes];

void join(Path& to, const char* first, const char* second) {
  const size_t length = strlen(first), more = strlen(second) < kWordBytes ? strlen(second) : 0;
  memcpy(to, first, length);
  memcpy(to + length, second, more);
  to[length + more] = 0;
}

bool is_device(const char* word) {
  const char* device = "/dev/";
  while (*device != 0 && *word == *device) ++word, ++device;
  return *device == 0;
}

// `name` of the system's, seen in the container's root too.
bool show(const char* root, const char* name, bool folder) {
  Path path;
  join(path, root, name);
  if (folder) return mkdir(path) == 0 && bind(name, path, false) == 0;
  const long file = open(path, kReadWrite | kCreate);
  if (file >= 0) close(static_cast<int>(file));
  return file >= 0 && bind(name, path, true) == 0;
}

// A container's root, at `root`. Made from outside: in a container nothing is mounted.
bool make_root(const char* root, char** arguments) {
  Path path;
  mkdir("/instances");
  if (mkdir(root) < 0 || !show(root, "/bin", true) || !show(root, "/proc", true)) return false;
  join(path, root, "/tmp");
  if (mkdir(path) < 0) return false;
  join(path, root, "/dev");
  if (mkdir(path) < 0) return false;
  bool well = show(root, "/dev/null", false);
  for (; *arguments != nullptr; ++arguments) {
    if (is_device(*arguments)) well = show(root, *arguments, false) && well;
  }
  return well;
}

[[noreturn]] void become(char** arguments, const char* root) {
  char* environment[] = {nullptr};
  if (root != nullptr && chroot(root) < 0) exit(126);
  const long result = execve(arguments[0], arguments, environment);
  print("launch: %s: error %ld\n", arguments[0], result);
  exit(127);
}

// Whole lines, each in one write, so that those of several instances do not mix.
void relay(int from, int number) {
  char line[512];
  size_t length = 0;
  for (char c = 0; read(from, &c, 1) == 1;) {
    if (c != '\n' && length < sizeof line - 1) {
      line[length++] = c;
      continue;
    }
    line[length] = 0;
    print("HVLAB instance=%ld %s\n", long{number} + 1, line);
    length = 0;
  }
}

struct Place {
  bool contained;    // in a root of its own
  long flags;        // of contain()
  uint32_t address;  // of its network card; 0: none of its own
};

// What an instance is: its program with its arguments, and its limits.
struct Instance {
  char** words = nullptr;
  int count = 0;
  Limits limits;
};
Instance instances[kMost];

bool is(const char* word, const char* what) { return strcmp(word, what) == 0; }

// The limits in front of a program; false if they make no sense.
bool read_limits(Instance& instance) {
  while (instance.count > 0 && instance.words[0][0] == '-') {
    const long value = instance.count > 1 ? parse_number(instance.words[1]) : -1;
    if (value < 0) return false;
    if (is(instance.words[0], "--weight")) {
      instance.limits.weight = static_cast<uint64_t>(value);
    } else if (is(instance.words[0], "--quota")) {
      instance.limits.quota = static_cast<uint64_t>(value) * 1'000'000;  // of a period of 100 ms
    } else if (is(instance.words[0], "--pages")) {
      instance.limits.pages = static_cast<uint64_t>(value);
    } else {
      return false;
    }
    instance.words += 2;
    instance.count -= 2;
  }
  return instance.count > 0 && instance.count <= kMostWords;
}

// How many instances the words name from `at` on; -1 if they make no sense.
int read_instances(char** words, int at, int count) {
  if (at >= count) return -1;
  if (!is(words[at], "--each")) {
    const long number = parse_number(words[at++]);
    if (number < 1 || number > kMost || at >= count || count - at > kMostWords) return -1;
    for (int i = 0; i < number; ++i) instances[i] = {words + at, count - at, {}};
    return static_cast<int>(number);
  }
  int found = 0;
  while (at < count) {
    int end = at + 1;
    while (end < count && !is(words[end], "--each")) ++end;
    if (found == kMost) return -1;
    instances[found] = {words + at + 1, end - at - 1, {}};
    if (!read_limits(instances[found++])) return -1;
    at = end;
  }
  return found;
}

// One instance from beginning to end; its status.
int run_one(const Instance& instance, int number, bool alone, const Place& place) {
  int ends[2] = {};
  char root[] = "/instances/1", *arguments[kMostWords + 1] = {};
  root[sizeof root - 2] = static_cast<char>('1' + number);
  number_words(instance.words, instance.count, number, arguments);
  if (place.contained && !make_root(root, arguments)) {
    print("launch: cannot make the container's root %s\n", root);
    return 1;
  }
  if (!alone && pipe(ends) < 0) return 1;
  if (const long result = contain(instance.limits, place.flags, place.address); result < 0) {
    print("launch: no container: error %ld\n", result);
    return 1;
  }
  const long id = fork();
  if (id == 0) {
    if (!alone) {
      duplicate(ends[1], 1);
      close(ends[0]);
      close(ends[1]);
    }
    become(arguments, place.contained ? root : nullptr);
  }
  if (!alone) {
    close(ends[1]);
    relay(ends[0], number);
  }
  int status = 0;
  if (id < 0 || wait(id, &status) != id) return 1;
  print("HVLAB instance=%ld memory=%ld\n", long{number} + 1, most_memory());
  return status == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  int at = 1;
  const bool contained = at < count && is(words[at], "--contain");
  if (contained) ++at;
  uint32_t address = 0;
  if (contained && at + 1 < count && is(words[at], "--address")) {
    address = parse_address(words[at + 1]);
    if (address == 0) return usage();
    at += 2;
  }
  const long flags = address != 0 ? kOwnNetwork : contained ? 0 : kSameNumbers;
  const int all = read_instances(words, at, count);
  if (all < 0) return usage();
  print("HVLAB launch\n");
  for (int number = 0; number < all; ++number) {
    const long id = fork();
    const Place place{contained, flags, address == 0 ? 0 : address + static_cast<uint32_t>(number)};
    if (id == 0) exit(run_one(instances[number], number, all == 1, place));
    if (id < 0) return 1;
  }
  bool all_well = true;
  int status = 0;
  while (wait(-1, &status) > 0) all_well = all_well && status == 0;
  call(162);  // sync
  return all_well ? 0 : 1;
}
