#include "hv-models/kernel/memory_files.hpp"

#include "hv-models/kernel/list.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/mounts.hpp"
#include "hv-models/kernel/mutex.hpp"

namespace hvlab::kernel {
namespace {

using runtime::Hold;

// Pages by their place in the file, in two steps: 512 pages of 512 pointers to pages, at most 1 GiB.
class MemoryFile final : public Node {
 public:
  MemoryFile() : Node(NodeKind::File) {}
  ~MemoryFile() override { drop(); }
  u64 size() override { return size_; }
  i64 read_at(u64 offset, void* to, size_t bytes) override;
  i64 write_at(u64 offset, const void* from, size_t bytes) override;
  int truncate() override {
    const Hold hold(mutex_);
    drop();
    return 0;
  }

 private:
  static constexpr u64 kPointers = kPageBytes / sizeof(u8*);
  static constexpr u64 kLargest = kPointers * kPointers * kPageBytes;
  u8* page(u64 offset, bool create);
  void drop();

  Mutex mutex_;
  u8*** index_ = nullptr;
  u64 size_ = 0;
};

u8* MemoryFile::page(u64 offset, bool create) {
  const u64 number = offset / kPageBytes;
  if (index_ == nullptr && create) index_ = static_cast<u8***>(allocate_zeroed_page());
  if (index_ == nullptr) return nullptr;
  u8**& second = index_[number / kPointers];
  if (second == nullptr && create) second = static_cast<u8**>(allocate_zeroed_page());
  if (second == nullptr) return nullptr;
  u8*& found = second[number % kPointers];
  if (found == nullptr && create) found = static_cast<u8*>(allocate_zeroed_page());
  return found;
}

void MemoryFile::drop() {
  for (u64 i = 0; index_ != nullptr && i < kPointers; ++i) {
    for (u64 j = 0; index_[i] != nullptr && j < kPointers; ++j) free_pages(index_[i][j]);
    free_pages(static_cast<void*>(index_[i]));
  }
  free_pages(static_cast<void*>(index_));
  index_ = nullptr;
  size_ = 0;
}

i64 MemoryFile::read_at(u64 offset, void* to, size_t bytes) {
  const Hold hold(mutex_);
  if (offset >= size_) return 0;
  if (bytes > size_ - offset) bytes = size_ - offset;
  for (size_t done = 0; done < bytes;) {
    const u64 at = (offset + done) % kPageBytes;
    const size_t part = bytes - done < kPageBytes - at ? bytes - done : kPageBytes - at;
    const u8* from = page(offset + done, false);
    if (from != nullptr) {
      memcpy(static_cast<u8*>(to) + done, from + at, part);
    } else {
      memset(static_cast<u8*>(to) + done, 0, part);
    }
    done += part;
  }
  return static_cast<i64>(bytes);
}

i64 MemoryFile::write_at(u64 offset, const void* from, size_t bytes) {
  const Hold hold(mutex_);
  if (offset > kLargest || bytes > kLargest - offset) return kNoSpace;
  size_t done = 0;
  while (done < bytes) {
    const u64 at = (offset + done) % kPageBytes;
    const size_t part = bytes - done < kPageBytes - at ? bytes - done : kPageBytes - at;
    u8* to = page(offset + done, true);
    if (to == nullptr) break;
    memcpy(to + at, static_cast<const u8*>(from) + done, part);
    done += part;
  }
  if (offset + done > size_) size_ = offset + done;
  return done > 0 || bytes == 0 ? static_cast<i64>(done) : i64{kNoSpace};
}

struct EntryTag {};
struct Entry : Link<EntryTag> {
  char name[kLongestName + 1];
  Ref<Node> node;
};

class MemoryFolder final : public Node {
 public:
  MemoryFolder() : Node(NodeKind::Folder) {}
  ~MemoryFolder() override {
    while (Entry* entry = entries_.pop_front()) delete entry;
  }
  int look_up(const char* name, Ref<Node>& found) override;
  int create(const char* name, NodeKind wanted, Ref<Node>& made) override;
  int remove(const char* name, NodeKind wanted) override;
  int entry(u64 index, FolderEntry& to) override;
  int add(const char* name, const Ref<Node>& node);

 private:
  Entry* find(const char* name);
  Mutex mutex_;
  List<Entry, EntryTag> entries_;
};

Entry* MemoryFolder::find(const char* name) {
  for (Entry* e = entries_.front(); e != nullptr; e = entries_.after(*e)) {
    if (strcmp(e->name, name) == 0) return e;
  }
  return nullptr;
}

int MemoryFolder::look_up(const char* name, Ref<Node>& found) {
  const Hold hold(mutex_);
  Entry* entry = find(name);
  if (entry == nullptr) return kNoEntry;
  found = entry->node;
  return 0;
}

int MemoryFolder::add(const char* name, const Ref<Node>& node) {
  const size_t length = strlen(name);
  if (length > kLongestName) return kNameTooLong;
  const Hold hold(mutex_);
  if (find(name) != nullptr) return kExists;
  Entry* entry = new (std::nothrow) Entry;
  if (entry == nullptr) return kNoMemory;
  memcpy(entry->name, name, length + 1);
  entry->node = node;
  entries_.push_back(*entry);
  return 0;
}

int MemoryFolder::create(const char* name, NodeKind wanted, Ref<Node>& made) {
  Node* node = nullptr;
  if (wanted == NodeKind::Folder) {
    node = new (std::nothrow) MemoryFolder;
  } else {
    node = new (std::nothrow) MemoryFile;
  }
  made = Ref<Node>::take(node);
  return made ? add(name, made) : int{kNoMemory};
}

int MemoryFolder::remove(const char* name, NodeKind wanted) {
  Ref<Node> last;  // freed without the lock: it may be a large file
  const Hold hold(mutex_);
  Entry* entry = find(name);
  if (entry == nullptr) return kNoEntry;
  const bool folder = entry->node->kind == NodeKind::Folder;
  if (folder != (wanted == NodeKind::Folder)) return folder ? kIsFolder : kNotFolder;
  if (over(*entry->node)) return kBusy;
  FolderEntry any;
  if (folder && entry->node->entry(0, any) == 0) return kNotEmpty;
  last = entry->node;
  entries_.remove(*entry);
  delete entry;
  return 0;
}

int MemoryFolder::entry(u64 index, FolderEntry& to) {
  const Hold hold(mutex_);
  Entry* e = entries_.front();
  for (; e != nullptr && index > 0; --index) e = entries_.after(*e);
  if (e == nullptr) return kNoEntry;
  memcpy(to.name, e->name, sizeof to.name);
  to.number = e->node->number();
  to.kind = e->node->kind;
  return 0;
}

}  // namespace

Ref<Node> make_memory_folder() { return Ref<Node>::take(new (std::nothrow) MemoryFolder); }

int add_to_memory_folder(Node& folder, const char* name, const Ref<Node>& node) {
  return static_cast<MemoryFolder&>(folder).add(name, node);
}

}  // namespace hvlab::kernel
