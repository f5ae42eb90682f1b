#include "hv-models/kernel/device_files.hpp"

#include "hv-models/kernel/console.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/memory_files.hpp"
#include "hv-models/kernel/path.hpp"
#include "hv-models/kernel/process.hpp"
#include "hv-models/kernel/scheduler.hpp"
#include "hv-models/runtime/panic.hpp"

namespace hvlab::kernel {
namespace {

class Console final : public OpenFile {
 public:
  i64 read(void* to, size_t bytes) override { return read_console(static_cast<char*>(to), bytes); }
  i64 write(const void* from, size_t bytes) override {
    write_console(static_cast<const char*>(from), bytes);
    return static_cast<i64>(bytes);
  }
  bool is_terminal() const override { return true; }
};

class ConsoleNode final : public Node {
 public:
  ConsoleNode() : Node(NodeKind::CharacterDevice) {}
  int open(Ref<OpenFile>& file) override {
    file = open_console();
    return file ? 0 : int{kNoMemory};
  }
};

class NullNode final : public Node {
 public:
  NullNode() : Node(NodeKind::CharacterDevice) {}
  i64 read_at(u64, void*, size_t) override { return 0; }
  i64 write_at(u64, const void*, size_t bytes) override { return static_cast<i64>(bytes); }
  int truncate() override { return 0; }
};

// /proc/self: the program that the asking process runs.
class SelfFolder final : public Node {
 public:
  SelfFolder() : Node(NodeKind::Folder) {}
  int look_up(const char* name, Ref<Node>& found) override {
    const Process* process = current_process();
    if (strcmp(name, "exe") != 0 || process == nullptr || !process->program) return kNoEntry;
    found = process->program;
    return 0;
  }
  int entry(u64 index, FolderEntry& to) override {
    if (index > 0) return kNoEntry;
    to = {"exe", 1, NodeKind::File};
    return 0;
  }
};

Ref<Node> devices;

}  // namespace

void add_device_file(const char* name, const Ref<Node>& device) {
  if (!device || add_to_memory_folder(*devices, name, device) < 0)
    runtime::panic("cannot make /dev/%s", name);
}

void make_device_files() {
  Ref<Node> processes;
  if (make_node("/dev", NodeKind::Folder, devices) < 0 ||
      make_node("/proc", NodeKind::Folder, processes) < 0) {
    runtime::panic("cannot make /dev and /proc");
  }
  add_device_file("console", Ref<Node>::take(new (std::nothrow) ConsoleNode));
  add_device_file("null", Ref<Node>::take(new (std::nothrow) NullNode));
  Ref<Node> self = Ref<Node>::take(new (std::nothrow) SelfFolder);
  if (!self || add_to_memory_folder(*processes, "self", self) < 0) runtime::panic("cannot make /proc/self");
}

Ref<OpenFile> open_console() { return Ref<OpenFile>::take(new (std::nothrow) Console); }

}  // namespace hvlab::kernel
