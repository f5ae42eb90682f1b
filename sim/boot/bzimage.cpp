#include "sim/boot/bzimage.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "sim/base/bits.hpp"
#include "sim/base/user_error.hpp"

namespace hvlab::boot {
namespace {

// Offsets in the image, and alike in boot_params (boot.rst, zero-page.rst).
constexpr size_t kSetupSectors = 0x1F1, kBootFlag = 0x1FE, kJumpLength = 0x201, kMagic = 0x202,
                 kVersion = 0x206, kTypeOfLoader = 0x210, kLoadFlags = 0x211, kCode32Start = 0x214,
                 kRamdiskImage = 0x218, kRamdiskSize = 0x21C, kCommandLine = 0x228, kInitrdMax = 0x22C,
                 kAlignment = 0x230, kRelocatable = 0x234, kCommandLineSize = 0x238, kPayloadOffset = 0x248,
                 kPayloadLength = 0x24C, kPreferredAddress = 0x258, kInitSize = 0x260, kHeaderEnd = 0x268;
// boot_params only.
constexpr size_t kExtMemoryK = 0x002, kRsdp = 0x070, kAltMemoryK = 0x1E0, kE820Entries = 0x1E8,
                 kE820Table = 0x2D0;
constexpr size_t kE820EntryBytes = 20, kE820Most = 128;
constexpr u64 kOneMiB = 0x10'0000;

template <typename T>
T get(std::span<const u8> from, size_t offset) {
  T value;
  std::memcpy(&value, from.data() + offset, sizeof value);
  return value;
}

using BootParams = std::vector<u8>;

template <typename T>
void put(BootParams& to, size_t offset, T value) {
  std::memcpy(to.data() + offset, &value, sizeof value);
}

/// boot.rst, "Loading The Rest of The Kernel": where the protected-mode part goes.
u64 load_address(const BzImage& image) {
  return image.relocatable && image.preferred_address >= kOneMiB ? image.preferred_address : kOneMiB;
}

/// Takes the memory the kernel needs until it can read the memory map: from where it is loaded to where its
/// unpacked self ends.
u64 place_kernel(const BzImage& image, const std::string& name, Placement& placement) {
  const u64 address = load_address(image);
  u64 end = address + image.kernel.size();
  if (image.init_bytes != 0)
    end = std::max(end, std::max(address, image.preferred_address) + image.init_bytes);
  placement.reserve(address, end - address, "kernel '" + name + "' with the memory it unpacks itself into");
  placement.target().write(address, image.kernel);
  return address;
}

void describe_memory(BootParams& params, const std::vector<MemoryRange>& map) {
  const size_t count = std::min(map.size(), kE820Most);
  params[kE820Entries] = static_cast<u8>(count);
  for (size_t i = 0; i < count; ++i) {
    put<u64>(params, kE820Table + i * kE820EntryBytes, map[i].address);
    put<u64>(params, kE820Table + i * kE820EntryBytes + 8, map[i].bytes);
    put<u32>(params, kE820Table + i * kE820EntryBytes + 16, static_cast<u32>(map[i].type));
    if (map[i].address == kOneMiB) {
      put<u32>(params, kAltMemoryK, static_cast<u32>(map[i].bytes >> 10));
      put<u16>(params, kExtMemoryK, static_cast<u16>(std::min<u64>(map[i].bytes >> 10, 0xFFFF)));
    }
  }
}

void load_initrd(const BootRequest& request, const BzImage& image, Placement& placement, BootParams& params) {
  if (request.initrds.empty()) return;
  const std::vector<u8> initrd = join_initrds(request.initrds);
  const u64 address = placement.take_highest(std::min<u64>(image.initrd_max + 1, kHighRamStart),
                                             initrd.size(), 4096, "the initrd");
  placement.target().write(address, initrd);
  put<u32>(params, kRamdiskImage, static_cast<u32>(address));
  put<u32>(params, kRamdiskSize, static_cast<u32>(initrd.size()));
}

}  // namespace

std::vector<u8> join_initrds(const std::vector<ImageFile>& initrds) {
  std::vector<u8> joined;
  for (const ImageFile& each : initrds) {
    joined.resize(align_up(joined.size(), 4));
    joined.insert(joined.end(), each.bytes.begin(), each.bytes.end());
  }
  if (joined.size() >= kHighRamStart) throw UserError("the initrds together are larger than 4 GiB");
  return joined;
}

bool is_bzimage(std::span<const u8> file) {
  return file.size() >= kMagic + 4 && std::memcmp(file.data() + kMagic, "HdrS", 4) == 0;
}

BzImage parse_bzimage(std::span<const u8> file, const std::string& name) {
  const auto fail = [&](const std::string& why) { return UserError("kernel '" + name + "': " + why); };
  if (!is_bzimage(file) || file.size() < kHeaderEnd)
    throw fail("not a Linux bzImage, or cut off in its header");
  if (get<u16>(file, kBootFlag) != 0xAA55) throw fail("the setup header lacks its boot flag (AA55h)");
  BzImage image;
  image.version = get<u16>(file, kVersion);
  if (image.version < 0x0202) throw fail("its boot protocol is older than 2.02");
  if ((file[kLoadFlags] & 1) == 0) throw fail("a zImage, which loads low; HVLab loads bzImages");
  const u64 sectors = file[kSetupSectors] == 0 ? 4 : file[kSetupSectors];
  image.setup_bytes = (sectors + 1) * 512;
  if (image.setup_bytes < kHeaderEnd || file.size() <= image.setup_bytes)
    throw fail("cut off in its setup code");
  image.kernel = file.subspan(image.setup_bytes);
  image.initrd_max = image.version >= 0x0203 ? get<u32>(file, kInitrdMax) : 0x37FF'FFFF;
  image.alignment = image.version >= 0x0205 ? get<u32>(file, kAlignment) : 0;
  image.relocatable = image.version >= 0x0205 && file[kRelocatable] != 0;
  image.command_line_max = image.version >= 0x0206 ? get<u32>(file, kCommandLineSize) : 255;
  if (image.version >= 0x0208) {
    const u64 offset = get<u32>(file, kPayloadOffset), length = get<u32>(file, kPayloadLength);
    if (offset > image.kernel.size() || length > image.kernel.size() - offset) {
      throw fail("truncated: its compressed kernel goes beyond the end of the file");
    }
    image.payload = image.kernel.subspan(offset, length);
  }
  if (image.version >= 0x020A) {
    image.preferred_address = get<u64>(file, kPreferredAddress);
    image.init_bytes = get<u32>(file, kInitSize);
    if (image.preferred_address >= kHighRamStart) throw fail("it wants to run above 4 GiB");
  }
  return image;
}

EntryState load_bzimage(const BootRequest& request, Placement& placement) {
  const BzImage image = parse_bzimage(request.kernel.bytes, request.kernel.name);
  if (request.command_line.size() > image.command_line_max) {
    throw UserError("the kernel command line has " + std::to_string(request.command_line.size()) +
                    " characters; this kernel takes at most " + std::to_string(image.command_line_max));
  }
  const std::span<const u8> file(request.kernel.bytes);
  BootParams params(4096);
  const size_t header_end =
      std::min<size_t>(kMagic + file[kJumpLength], 0x290);  // boot.rst, 32-bit boot protocol
  std::copy_n(file.begin() + kSetupSectors, header_end - kSetupSectors, params.begin() + kSetupSectors);

  EntryState state;
  const u64 address = place_kernel(image, request.kernel.name, placement);
  load_initrd(request, image, placement, params);
  params[kTypeOfLoader] = 0xFF;  // a loader without a number of its own
  put<u32>(params, kCode32Start, static_cast<u32>(address));
  put<u32>(params, kCommandLine, placement.store_text(request.command_line, "the kernel command line"));
  describe_memory(params, placement.map());
  if (image.version >= 0x020E) put<u64>(params, kRsdp, request.rsdp);
  state.esi = placement.store(params, 4096, "the boot parameters");
  state.eip = static_cast<u32>(address);
  store_gdt(placement, state);
  return state;
}

}  // namespace hvlab::boot
