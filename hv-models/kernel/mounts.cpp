#include "hv-models/kernel/mounts.hpp"

#include "hv-models/kernel/list.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/mutex.hpp"
#include "hv-models/kernel/read_only.hpp"

namespace hvlab::kernel {
namespace {

using runtime::Hold;

struct BoundTag {};
struct Bound : Link<BoundTag> {
  Ref<Node> covered;  // a disk's node, or a view of one, lives only as long as somebody holds it
};

runtime::SpinLock pointers_lock;
Mutex bounds_mutex;
List<Bound, BoundTag> bounds;

}  // namespace

Ref<Node> over(Node& node) {
  const Hold hold(pointers_lock);
  return node.mounted;
}

void put_over(Node& node, const Ref<Node>& what) {
  Ref<Node> old;  // let go of without the lock
  const Hold hold(pointers_lock);
  old = node.mounted;
  node.mounted = what;
}

int bind(const Ref<Node>& source, const Ref<Node>& at, bool to_read) {
  if (source.get() == at.get()) return kBusy;
  if (at->is_read_only()) return kReadOnly;
  if ((source->kind == NodeKind::Folder) != (at->kind == NodeKind::Folder))
    return at->kind == NodeKind::Folder ? kIsFolder : kNotFolder;
  const Ref<Node> shown = to_read ? read_only(source) : source;
  Bound* bound = new (std::nothrow) Bound;
  if (!shown || bound == nullptr) {
    delete bound;
    return kNoMemory;
  }
  bound->covered = at;
  const Hold hold(bounds_mutex);
  bounds.push_back(*bound);
  put_over(*at, shown);
  return 0;
}

int unbind(const Ref<Node>& covered) {
  const Hold hold(bounds_mutex);
  Bound* bound = bounds.front();
  while (bound != nullptr && bound->covered.get() != covered.get()) bound = bounds.after(*bound);
  if (bound == nullptr) return kInvalid;
  bounds.remove(*bound);
  delete bound;  // the caller holds `covered`
  put_over(*covered, {});
  return 0;
}

}  // namespace hvlab::kernel
