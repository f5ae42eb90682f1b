#include "hv-models/kernel/steal_time.hpp"

#include "hv-models/hypervisor/abi.hpp"
#include "hv-models/kernel/device_files.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/node.hpp"
#include "hv-models/runtime/hypercall.hpp"
#include "hv-models/runtime/memory_functions.hpp"
#include "hv-models/runtime/memory_layout.hpp"
#include "hv-models/runtime/print.hpp"
#include "hv-models/runtime/processors.hpp"

namespace hvlab::kernel {
namespace {

using hypervisor::StealPage;

// The hypervisor writes into them whenever a processor goes on.
alignas(64) volatile StealPage pages[runtime::kMostProcessors];
bool shared = false;

size_t describe(unsigned processor, char* to, size_t size) {
  const volatile StealPage& page = pages[processor];
  return runtime::format_text(to, size, "processor=%u ready=%lu co-stopped=%lu\n", processor, page.ready,
                              page.co_stopped);
}

class StealNode final : public Node {
 public:
  StealNode() : Node(NodeKind::CharacterDevice) {}
  i64 read_at(u64 at, void* to, size_t bytes) override {
    char text[runtime::kMostProcessors * 80];
    size_t length = 0;
    for (unsigned i = 0; shared && i < runtime::processor_count(); ++i)
      length += describe(i, text + length, sizeof text - length);
    if (at >= length) return 0;
    if (bytes > length - at) bytes = length - at;
    memcpy(to, text + at, bytes);
    return static_cast<i64>(bytes);
  }
};

}  // namespace

void join_steal_time() {
  if ((runtime::hypervisor_features() & hypervisor::kHasStealTime) == 0) return;
  const volatile StealPage& page = pages[runtime::this_processor().index];
  const u64 address = runtime::physical(const_cast<const StealPage*>(&page));
  if (runtime::hypercall(static_cast<u64>(hypervisor::Call::StealTime), address) == 0) shared = true;
}

void make_steal_device() { add_device_file("steal", Ref<Node>::take(new (std::nothrow) StealNode)); }

void report_steal_time() {
  for (unsigned i = 0; shared && i < runtime::processor_count(); ++i) {
    char line[80];
    describe(i, line, sizeof line);
    runtime::print("HVLAB steal %s", line);
  }
}

}  // namespace hvlab::kernel
