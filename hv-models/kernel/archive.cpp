#include "hv-models/kernel/archive.hpp"

#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/path.hpp"
#include "hv-models/runtime/boot_information.hpp"
#include "hv-models/runtime/panic.hpp"

namespace hvlab::kernel {
namespace {

// The folders above `path` first: not every archive lists them.
void make_folders_above(const char* path) {
  char folder[kLongestPath];
  for (size_t i = 0; path[i] != 0 && i + 1 < sizeof folder; ++i) {
    folder[i] = path[i];
    folder[i + 1] = 0;
    Ref<Node> made;
    if (path[i] == '/' && i > 0 && make_node(folder, NodeKind::Folder, made) < 0)
      runtime::panic("cannot make %s", folder);
  }
}

void unpack(const ArchiveEntry& entry) {
  char path[kLongestPath] = "/";
  memcpy(path + 1, entry.name, sizeof entry.name);
  make_folders_above(path);
  Ref<Node> node;
  int result = make_node(path, entry.folder ? NodeKind::Folder : NodeKind::File, node);
  if (result == 0 && !entry.folder &&
      node->write_at(0, entry.bytes, entry.size) != static_cast<i64>(entry.size)) {
    result = kNoMemory;
  }
  if (result < 0) runtime::panic("archive: %s: error %d", path, result);
}

}  // namespace

void unpack_archive() {
  const runtime::BootInformation& boot = runtime::boot_information();
  if (boot.module_count == 0) return;
  ArchiveReader reader(direct<const u8>(boot.modules[0].address), boot.modules[0].bytes);
  ArchiveEntry entry;
  while (reader.next(entry)) unpack(entry);
  if (reader.damaged()) runtime::panic("the initial archive is damaged or no tar archive");
}

}  // namespace hvlab::kernel
