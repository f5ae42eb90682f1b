// Kernel files of all kinds: each is loaded inside RAM, or refused with a UserError.
#include "boot/sample_images.hpp"
#include "fuzz.hpp"
#include "sim/base/check.hpp"
#include "sim/base/user_error.hpp"
#include "sim/boot/bzimage.hpp"
#include "sim/boot/load.hpp"
#include "sim/boot/multiboot1.hpp"
#include "sim/boot/pvh.hpp"
#include "sim/boot/vmlinux_extract.hpp"

using namespace hvlab;
using namespace hvlab::boot;

namespace {

constexpr u64 kRam = 64 << 20;

struct Ram final : LoadTarget {
  void write(u64 address, std::span<const u8> bytes) override {
    HVLAB_CHECK(address <= kRam && bytes.size() <= kRam - address);
  }
};

template <class F>
void refused_or(F load) {
  try {
    load();
  } catch (const UserError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, size_t size) {
  BootRequest request;
  request.kernel = {"kernel", {data, data + size}, ""};
  request.initrds = {{"initrd", {1, 2, 3}, ""}};
  kernel_kind(request.kernel.bytes);
  for (auto* load : {&load_bzimage, &load_pvh, &load_multiboot1}) {
    refused_or([&] {
      Ram ram;
      Placement placement(memory_map(kRam), ram);
      load(request, placement);
    });
  }
  if (is_bzimage(request.kernel.bytes)) refused_or([&] { extract_vmlinux(request.kernel); });
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(u8* data, size_t size, size_t most, unsigned seed) {
  static const std::vector<std::vector<u8>> samples = {
      sample::bzimage({0x1F, 0x8B, 8, 0, 0, 0, 0, 0}), sample::elf64({0xF4}, 0x100'0000, 0x100'0000),
      sample::elf32_multiboot(3, 0x10'0000), sample::elf32_multiboot(0x1'0003, 0x10'0000)};
  return fuzz::mutate(data, size, most, seed, samples);
}
