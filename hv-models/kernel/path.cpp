#include "hv-models/kernel/path.hpp"

#include "hv-models/kernel/mounts.hpp"
#include "hv-models/runtime/memory_functions.hpp"

namespace hvlab::kernel {
namespace {

// Appends the names of `path` to `to`, which has `length` characters: an absolute path without a '/' at its
// end.
int append_names(char* to, size_t& length, const char* path) {
  while (*path != 0) {
    const char* end = path;
    while (*end != 0 && *end != '/') ++end;
    const size_t name = static_cast<size_t>(end - path);
    if (name == 2 && path[0] == '.' && path[1] == '.') {
      while (length > 0) {
        if (to[--length] == '/') break;
      }
    } else if (name > 0 && !(name == 1 && path[0] == '.')) {
      if (length + 1 + name + 1 > kLongestPath) return kNameTooLong;
      to[length++] = '/';
      memcpy(to + length, path, name);
      length += name;
    }
    path = *end == 0 ? end : end + 1;
  }
  return 0;
}

// The next name of an absolute path, copied; `path` moves behind it. 0 at the end.
int next_name(const char*& path, char (&name)[kLongestName + 1]) {
  while (*path == '/') ++path;
  size_t length = 0;
  for (; *path != 0 && *path != '/'; ++path) {
    if (length == kLongestName) return kNameTooLong;
    name[length++] = *path;
  }
  name[length] = 0;
  return static_cast<int>(length);
}

Ref<Node> top_of(const Ref<Node>& covered) {
  Ref<Node> node = covered;
  while (const Ref<Node> above = over(*node)) node = above;
  return node;
}

}  // namespace

Ref<Node>& root_folder() {
  static Ref<Node> root;
  return root;
}

int make_absolute(const Place& from, const char* path, char (&to)[kLongestPath]) {
  if (*path == 0) return kNoEntry;
  size_t length = 0;
  int result = *path == '/' ? 0 : append_names(to, length, from.folder);
  if (result == 0) result = append_names(to, length, path);
  if (length == 0) to[length++] = '/';
  to[length] = 0;
  return result;
}

int find(const Place& from, const char* path, Ref<Node>& found) {
  char absolute[kLongestPath], name[kLongestName + 1];
  if (const int result = make_absolute(from, path, absolute); result < 0) return result;
  Ref<Node> at = top_of(from.root);
  const char* rest = absolute;
  for (;;) {
    const int length = next_name(rest, name);
    if (length < 0) return length;
    if (length == 0) break;
    Ref<Node> next;
    if (const int result = at->look_up(name, next); result < 0) return result;
    at = top_of(next);
  }
  found = at;
  return 0;
}

int find_parent(const Place& from, const char* path, Ref<Node>& folder, char (&name)[kLongestName + 1]) {
  char absolute[kLongestPath];
  if (const int result = make_absolute(from, path, absolute); result < 0) return result;
  char* last = absolute + strlen(absolute);
  while (*last != '/') --last;
  const char* rest = last;
  const int length = next_name(rest, name);
  if (length <= 0) return length < 0 ? length : int{kExists};
  *last = 0;
  const Place root{from.root, "/"};
  return find(root, last == absolute ? "/" : absolute, folder);
}

int find_covered(const Place& from, const char* path, Ref<Node>& covered) {
  Ref<Node> folder;
  char name[kLongestName + 1];
  int result = find_parent(from, path, folder, name);
  if (result == 0) result = folder->look_up(name, covered);
  if (result < 0) return result;
  Ref<Node> above = over(*covered);
  if (!above) return kInvalid;
  for (Ref<Node> next = over(*above); next; next = over(*above)) {
    covered = above;
    above = next;
  }
  return 0;
}

int make_node(const char* path, NodeKind kind, Ref<Node>& made) {
  const Place place{root_folder(), "/"};
  Ref<Node> folder;
  char name[kLongestName + 1];
  int result = find_parent(place, path, folder, name);
  if (result < 0) return result;
  result = folder->create(name, kind, made);
  return result == kExists ? find(place, path, made) : result;
}

}  // namespace hvlab::kernel
