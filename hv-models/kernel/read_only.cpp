#include "hv-models/kernel/read_only.hpp"

#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/mounts.hpp"

namespace hvlab::kernel {
namespace {

// Devices stay as they are: what writing means there is theirs to say.
class ReadOnlyNode final : public Node {
 public:
  explicit ReadOnlyNode(const Ref<Node>& node) : Node(node->kind), node_(node) {}
  u64 number() const override { return node_->number(); }
  u64 size() override { return node_->size(); }
  i64 read_at(u64 offset, void* to, size_t bytes) override { return node_->read_at(offset, to, bytes); }
  i64 write_at(u64, const void*, size_t) override { return kReadOnly; }
  int truncate() override { return kReadOnly; }
  int sync() override { return node_->sync(); }
  bool is_read_only() const override { return true; }
  int look_up(const char* name, Ref<Node>& found) override {
    Ref<Node> below;
    if (const int result = node_->look_up(name, below); result < 0) return result;
    while (const Ref<Node> above = over(*below)) below = above;
    found = read_only(below);
    return found ? 0 : int{kNoMemory};
  }
  int create(const char* name, NodeKind, Ref<Node>&) override {
    Ref<Node> there;
    return node_->look_up(name, there) == 0 ? kExists : kReadOnly;
  }
  int remove(const char*, NodeKind) override { return kReadOnly; }
  int entry(u64 index, FolderEntry& to) override { return node_->entry(index, to); }

 private:
  Ref<Node> node_;
};

}  // namespace

Ref<Node> read_only(const Ref<Node>& node) {
  if (node->is_read_only() || (node->kind != NodeKind::File && node->kind != NodeKind::Folder)) return node;
  return Ref<Node>::take(new (std::nothrow) ReadOnlyNode(node));
}

}  // namespace hvlab::kernel
