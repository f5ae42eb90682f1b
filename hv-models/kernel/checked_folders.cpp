// Folders: files of entries.
#include "hv-models/kernel/checked_files.hpp"
#include "hv-models/kernel/error.hpp"

namespace hvlab::kernel::checked {
namespace {

bool same(const char* left, const char* right) {
  while (*left != 0 && *left == *right) ++left, ++right;
  return *left == *right;
}

// False if it is too long, or none.
bool set_name(Entry& entry, const char* name) {
  size_t i = 0;
  for (; name[i] != 0; ++i) {
    if (i + 1 == sizeof entry.name) return false;
    entry.name[i] = name[i];
  }
  return i > 0;
}

}  // namespace

// The first entry whose node is 0, else the folder's end.
int CheckedFiles::find_free_place(u32 folder, u64& place) {
  Entry entry;
  for (place = 0;; place += sizeof entry) {
    const i64 got = read(folder, place, &entry, sizeof entry);
    if (got < 0) return static_cast<int>(got);
    if (got == 0 || entry.node == 0) return 0;
  }
}

int CheckedFiles::find_entry(u32 folder, const char* name, u64& place, Entry& entry) {
  for (place = 0;; place += sizeof entry) {
    const i64 got = read(folder, place, &entry, sizeof entry);
    if (got < 0) return static_cast<int>(got);
    if (got != sizeof entry) return kNoEntry;
    entry.name[sizeof entry.name - 1] = 0;
    if (entry.node != 0 && same(entry.name, name)) return 0;
  }
}

int CheckedFiles::look_up(u32 folder, const char* name, u32& found) {
  u64 place = 0;
  Entry entry;
  const int result = find_entry(folder, name, place, entry);
  if (result == 0) found = entry.node;
  return result;
}

int CheckedFiles::create(u32 folder, const char* name, Kind kind, u32& made) {
  u64 place = 0;
  Entry entry{};
  int result = find_entry(folder, name, place, entry);
  if (result != kNoEntry) return result < 0 ? result : int{kExists};
  entry = {};
  if (!set_name(entry, name)) return kNameTooLong;
  result = find_free_place(folder, place);
  if (result == 0) result = new_node(kind, made);
  if (result < 0) return result;
  entry.node = made;
  const i64 put = write(folder, place, &entry, sizeof entry);
  if (put == sizeof entry) return 0;
  free_node(made);
  return put < 0 ? static_cast<int>(put) : int{kNoSpace};
}

int CheckedFiles::remove(u32 folder, const char* name, Kind kind, u32& removed) {
  u64 place = 0;
  Entry entry, any;
  DiskNode node;
  int result = find_entry(folder, name, place, entry);
  if (result == 0) result = read_node(entry.node, node);
  if (result < 0) return result;
  if (node.kind != kind) return node.kind == Kind::Folder ? kIsFolder : kNotFolder;
  if (kind == Kind::Folder && this->entry(entry.node, 0, any) == 0) return kNotEmpty;
  removed = entry.node;
  const Entry none{};
  const i64 put = write(folder, place, &none, sizeof none);
  return put < 0 ? static_cast<int>(put) : 0;
}

int CheckedFiles::entry(u32 folder, u64 index, Entry& to) {
  for (u64 place = 0;; place += sizeof to) {
    const i64 got = read(folder, place, &to, sizeof to);
    if (got < 0) return static_cast<int>(got);
    if (got != sizeof to) return kNoEntry;
    to.name[sizeof to.name - 1] = 0;
    if (to.node != 0 && index-- == 0) return 0;
  }
}

}  // namespace hvlab::kernel::checked
