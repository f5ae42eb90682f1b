// files FOLDER [check]: makes folders and files of many sizes below FOLDER and checks every byte; with
// "check" only checks what an earlier run with "keep" left there. files FOLDER keep: leaves them.
#include "hv-models/user/library/calls.hpp"
#include "hv-models/user/library/text.hpp"

using namespace user;

namespace {

constexpr size_t kSizes[] = {0, 1, 63, 512, 4095, 4096, 4097, 40'960, 40'961, 65'536, 100'000, 500'000};
constexpr unsigned kFiles = sizeof kSizes / sizeof kSizes[0];
unsigned char buffer[10'000], expected[10'000];

int fail(const char* what, const char* path, long result) {
  print("files: %s %s: %ld\n", what, path, result);
  return 1;
}

void join(char* to, const char* folder, const char* name, unsigned number) {
  size_t length = strlen(folder);
  memcpy(to, folder, length);
  to[length++] = '/';
  memcpy(to + length, name, strlen(name));
  length += strlen(name);
  to[length++] = static_cast<char>('a' + number);
  to[length] = 0;
}

void fill(unsigned char* to, size_t bytes, uint64_t& state) {
  for (size_t i = 0; i < bytes; ++i) to[i] = static_cast<unsigned char>(next_random(state) >> 24);
}

int write_file(const char* path, unsigned number) {
  const long file = open(path, kReadWrite | kCreate | kTruncate);
  if (file < 0) return fail("open", path, file);
  uint64_t state = number + 1;
  for (size_t at = 0; at < kSizes[number]; at += sizeof buffer) {
    const size_t bytes = kSizes[number] - at < sizeof buffer ? kSizes[number] - at : sizeof buffer;
    fill(buffer, bytes, state);
    const long put = write(static_cast<int>(file), buffer, bytes);
    if (put != static_cast<long>(bytes)) return fail("write", path, put);
  }
  const long synced = fsync(static_cast<int>(file));
  close(static_cast<int>(file));
  return synced < 0 ? fail("fsync", path, synced) : 0;
}

int check_file(const char* path, unsigned number) {
  const long file = open(path, kReadOnly);
  if (file < 0) return fail("open", path, file);
  uint64_t state = number + 1;
  for (size_t at = 0;;) {
    const long got = read(static_cast<int>(file), buffer, sizeof buffer);
    if (got < 0) return fail("read", path, got);
    if (got == 0) {
      close(static_cast<int>(file));
      return at == kSizes[number] ? 0 : fail("size of", path, static_cast<long>(at));
    }
    fill(expected, static_cast<size_t>(got), state);
    if (memcmp(buffer, expected, static_cast<size_t>(got)) != 0)
      return fail("contents of", path, static_cast<long>(at));
    at += static_cast<size_t>(got);
  }
}

bool is(int count, char** words, const char* what) { return count > 2 && strcmp(words[2], what) == 0; }

}  // namespace

int main(int count, char** words) {
  if (count < 2 || strlen(words[1]) > 100) return 2;
  char folder[128], path[160];
  join(folder, words[1], "folder-", 0);
  const bool only_check = is(count, words, "check");
  const long made = only_check ? 0 : mkdir(folder);
  if (made < 0) return fail("mkdir", folder, made);
  for (unsigned i = 0; i < kFiles && !only_check; ++i) {
    join(path, folder, "file-", i);
    if (write_file(path, i) != 0) return 1;
  }
  for (unsigned i = 0; i < kFiles; ++i) {
    join(path, folder, "file-", i);
    if (check_file(path, i) != 0) return 1;
  }
  if (!is(count, words, "keep")) {
    if (rmdir(folder) != -39) return fail("rmdir of a full folder", folder, 0);
    for (unsigned i = 0; i < kFiles; ++i) {
      join(path, folder, "file-", i);
      if (const long gone = unlink(path); gone < 0) return fail("unlink", path, gone);
    }
    if (const long gone = rmdir(folder); gone < 0) return fail("rmdir", folder, gone);
  }
  print("files: %ld checked in %s\n", static_cast<long>(kFiles), words[1]);
  return 0;
}
