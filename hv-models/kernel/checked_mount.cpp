#include "hv-models/kernel/checked_mount.hpp"

#include "hv-models/kernel/checked_files.hpp"
#include "hv-models/kernel/disk.hpp"
#include "hv-models/kernel/list.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/mounts.hpp"
#include "hv-models/kernel/mutex.hpp"

namespace hvlab::kernel {
namespace {

using checked::CheckedFiles;
using checked::Kind;
using runtime::Hold;

class DiskStore final : public checked::BlockStore {
 public:
  explicit DiskStore(Disk& disk) : disk_(disk) {}
  u32 blocks() const override {
    constexpr u64 kMost = 0xffff'ffff;
    const u64 count = disk_.sectors() / kSectors;
    return static_cast<u32>(count < kMost ? count : kMost);
  }
  int read(u32 block, void* to) override {
    return disk_.transfer(DiskRequest::Kind::Read, u64{block} * kSectors, kSectors, to);
  }
  int write(u32 block, const void* from) override {
    return disk_.transfer(DiskRequest::Kind::Write, u64{block} * kSectors, kSectors, const_cast<void*>(from));
  }
  int flush() override { return disk_.flush(); }

 private:
  static constexpr u32 kSectors = checked::kBlockBytes / kSectorBytes;
  Disk& disk_;
};

class CheckedNode;
struct ActiveTag {};
struct MountTag {};

struct Mount : Counted, Link<MountTag> {
  explicit Mount(Disk& disk) : store(disk), files(store) {}
  Mutex mutex;  // of all below
  DiskStore store;
  CheckedFiles files;
  List<CheckedNode, ActiveTag> active;  // nodes that somebody holds
  Ref<Node> device, covered;
};

Mutex mounts_mutex;
List<Mount, MountTag> mounts;

class CheckedNode final : public Node, public Link<ActiveTag> {
 public:
  CheckedNode(const Ref<Mount>& mount, u32 number, NodeKind kind_of_node)
      : Node(kind_of_node), mount_(mount), number_(number) {}
  ~CheckedNode() override;
  u64 number() const override { return number_; }
  u64 size() override;
  i64 read_at(u64 offset, void* to, size_t bytes) override;
  i64 write_at(u64 offset, const void* from, size_t bytes) override;
  int truncate() override;
  int sync() override;
  int look_up(const char* name, Ref<Node>& found) override;
  int create(const char* name, NodeKind wanted, Ref<Node>& made) override;
  int remove(const char* name, NodeKind wanted) override;
  int entry(u64 index, FolderEntry& to) override;
  const Ref<Mount>& mount() { return mount_; }
  bool orphan = false;  // no folder has it: gone with its last user

