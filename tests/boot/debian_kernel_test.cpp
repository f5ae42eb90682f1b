// Would catch: what a real image does and the small ones of the other tests do not. Debian's kernel, as
// `workloads/fetch kernel` leaves it in the cache; skipped (status 77) where it is not.
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "fake_memory.hpp"
#include "sim/boot/bzimage.hpp"
#include "sim/boot/image_file.hpp"
#include "sim/boot/pvh.hpp"
#include "sim/boot/vmlinux_extract.hpp"
#include "sim/observe/linux_view.hpp"

using namespace hvlab;
using namespace hvlab::boot;

namespace {

constexpr u64 kRam = u64{512} << 20;

ImageFile debian_kernel() {
  const std::string path = cache_folder() + "/debian/kernel/vmlinuz";
  if (!std::filesystem::exists(path)) {
    std::cerr << "skipped: no " << path << "; run workloads/fetch kernel\n";
    std::exit(77);
  }
  return {"vmlinuz", read_file(path, "kernel"), ""};
}

}  // namespace

TEST_CASE("Debian's bzImage loads by the 32-bit boot protocol") {
  BootRequest request;
  request.kernel = debian_kernel();
  request.initrds = {{"initrd", std::vector<u8>(50 << 20, 1), ""}};
  FakeMemory memory(kRam);
  Placement placement(memory_map(kRam), memory);
  const EntryState state = load_bzimage(request, placement);
  CHECK(state.eip == 0x100'0000);
  const u64 initrd = memory.get<u32>(state.esi + 0x218);
  CHECK(initrd >
        0x100'0000 + memory.get<u32>(state.esi + 0x260));  // beyond what the kernel unpacks itself into
  CHECK(initrd + (50 << 20) <= kRam - kTableBytes);
}

TEST_CASE("the kernel in it has a PVH entry, symbols, processes and system calls") {
  BootRequest request;
  request.kernel = debian_kernel();
  request.kernel.bytes = cached_vmlinux(request.kernel);
  FakeMemory memory(kRam);
  Placement placement(memory_map(kRam), memory);
  const EntryState state = load_pvh(request, placement);
  auto view = observe::LinuxView::from_vmlinux(request.kernel.bytes);
  REQUIRE(view);
  CHECK(view->symbols().symbols().size() > 50'000);
  const u64 text = view->symbols().address_of("_text").value();
  CHECK(view->symbols().address_of("pvh_start_xen").value() - text + 0x100'0000 == state.eip);
  CHECK(view->system_call_name(0) == "read");
  CHECK(view->system_call_name(59) == "execve");
  CHECK(view->system_call_name(257) == "openat");
  CHECK(view->system_call_name(435) == "clone3");
  CHECK(view->locate(view->symbols().address_of("entry_SYSCALL_64").value()));
  bool asked = false;
  view->current_process(0, [&](u64, void*, size_t) { return !(asked = true); });
  CHECK(asked);  // the members of task_struct were found
}
