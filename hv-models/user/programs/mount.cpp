// mount [--format] DEVICE FOLDER: puts a disk's files over a folder; --format makes an empty file system
// first. mount --off FOLDER: takes them away.
#include "hv-models/user/library/calls.hpp"
#include "hv-models/user/library/text.hpp"

using namespace user;

int main(int count, char** words) {
  const bool format = count == 4 && strcmp(words[1], "--format") == 0;
  const bool off = count == 3 && strcmp(words[1], "--off") == 0;
  if (!off && count != (format ? 4 : 3)) {
    print("usage: mount [--format] DEVICE FOLDER, or mount --off FOLDER\n");
    return 2;
  }
  const long result =
      off ? unmount(words[2]) : mount(words[count - 2], words[count - 1], "checked", format ? "format" : "");
  if (result < 0) print("mount: error %ld\n", result);
  return result < 0 ? 1 : 0;
}
