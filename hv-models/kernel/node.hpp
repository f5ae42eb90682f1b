// A file, folder or device, wherever it is kept. Results below 0 are Errors (error.hpp).
#pragma once

#include "hv-models/kernel/error.hpp"
#include "hv-models/kernel/reference.hpp"

namespace hvlab::kernel {

class OpenFile;

inline constexpr size_t kLongestName = 59;

enum class NodeKind : u8 { File, Folder, CharacterDevice, BlockDevice };

/// An entry of a folder.
struct FolderEntry {
  char name[kLongestName + 1];
  u64 number;
  NodeKind kind;
};

class Node : public Counted {
 public:
  explicit Node(NodeKind node_kind) : kind(node_kind) {}
  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  const NodeKind kind;
  Ref<Node> mounted;  // what is seen in its place (mounts.hpp)

  virtual u64 number() const { return reinterpret_cast<u64>(this) >> 4; }
  /// What is below it is to be looked at only, and is another node at each look.
  virtual bool is_read_only() const { return false; }
  virtual u64 size() { return 0; }

  // Bytes. The count that was read or written: less than asked for at the end only.
  virtual i64 read_at(u64, void*, size_t) { return kIsFolder; }
  virtual i64 write_at(u64, const void*, size_t) { return kIsFolder; }
  virtual int truncate() { return kInvalid; }
  /// Has everything written reach the medium.
  virtual int sync() { return 0; }
  /// Sets the file that open() gives; leaves it empty for an ordinary one with a position.
  virtual int open(Ref<OpenFile>&) { return 0; }

  // Folders. A name holds no '/' and is none of "", "." and "..".
  virtual int look_up(const char*, Ref<Node>&) { return kNotFolder; }
  virtual int create(const char*, NodeKind, Ref<Node>&) { return kNotFolder; }
  /// Files, and folders without entries.
  virtual int remove(const char*, NodeKind) { return kNotFolder; }
  /// The entry at `index`, or kNoEntry past the last.
  virtual int entry(u64, FolderEntry&) { return kNotFolder; }
};

}  // namespace hvlab::kernel