 private:
  Ref<Mount> mount_;
  const u32 number_;
};

// Mutex held: the node with that number, one for all who use it.
Ref<Node> activate(const Ref<Mount>& mount, u32 number, NodeKind kind) {
  for (CheckedNode* n = mount->active.front(); n != nullptr; n = mount->active.after(*n)) {
    if (n->number() == number && n->keep_if_used()) return Ref<Node>::take(n);
  }
  CheckedNode* node = new (std::nothrow) CheckedNode(mount, number, kind);
  if (node != nullptr) mount->active.push_back(*node);
  return Ref<Node>::take(node);
}

CheckedNode::~CheckedNode() {
  const Hold hold(mount_->mutex);
  mount_->active.remove(*this);
  if (orphan) mount_->files.free_node(number_);
}

u64 CheckedNode::size() {
  const Hold hold(mount_->mutex);
  checked::DiskNode node;
  return mount_->files.read_node(number_, node) < 0 ? 0 : node.size;
}

i64 CheckedNode::read_at(u64 offset, void* to, size_t bytes) {
  if (kind == NodeKind::Folder) return kIsFolder;
  const Hold hold(mount_->mutex);
  return mount_->files.read(number_, offset, to, bytes);
}

i64 CheckedNode::write_at(u64 offset, const void* from, size_t bytes) {
  if (kind == NodeKind::Folder) return kIsFolder;
  const Hold hold(mount_->mutex);
  return mount_->files.write(number_, offset, from, bytes);
}

int CheckedNode::truncate() {
  const Hold hold(mount_->mutex);
  return mount_->files.truncate(number_);
}

int CheckedNode::sync() {
  const Hold hold(mount_->mutex);
  return mount_->files.sync();
}

int CheckedNode::look_up(const char* name, Ref<Node>& found) {
  if (kind != NodeKind::Folder) return kNotFolder;
  Ref<Node> result;  // handed over without the mutex: what `found` held may be a node of ours
  {
    const Hold hold(mount_->mutex);
    u32 number = 0;
    checked::DiskNode node;
    int error = mount_->files.look_up(number_, name, number);
    if (error == 0) error = mount_->files.read_node(number, node);
    if (error < 0) return error;
    result = activate(mount_, number, node.kind == Kind::Folder ? NodeKind::Folder : NodeKind::File);
  }
  found = result;
  return result ? 0 : int{kNoMemory};
}

int CheckedNode::create(const char* name, NodeKind wanted, Ref<Node>& made) {
  if (kind != NodeKind::Folder) return kNotFolder;
  Ref<Node> result;
  {
    const Hold hold(mount_->mutex);
    u32 number = 0;
    const int error =
        mount_->files.create(number_, name, wanted == NodeKind::Folder ? Kind::Folder : Kind::File, number);
    if (error < 0) return error;
    result = activate(mount_, number, wanted);
  }
  made = result;
  return result ? 0 : int{kNoMemory};
}

int CheckedNode::remove(const char* name, NodeKind wanted) {
  if (kind != NodeKind::Folder) return kNotFolder;
  Ref<Node> there;
  if (look_up(name, there) == 0 && over(*there)) return kBusy;
  const Hold hold(mount_->mutex);
  u32 number = 0;
  const int error =
      mount_->files.remove(number_, name, wanted == NodeKind::Folder ? Kind::Folder : Kind::File, number);
  if (error < 0) return error;
  for (CheckedNode* n = mount_->active.front(); n != nullptr; n = mount_->active.after(*n)) {
    if (n->number() != number) continue;
    n->orphan = true;  // its destructor, which needs the mutex, is still to come
    return 0;
  }
  return mount_->files.free_node(number);
}

int CheckedNode::entry(u64 index, FolderEntry& to) {
  if (kind != NodeKind::Folder) return kNotFolder;
  const Hold hold(mount_->mutex);
  checked::Entry found;
  checked::DiskNode node;
  int error = mount_->files.entry(number_, index, found);
  if (error == 0) error = mount_->files.read_node(found.node, node);
  if (error < 0) return error;
  memcpy(to.name, found.name, sizeof to.name);
  to.number = found.node;
  to.kind = node.kind == Kind::Folder ? NodeKind::Folder : NodeKind::File;
  return 0;
}

}  // namespace

int format_checked(Node& device) {
  Disk* disk = disk_of(device);
  if (disk == nullptr) return kNoDevice;
  DiskStore store(*disk);
  return CheckedFiles::format(store);
}

int mount_checked(const Ref<Node>& device, const Ref<Node>& folder) {
  Disk* disk = disk_of(*device);
  if (disk == nullptr) return kNoDevice;
  if (folder->kind != NodeKind::Folder) return kNotFolder;
  const Hold hold(mounts_mutex);
  for (Mount* m = mounts.front(); m != nullptr; m = mounts.after(*m)) {
    if (m->device.get() == device.get()) return kBusy;  // two would not see each other's changes
  }
  const Ref<Mount> mount = Ref<Mount>::take(new (std::nothrow) Mount(*disk));
  if (!mount) return kNoMemory;
  if (const int result = mount->files.mount(); result < 0) return result;
  Ref<Node> root;
  {
    const Hold hold_mount(mount->mutex);
    root = activate(mount, checked::kRootNode, NodeKind::Folder);
  }
  if (!root) return kNoMemory;
  mount->device = device;
  mount->covered = folder;
  mounts.push_back(*mount);
  put_over(*folder, root);
  return 0;
}

int unmount_checked(const Ref<Node>& covered) {
  const Hold hold(mounts_mutex);
  for (Mount* m = mounts.front(); m != nullptr; m = mounts.after(*m)) {
    if (m->covered.get() != covered.get()) continue;
    const Ref<Mount> mount = Ref<Mount>::share(m);  // lives until this function ends
    {
      const Hold hold_mount(m->mutex);
      CheckedNode* first = m->active.front();
      // The root is held by what it is over; by another if it is bound elsewhere, or open.
      if (first != nullptr && (m->active.after(*first) != nullptr || first->is_shared())) return kBusy;
      if (const int result = m->files.sync(); result < 0) return result;
    }
    mounts.remove(*m);
    put_over(*m->covered, {});
    m->covered = {};
    return 0;
  }
  return kInvalid;
}

int sync_all() {
  int result = 0;
  const Hold hold(mounts_mutex);
  for (Mount* m = mounts.front(); m != nullptr; m = mounts.after(*m)) {
    const Hold hold_mount(m->mutex);
    const int each = m->files.sync();
    if (each < 0) result = each;
  }
  return result;
}

}  // namespace hvlab::kernel
