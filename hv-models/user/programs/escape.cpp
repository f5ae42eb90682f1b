// escape [limits]: tries to get out of the container that it runs in (as `launch --contain` makes them: with
// a root of its own), or past its limits by containers inside it. Says what it could do and should not.

#include "hv-models/kernel/vm_abi.hpp"
#include "hv-models/user/library/calls.hpp"
#include "hv-models/user/library/text.hpp"

using namespace user;

namespace {

constexpr long kNoEntry = -2, kNoProcess = -3, kNoChild = -10;

unsigned escapes = 0;

void expect(const char* what, long result, long wanted) {
  if (result == wanted) return;
  print("escape: %s gave %ld and NOT %ld\n", what, result, wanted);
  ++escapes;
}
void expect_refused(const char* what, long result) {
  if (result < 0) return;
  print("escape: %s gave %ld and was NOT refused\n", what, result);
  ++escapes;
}

// Whatever it is put behind: up, and down again.
constexpr const char* kWaysUp[] = {
    "", "/..", "/../../../..", "/tmp/../..", "/bin/../../..", "/proc/self/../../..", ".."};
constexpr const char* kOutside[] = {"/dev/disk0", "/dev/disk1", "/dev/vm",      "/dev/tap1",
                                    "/dev/tap2",  "/dev/steal", "/dev/console", "/mnt",
                                    "/guest",     "/instances", "/tmp/files-0"};

void try_paths(const char* when) {
  char path[200];
  for (const char* up : kWaysUp) {
    for (const char* outside : kOutside) {
      const size_t first = strlen(up), second = strlen(outside);
      memcpy(path, up, first);
      memcpy(path + first, outside, second);
      path[first + second] = 0;
      expect(path, open(path, kReadOnly), kNoEntry);
      expect(when, open(path, kReadWrite), kNoEntry);
    }
  }
}

// Roots inside the root, with the folder where it was before left outside them.
void try_roots() {
  mkdir("/tmp/inner");
  expect("chdir", call(80, to_word("/tmp")), 0);
  expect("chroot", chroot("/tmp/inner"), 0);
  try_paths("after chroot");
  expect("the program's folder, from a root inside", open("../../bin/init", kReadOnly), kNoEntry);
  expect("chroot to what is above", chroot("../../.."), 0);
  expect("the program's folder, from above", open("/bin/init", kReadOnly), kNoEntry);
  try_paths("after chroot up");
}

void try_shared_files() {
  const long program = open("/bin/init", kReadWrite);
  expect_refused("writing a program of all", program < 0 ? program : write(static_cast<int>(program), "", 1));
  expect_refused("emptying one", open("/bin/init", kReadWrite | kTruncate));
  expect_refused("removing one", unlink("/bin/init"));
  expect_refused("a file beside them", open("/bin/evil", kReadWrite | kCreate));
  expect_refused("a folder beside them", mkdir("/bin/evil"));
  expect_refused("removing their folder", rmdir("/bin"));
  expect_refused("mounting", mount("/dev/null", "/tmp", "checked", ""));
  expect_refused("mounting and making", mount("/dev/disk0", "/tmp", "checked", "format"));
  expect_refused("binding", bind("/bin", "/tmp", false));
  expect_refused("unmounting", unmount("/bin"));
  expect_refused("unmounting the root", unmount("/"));
}

// It is number 1; its parent and its neighbours have no number here.
void try_processes() {
  expect("its number", getpid(), 1);
  expect("its parent", call(110), 0);
  for (long id = -70; id < 300; ++id) {
    if (id == 1) continue;
    expect("ending another process", kill(id, 9), kNoProcess);
    expect("asking for one", kill(id, 0), kNoProcess);
  }
  for (long id = -1; id < 4; ++id) expect("waiting for another's child", wait(id, nullptr), kNoChild);
}

void try_machines() {
  for (long file = 0; file < 20; ++file) {
    for (long number = hvlab::kernel::kVmMake; number <= hvlab::kernel::kVmAttach; ++number)
      expect_refused("a call of /dev/vm's", call(number, file, 0, 0x10000, 0x20000));
  }
}

// Containers inside, without limits or with the largest weight, are inside all the same.
int try_limits() {
  Limits none;
  none.weight = 1'000'000;
  expect("a container inside", contain(none, 0), 0);
  int ends[2];
  if (pipe(ends) < 0) return 1;
  long made = 0;
  for (char byte; made < 50; ++made) {
    const long id = fork();
    if (id < 0) break;
    if (id != 0) continue;
    close(ends[1]);
    read(ends[0], &byte, 1);
    exit(0);
  }
  print("escape: %ld processes\n", made);
  return 0;  // as number 1, which takes them with it
}

}  // namespace

int main(int count, char** words) {
  if (count > 1 && strcmp(words[1], "limits") == 0) return try_limits();
  try_paths("by path");
  try_shared_files();
  try_processes();
  try_machines();
  try_roots();
  if (escapes == 0) print("escape: none\n");
  return escapes == 0 ? 0 : 1;
}
