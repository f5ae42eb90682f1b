// mount [--format] DEVICE FOLDER: puts a disk's files over a folder; --format makes an empty file system
// first. mount --bind SOURCE TARGET, --bind-to-read: what is at one path is seen at another too. mount --off
// PATH: takes away what is over it.
#include "hv-models/user/library/calls.hpp"
#include "hv-models/user/library/text.hpp"

using namespace user;

int main(int count, char** words) {
  const bool format = count == 4 && strcmp(words[1], "--format") == 0;
  const bool off = count == 3 && strcmp(words[1], "--off") == 0;
  const bool reads = count == 4 && strcmp(words[1], "--bind-to-read") == 0;
  if (reads || (count == 4 && strcmp(words[1], "--bind") == 0)) {
    const long result = bind(words[2], words[3], !reads);
    if (result < 0) print("mount: error %ld\n", result);
    return result < 0 ? 1 : 0;
  }
  if (!off && count != (format ? 4 : 3)) {
    print(
        "usage: mount [--format] DEVICE FOLDER, mount --bind[-to-read] SOURCE TARGET, or mount --off PATH\n");
    return 2;
  }
  const long result =
      off ? unmount(words[2]) : mount(words[count - 2], words[count - 1], "checked", format ? "format" : "");
  if (result < 0) print("mount: error %ld\n", result);
  return result < 0 ? 1 : 0;
}
