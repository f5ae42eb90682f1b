// Calls with a path.
#include "hv-models/kernel/checked_mount.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/mounts.hpp"
#include "hv-models/kernel/process.hpp"
#include "hv-models/kernel/system_calls.hpp"

namespace hvlab::kernel {
namespace {

// O_*
constexpr u64 kAccessMask = 3, kWriteOnly = 1, kReadWrite = 2, kCreate = 0100, kExclusive = 0200,
              kTruncate = 01000, kAppend = 02000, kFolderOnly = 0200000, kCloseOnExec = 02000000;
constexpr u64 kMountReadOnly = 1, kBind = 0x1000;  // MS_*
constexpr int kHere = -100;                        // AT_FDCWD

int copy_path(const Arguments& c, u64 from, char (&path)[kLongestPath]) {
  return c.process.space->copy_in_text(path, from, sizeof path);
}

int find_argument(const Arguments& c, u64 from, Ref<Node>& node) {
  char path[kLongestPath];
  const int result = copy_path(c, from, path);
  return result < 0 ? result : find(place_of(c.process), path, node);
}

int find_or_create(const Arguments& c, const char* path, u64 flags, Ref<Node>& node) {
  int result = find(place_of(c.process), path, node);
  if (result == 0) return (flags & kCreate) != 0 && (flags & kExclusive) != 0 ? int{kExists} : 0;
  if (result != kNoEntry || (flags & kCreate) == 0) return result;
  Ref<Node> folder;
  char name[kLongestName + 1];
  result = find_parent(place_of(c.process), path, folder, name);
  if (result == 0) result = folder->create(name, NodeKind::File, node);
  return result == kExists && (flags & kExclusive) == 0 ? find(place_of(c.process), path, node) : result;
}

i64 open_path(const Arguments& c, u64 path_at, u64 flags) {
  char path[kLongestPath];
  int result = copy_path(c, path_at, path);
  Ref<Node> node;
  if (result == 0) result = find_or_create(c, path, flags, node);
  if (result < 0) return result;
  const u64 access = flags & kAccessMask;
  const bool folder = node->kind == NodeKind::Folder;
  if (folder && (access != 0 || (flags & kCreate) != 0)) return kIsFolder;
  if (!folder && (flags & kFolderOnly) != 0) return kNotFolder;
  if ((flags & kTruncate) != 0 && access != 0 && node->kind == NodeKind::File) result = node->truncate();
  if (result < 0) return result;
  Ref<OpenFile> file;
  if (result = node->open(file); result < 0) return result;
  if (!file) {
    file = Ref<OpenFile>::take(new (std::nothrow) NodeFile(
        node, access != kWriteOnly, access == kWriteOnly || access == kReadWrite, (flags & kAppend) != 0));
  }
  return file ? c.process.files.add(file, (flags & kCloseOnExec) != 0) : int{kNoMemory};
}

struct Status {  // struct stat
  u64 device, number, links;
  u32 mode, user, group, unused;
  u64 special_device;
  i64 size, block_bytes, blocks;
  u64 times[6];
  i64 reserved[3];
};
static_assert(sizeof(Status) == 144);

i64 put_status(const Arguments& c, u64 to, Node* node) {
  constexpr u32 kModes[] = {0100755, 0040755, 0020666, 0060660};  // by NodeKind
  Status status{};
  status.links = 1;
  status.block_bytes = kPageBytes;
  status.mode = 0010600;  // a pipe or socket
  if (node != nullptr) {
    status.number = node->number();
    status.mode = kModes[static_cast<unsigned>(node->kind)];
    status.size = static_cast<i64>(node->size());
    status.blocks = (status.size + 511) / 512;
  }
  return c.process.space->copy_out(to, &status, sizeof status);
}

i64 remove_path(const Arguments& c, NodeKind kind) {
  char path[kLongestPath], name[kLongestName + 1];
  Ref<Node> folder;
  int result = copy_path(c, c.a[0], path);
  if (result == 0) result = find_parent(place_of(c.process), path, folder, name);
  return result == 0 ? folder->remove(name, kind) : result;
}

}  // namespace

i64 call_open(const Arguments& c) { return open_path(c, c.a[0], c.a[1]); }
i64 call_openat(const Arguments& c) {
  return c.number(0) == kHere ? open_path(c, c.a[1], c.a[2]) : i64{kNotSupported};
}

i64 call_stat(const Arguments& c) {
  Ref<Node> node;
  const int result = find_argument(c, c.a[0], node);
  return result < 0 ? result : put_status(c, c.a[1], node.get());
}

i64 call_fstat(const Arguments& c) {
  const Ref<OpenFile> file = c.process.files.get(c.number(0));
  if (!file) return kBadFile;
  if (!file->is_terminal()) return put_status(c, c.a[1], file->node());
  Ref<Node> console;
  const int result = find(place_of(c.process), "/dev/console", console);
  return result < 0 ? result : put_status(c, c.a[1], console.get());
}

// newfstatat(folder, path, status, flags)
i64 call_newfstatat(const Arguments& c) {
  constexpr u64 kEmptyPath = 0x1000;
  char first = 0;
  if ((c.a[3] & kEmptyPath) != 0 && c.process.space->copy_in(&first, c.a[1], 1) == 0 && first == 0) {
    return call_fstat({{c.a[0], c.a[2], 0, 0, 0, 0}, c.frame, c.process});
  }
  if (c.number(0) != kHere) return kNotSupported;
  return call_stat({{c.a[1], c.a[2], 0, 0, 0, 0}, c.frame, c.process});
}

i64 call_mkdir(const Arguments& c) {
  char path[kLongestPath], name[kLongestName + 1];
  Ref<Node> folder, made;
  int result = copy_path(c, c.a[0], path);
  if (result == 0) result = find_parent(place_of(c.process), path, folder, name);
  return result == 0 ? folder->create(name, NodeKind::Folder, made) : result;
}

i64 call_rmdir(const Arguments& c) { return remove_path(c, NodeKind::Folder); }
i64 call_unlink(const Arguments& c) { return remove_path(c, NodeKind::File); }

i64 call_chdir(const Arguments& c) {
  char path[kLongestPath], absolute[kLongestPath];
  Ref<Node> node;
  Place place = place_of(c.process);
  int result = copy_path(c, c.a[0], path);
  if (result == 0) result = find(place, path, node);
  if (result == 0 && node->kind != NodeKind::Folder) result = kNotFolder;
  if (result == 0) result = make_absolute(place, path, absolute);
  if (result < 0) return result;
  memcpy(place.folder, absolute, sizeof absolute);
  set_place(c.process, place);
  return 0;
}

i64 call_chroot(const Arguments& c) {
  Ref<Node> node;
  const int result = find_argument(c, c.a[0], node);
  if (result < 0) return result;
  if (node->kind != NodeKind::Folder) return kNotFolder;
  set_place(c.process, {node, "/"});
  return 0;
}

i64 call_getcwd(const Arguments& c) {
  const Place place = place_of(c.process);
  const size_t bytes = strlen(place.folder) + 1;
  if (bytes > c.a[1]) return kInvalid;
  const int result = c.process.space->copy_out(c.a[0], place.folder, bytes);
  return result < 0 ? result : static_cast<i64>(bytes);
}

// Entries as struct linux_dirent64: number, position of the next, length, type, name.
i64 call_getdents64(const Arguments& c) {
  constexpr size_t kFixed = 19;
  constexpr u8 kTypes[] = {8, 4, 2, 6};  // DT_*, by NodeKind
  const Ref<OpenFile> file = c.process.files.get(c.number(0));
  if (!file || file->node() == nullptr) return kBadFile;
  if (file->node()->kind != NodeKind::Folder) return kNotFolder;
  NodeFile& folder = static_cast<NodeFile&>(*file);
  size_t done = 0;
  for (;;) {
    FolderEntry entry;
    const int result = folder.node()->entry(folder.position(), entry);
    if (result == kNoEntry) return static_cast<i64>(done);
    if (result < 0) return result;
    u8 record[96] = {};
    const u16 bytes = static_cast<u16>(align_up(kFixed + strlen(entry.name) + 1, 8));
    if (done + bytes > c.a[2]) return done > 0 ? static_cast<i64>(done) : i64{kInvalid};
    const u64 next = folder.position() + 1;
    memcpy(record, &entry.number, 8);
    memcpy(record + 8, &next, 8);
    memcpy(record + 16, &bytes, 2);
    record[18] = kTypes[static_cast<unsigned>(entry.kind)];
    memcpy(record + kFixed, entry.name, strlen(entry.name));
    if (c.process.space->copy_out(c.a[1] + done, record, bytes) < 0) return kFault;
    folder.set_position(next);
    done += bytes;
  }
}

// mount(device, folder, type, flags, options): type "checked"; option "format" makes an empty file system
// first.
i64 call_mount(const Arguments& c) {
  char type[16], options[16] = "";
  Ref<Node> source, at;
  if (c.process.container->parent) return kNotPermitted;  // not for containers: devices are the system's
  int result = find_argument(c, c.a[0], source);
  if (result == 0) result = find_argument(c, c.a[1], at);
  if (result == 0 && (c.a[3] & kBind) != 0) return bind(source, at, (c.a[3] & kMountReadOnly) != 0);
  if (result == 0) result = c.process.space->copy_in_text(type, c.a[2], sizeof type);
  if (result == 0 && c.a[4] != 0) result = c.process.space->copy_in_text(options, c.a[4], sizeof options);
  if (result < 0) return result;
  if (at->is_read_only()) return kReadOnly;
  if (strcmp(type, "checked") != 0) return kNoDevice;
  if (strcmp(options, "format") == 0) result = format_checked(*source);
  return result < 0 ? result : mount_checked(source, at);
}

i64 call_umount2(const Arguments& c) {
  char path[kLongestPath];
  Ref<Node> covered;
  if (c.process.container->parent) return kNotPermitted;
  int result = copy_path(c, c.a[0], path);
  if (result == 0) result = find_covered(place_of(c.process), path, covered);
  if (result < 0) return result;
  result = unbind(covered);
  return result == kInvalid ? unmount_checked(covered) : result;
}

i64 call_sync(const Arguments&) { return sync_all(); }

}  // namespace hvlab::kernel
