// What a machine is made of: plain data, filled in by the command line or a scenario.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/base/types.hpp"
#include "sim/timing/profile.hpp"

namespace hvlab::board {

enum class DiskInterface : u8 { Virtio, Ide };

struct DiskConfig {
  std::string file;                  // raw image
  std::string profile = "ssd-sata";  // timing: a file in profiles/disk/
  DiskInterface interface = DiskInterface::Virtio;
  bool persist = false;  // writes reach the file; otherwise they last as long as the machine
};

/// A CD drive, on the second IDE channel, with a disc in it.
struct CdromConfig {
  std::string file;                 // sectors of 2048 bytes
  std::string profile = "dvd-rom";  // timing: a file in profiles/disk/
};

enum class NicModel : u8 { Virtio, E1000 };
enum class NetBackend : u8 {
  None,  // a cable that is not plugged in
  Peer,  // the simulated, deterministic other end
  User,  // the host's network: convenient, not reproducible
};

struct NicConfig {
  NicModel model = NicModel::Virtio;
  NetBackend backend = NetBackend::Peer;
  std::string link_profile = "ethernet-1g";  // a file in profiles/link/
};

inline constexpr unsigned kMaxProcessors = 8;
inline constexpr size_t kMaxDisks = 8;
inline constexpr size_t kMaxIdeDisks = 4;
inline constexpr size_t kMaxNics = 4;

/// A named file of the firmware configuration interface.
struct FirmwareFile {
  std::string name;
  std::vector<u8> bytes;
};

/// A PC that starts in its firmware; otherwise the board is left as firmware leaves it, and its owner puts a
/// program into memory.
struct FirmwareConfig {
  std::vector<u8> rom;  // empty: none; else a multiple of 64 KiB, at most 8 MiB
  std::vector<FirmwareFile> files;
  bool disks_first = false;  // it boots from disks before the CD
};

struct MachineConfig {
  std::string profile = "amd-zen2";
  timing::CostOverrides costs;  // figures other than the profile's
  timing::Accuracy accuracy = timing::Accuracy::Approximate;
  unsigned processors = 1;      // 1 .. kMaxProcessors
  u64 memory = u64{512} << 20;  // bytes, a multiple of 4096, as board::Ram allows
  std::vector<DiskConfig> disks;
  std::optional<CdromConfig> cdrom;
  std::vector<NicConfig> nics;
  FirmwareConfig firmware;
  bool debug_exit = false;        // a write to port F4h ends the run
  i64 rtc_start = 1'704'067'200;  // seconds since 1970: 2024-01-01 00:00:00 UTC
  u64 seed = 1;                   // of every random number a guest can see
  u64 slice = 10'000;             // cycles a processor runs before the next one's turn
  u64 code_cache = 96 << 20;      // bytes of decoded code that are kept; nothing simulated depends on it
};

}  // namespace hvlab::board
