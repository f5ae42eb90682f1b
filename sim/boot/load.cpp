#include "sim/boot/load.hpp"

#include "sim/base/user_error.hpp"
#include "sim/boot/acpi.hpp"
#include "sim/boot/bios_area.hpp"
#include "sim/boot/bzimage.hpp"
#include "sim/boot/decompress.hpp"
#include "sim/boot/image_file.hpp"
#include "sim/boot/multiboot1.hpp"
#include "sim/boot/placement.hpp"
#include "sim/boot/platform.hpp"
#include "sim/boot/pvh.hpp"
#include "sim/boot/smbios.hpp"
#include "sim/boot/vmlinux_extract.hpp"
#include "sim/observe/elf.hpp"

namespace hvlab::boot {
namespace {

constexpr u64 kLargestKernel = u64{1} << 30;

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

ImageFile read_kernel(const BootSetup& setup, KernelKind& kind) {
  ImageFile kernel{base_name(setup.kernel), read_file(setup.kernel, "kernel"), ""};
  if (detect_compression(kernel.bytes) == Compression::Gzip) {
    kernel.bytes =
        decompress(Compression::Gzip, kernel.bytes, kLargestKernel, "kernel '" + setup.kernel + "'");
  }
  kind = kernel_kind(kernel.bytes);
  if (kind == KernelKind::Unknown) {
    if (observe::is_elf(kernel.bytes)) observe::parse_elf(kernel.bytes, "kernel '" + setup.kernel + "'");
    throw UserError(
        "kernel '" + setup.kernel +
        "' is neither a Linux bzImage, nor an ELF file with a PVH entry note, nor a multiboot image");
  }
  if (kind == KernelKind::BzImage && setup.entry == Entry::Pvh) {
    kernel.bytes = cached_vmlinux(kernel);
    kind = KernelKind::Pvh;
  }
  return kernel;
}

/// Multiboot modules are "FILE args".
ImageFile read_initrd(const std::string& text, KernelKind kind) {
  const size_t space = kind == KernelKind::Multiboot1 ? text.find(' ') : std::string::npos;
  const std::string path = text.substr(0, space);
  ImageFile file{base_name(path), read_file(path, kind == KernelKind::Multiboot1 ? "module" : "initrd"), ""};
  if (space != std::string::npos) file.arguments = text.substr(space + 1);
  return file;
}

}  // namespace

KernelKind kernel_kind(std::span<const u8> file) {
  if (is_bzimage(file)) return KernelKind::BzImage;
  if (find_multiboot_header(file)) return KernelKind::Multiboot1;
  if (!observe::is_elf(file)) return KernelKind::Unknown;
  try {
    return pvh_entry(observe::parse_elf(file, "kernel")) ? KernelKind::Pvh : KernelKind::Unknown;
  } catch (const UserError&) {
    return KernelKind::Unknown;
  }
}

const char* name(KernelKind kind) {
  switch (kind) {
    case KernelKind::BzImage: return "bzImage";
    case KernelKind::Pvh: return "ELF with PVH entry";
    case KernelKind::Multiboot1: return "multiboot";
    case KernelKind::Unknown: break;
  }
  return "unknown";
}

BootResult load(const BootSetup& setup, LoadTarget& target) {
  if (setup.processors < 1 || setup.processors > kMostProcessors) {
    throw UserError("a machine has 1 to " + std::to_string(kMostProcessors) + " processors, not " +
                    std::to_string(setup.processors));
  }
  Placement placement(memory_map(setup.ram_bytes), target);
  BootResult result;
  BootRequest request;
  request.kernel = read_kernel(setup, result.kind);
  for (const std::string& each : setup.initrds) request.initrds.push_back(read_initrd(each, result.kind));
  for (const std::string& each : setup.modules) {
    if (result.kind == KernelKind::BzImage)
      throw UserError("--module '" + each + "': a bzImage takes no modules; --initrd may be repeated");
    auto& list = result.kind == KernelKind::Pvh ? request.modules : request.initrds;
    list.push_back({base_name(each), read_file(each, "module"), ""});
  }
  request.command_line = setup.command_line;
  write_bios_area(target);
  write_smbios({setup.processors, setup.ram_bytes}, target);
  request.rsdp = write_acpi_tables({setup.processors, setup.ram_bytes}, target);
  switch (result.kind) {
    case KernelKind::BzImage: result.state = load_bzimage(request, placement); break;
    case KernelKind::Pvh: result.state = load_pvh(request, placement); break;
    default: result.state = load_multiboot1(request, placement); break;
  }
  return result;
}

std::vector<u8> linux_symbols_file(const std::string& kernel) {
  try {
    ImageFile file{base_name(kernel), read_file(kernel, "kernel"), ""};
    switch (kernel_kind(file.bytes)) {
      case KernelKind::BzImage: return cached_vmlinux(file);
      case KernelKind::Pvh: return std::move(file.bytes);
      default: return {};
    }
  } catch (const UserError&) {
    return {};
  }
}

}  // namespace hvlab::boot
